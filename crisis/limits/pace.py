"""The pace: how many calls an account may have in flight, and how many it may begin in a second.

What a person has set is the ceiling. Below it the pace learns: it is halved when the provider throttles us, and grows again
while it does not. Where the provider's answers say how much of an allowance is used, we slow down before it is used up.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from crisis.channels import Usage
from crisis.limits.models import AccountLimit, Flow
from crisis.limits.tally import Tally

COLD_SECONDS = 30.0
"""After so long without an answer nothing is known of an account."""
COLD_CONCURRENCY = 16
"""Calls in flight while nothing is known: fewer than twenty are lost if the provider is down, and one answer lifts it."""
THROTTLED_SHARE = 0.05
"""Of what came of calls lately. One 429 among hundreds of answers is chance, or another user of the account, and its own
delivery waits; from one in twenty on it is the limit, and the whole account slows down, or waits as long as was asked."""
HALVE_SECONDS = 1.0
"""Between two halvings: calls that were under way at the first say nothing about what it did."""
GROWTH = 0.10
"""Per second without throttling: back where it was seven seconds after being halved."""
FORGET_SECONDS = 300.0
"""Without throttling for so long, what was learned is forgotten."""
LEAST_PER_SECOND = 0.5
BURST_SECONDS = 0.5
"""What a quiet account may save up."""
LONGEST_HOLD = 3600.0
"""The longest wait that is taken from a provider's header: a broken one must not silence an account for a day."""
FULL_HOLD = 60.0
"""When all is used and nothing says until when."""
SLOW_FROM = 0.75
"""Share of an allowance that may be used at full speed."""
_FADE_TIME = 2.0 / math.log(2)  # seconds; what came of calls lately, over this, is the rate


@dataclass(frozen=True, slots=True)
class Room:
    """How many calls may begin now; when none may, the seconds until it is worth asking again."""

    calls: float
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What was set for an account: of its own, or for its channel."""

    concurrency: int | None = None
    per_second: float | None = None

    @classmethod
    def of(cls, limit: AccountLimit | None, fallback: "Ceiling") -> "Ceiling":
        """The account's own, each of them, before its channel's."""
        if limit is None:
            return fallback
        return cls(limit.concurrency or fallback.concurrency, limit.per_second or fallback.per_second)


def is_cold(flow: Flow, now: datetime) -> bool:
    """Nothing is known of the account's provider now."""
    return flow.answered_at is None or (now - flow.answered_at).total_seconds() > COLD_SECONDS


def concurrency(flow: Flow, ceiling: Ceiling, now: datetime) -> int | None:
    """Calls that may be in flight at once; ``None`` for as many as the senders like."""
    given = (ceiling.concurrency, flow.concurrency, COLD_CONCURRENCY if is_cold(flow, now) else None)
    known = [each for each in given if each is not None]
    return max(1, int(min(known))) if known else None


def per_second(flow: Flow, ceiling: Ceiling, now: datetime) -> float | None:
    """Calls that may begin in a second; ``None`` for as many as the senders like."""
    by_usage = flow.usage_per_second if flow.usage_until is not None and now < flow.usage_until else None
    known = [each for each in (ceiling.per_second, flow.per_second, by_usage) if each is not None]
    return min(known) if known else None


def is_free(flow: Flow, ceiling: Ceiling, now: datetime) -> bool:
    """Nothing slows this account down."""
    held = flow.held_until is not None and now < flow.held_until
    return not held and concurrency(flow, ceiling, now) is None and per_second(flow, ceiling, now) is None


def room(flow: Flow, ceiling: Ceiling, in_flight: int, now: datetime) -> Room:
    """How many more may begin. Counts the tokens; takes none."""
    if flow.held_until is not None and now < flow.held_until:
        return Room(0, (flow.held_until - now).total_seconds())
    calls, wait = math.inf, 0.0
    if (most := concurrency(flow, ceiling, now)) is not None and (calls := max(0, most - in_flight)) == 0:
        wait = 0.05  # somebody's call must end first
    if (rate := per_second(flow, ceiling, now)) is not None:
        tokens = _tokens(flow, rate, now)
        if tokens < 1:
            return Room(0, max(wait, (1 - tokens) / rate))
        calls = min(calls, math.floor(tokens))
    return Room(calls, wait)


def take(flow: Flow, ceiling: Ceiling, calls: int, now: datetime) -> None:
    """Take tokens for calls that begin."""
    if (rate := per_second(flow, ceiling, now)) is not None:
        flow.tokens, flow.tokens_at = _tokens(flow, rate, now) - calls, now


def learn(flow: Flow, tally: Tally, now: datetime) -> None:
    """Slow down or grow by what came of calls; what came of them lately counts them already."""
    if tally.usage is not None:
        _heed(flow, tally.usage, now)
    lately = flow.answered + flow.throttled + flow.failed
    if tally.throttled:
        if flow.throttled >= THROTTLED_SHARE * lately:
            if tally.hold:
                until = now + timedelta(seconds=min(tally.hold, LONGEST_HOLD))
                flow.held_until = max(flow.held_until or until, until)
            _halve(flow, tally, lately, now)
    elif tally.answered:
        _grow(flow, now)


def _halve(flow: Flow, tally: Tally, lately: float, now: datetime) -> None:
    if flow.halved_at is not None and (now - flow.halved_at).total_seconds() < HALVE_SECONDS:
        return
    seen = lately / _FADE_TIME
    flow.concurrency = max(1.0, (flow.concurrency or tally.under_way) / 2)
    flow.per_second = max(LEAST_PER_SECOND, min(flow.per_second or math.inf, seen) / 2)
    flow.tokens, flow.tokens_at = 0.0, now
    flow.halved_at = flow.grown_at = now


def _grow(flow: Flow, now: datetime) -> None:
    if flow.concurrency is None and flow.per_second is None:
        return
    if flow.halved_at is None or (now - flow.halved_at).total_seconds() > FORGET_SECONDS:
        flow.concurrency = flow.per_second = None
        return
    seconds = min(1.0, (now - (flow.grown_at or now)).total_seconds())
    flow.grown_at = now
    if flow.concurrency is not None:
        flow.concurrency += seconds * max(1.0, GROWTH * flow.concurrency)
    if flow.per_second is not None:
        flow.per_second += seconds * max(LEAST_PER_SECOND, GROWTH * flow.per_second)


def _heed(flow: Flow, usage: Usage, now: datetime) -> None:
    """What is left of an allowance, spread over the time until it resets; nothing while most of it is left."""
    lasts = min(usage.resets_in or FULL_HOLD, LONGEST_HOLD)
    until = now + timedelta(seconds=lasts)
    if usage.used < SLOW_FROM:
        flow.usage_per_second = flow.usage_until = None
    elif usage.used >= 1 or usage.remaining == 0:
        flow.held_until = max(flow.held_until or until, until)
    else:
        left = 1 - usage.used
        by_share = LEAST_PER_SECOND * left / (1 - SLOW_FROM)  # no count was given: from one in 2 s towards none
        flow.usage_per_second = by_share if usage.remaining is None else usage.remaining / max(1.0, lasts)
        flow.usage_until = until


def _tokens(flow: Flow, rate: float, now: datetime) -> float:
    most = max(1.0, rate * BURST_SECONDS)
    if flow.tokens_at is None:
        return most
    return min(most, flow.tokens + rate * max(0.0, (now - flow.tokens_at).total_seconds()))
