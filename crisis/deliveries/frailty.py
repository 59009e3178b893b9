"""Frailty: rows that have lost their sender go last, and in ever smaller company, until the one that ends processes is alone.

A row whose sender was lost has mostly nothing to do with it. But a row that makes its sender grow, or crash, would take
hundreds of others with it each time, and the next sender too. Nobody can tell the two apart but by trying.

Runbook: a delivery set aside by this has ended several processes and was then alone in the last one's hands. Look into the
workers' log and the kernel's (out of memory?) at the times of its attempts; mend, and then send it again or drop it.
"""

import math
from typing import NamedTuple

SET_ASIDE = 3
"""After so many times it is a person's: a third process, alone with it, has shown that it is the row."""

LEVEL = "CASE WHEN d.crashes = 0 THEN 0 ELSE 2 * d.crashes - CAST(d.attempts = 0 AS int) END"
"""How frail a delivery ``d`` is, as SQL. What was begun is frailer than what was only held: it is sent again once at most, so
that the next loss makes it a person's, and those beside it too."""


class Frailty(NamedTuple):
    """Levels of rows that may be claimed together, and how many of them at once."""

    least: int
    worst: int
    most: int


def sound(batch: int) -> Frailty:
    """Rows that have never lost their sender: a whole batch."""
    return Frailty(0, 0, batch)


def frail(batch: int) -> tuple[Frailty, ...]:
    """The others, in their order: held by one that was lost, begun by one that was lost, and what two have lost, alone."""
    few = math.isqrt(batch)
    return Frailty(1, 1, few), Frailty(2, 2, math.isqrt(few)), Frailty(3, 1 << 20, 1)
