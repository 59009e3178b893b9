"""The retry budget: trying again must not become most of what a troubled provider gets.

Besides the attempts each delivery has, an account's retries are at most a tenth of its first attempts in each minute. One
that was answered is given back: it did what it was for, so a small message gets through as fast as its provider takes it.
"""

from datetime import datetime

from crisis.limits.models import Flow
from crisis.limits.tally import Tally

SHARE = 0.10
"""Of the first attempts of the minute."""
FLOOR = 10
"""Retries in a minute that are always allowed, so that a handful of posts can be tried again at all."""
MINUTE = 60.0
PATIENCE = 5.0
"""Seconds at most until a retry over the budget asks again: one that is answered meanwhile makes room for it."""


def learn(flow: Flow, tally: Tally, now: datetime) -> None:
    """Count what was begun, and give back what was answered."""
    if flow.minute_at is None or (now - flow.minute_at).total_seconds() >= MINUTE:
        flow.minute_at, flow.first_attempts, flow.retries = now, 0, 0
    flow.first_attempts += tally.first
    flow.retries = max(0, flow.retries + tally.retries - tally.retries_answered)


def left(flow: Flow, now: datetime, unwritten: Tally | None = None) -> int:
    """Retries that may begin now, with what this process has not written yet."""
    fresh = flow.minute_at is None or (now - flow.minute_at).total_seconds() >= MINUTE
    first, spent = (0, 0) if fresh else (flow.first_attempts, flow.retries)
    if unwritten is not None:
        first += unwritten.first
        spent += unwritten.retries - unwritten.retries_answered
    return max(0, int(max(FLOOR, SHARE * first)) - max(0, spent))


def wait(flow: Flow, now: datetime) -> float:
    """Seconds until the next minute's budget."""
    return MINUTE if flow.minute_at is None else max(1.0, MINUTE - (now - flow.minute_at).total_seconds())
