"""Ranges: which limits an account may have, and numbers as people write them."""

import math

from crisis.errors import Invalid
from crisis.limits.models import CONCURRENCY_MOST, PER_SECOND_LEAST, PER_SECOND_MOST
from crisis.said import Said


def out_of_range(concurrency: float | None, per_second: float | None) -> list[str]:
    """What is wrong with these limits, each with the range that it takes; nothing where nothing is."""
    problems: list[str] = []
    if concurrency is not None and not (concurrency == concurrency // 1 and 1 <= concurrency <= CONCURRENCY_MOST):
        problems.append(
            Said(
                "concurrency must be a whole number from 1 to {most:,}, not {given:,.15g}.",
                most=CONCURRENCY_MOST,
                given=concurrency,
            )
        )
    if per_second is not None and not PER_SECOND_LEAST <= per_second <= PER_SECOND_MOST:
        problems.append(
            Said(
                "per_second must be from {least:g} to {most:,.0f}, not {given:,.15g}.",
                least=PER_SECOND_LEAST,
                most=PER_SECOND_MOST,
                given=per_second,
            )
        )
    return problems


def read_number(said: str, what: str) -> float:
    """A number as people write it. Raises :class:`Invalid` for words, NaN and infinity."""
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid(Said("{what} must be a number, not {given!r}. Nothing was changed.", what=what, given=said[:40]))
    return number
