"""Frailty: rows that have lost their sender go last, and in ever smaller company, until the one that ends processes is alone.

A row whose sender was lost has mostly nothing to do with it. But a row that makes its sender grow, or crash, would take
hundreds of others with it each time, and the next sender too. Nobody can tell the two apart but by trying.

Runbook: a delivery set aside by this has ended several processes and was then alone in the last one's hands. Look into the
workers' log and the kernel's (out of memory?) at the times of its attempts; mend, and then send it again or drop it.
"""

import math
from typing import NamedTuple

SOUND = 0
"""Times that a row which is beyond suspicion has lost its sender."""
ALONE = 2
"""From so many times on it is claimed alone, so that what it may do meets no other."""
SET_ASIDE = 3
"""After so many times it is a person's: a third process, alone with it, has shown that it is the row."""


class Frailty(NamedTuple):
    """How often rows may have lost their sender to be claimed together, and how many of them at once."""

    least: int
    worst: int
    most: int


def sound(batch: int) -> Frailty:
    """Rows that have never lost their sender: a whole batch."""
    return Frailty(SOUND, SOUND, batch)


def frail(batch: int) -> tuple[Frailty, ...]:
    """The others, in their order: once lost, the square root of a batch; more often, one row by itself."""
    return Frailty(SOUND + 1, ALONE - 1, math.isqrt(batch)), Frailty(ALONE, 32_767, 1)
