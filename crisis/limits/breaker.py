"""The breaker: stops calling an account that does not answer, and finds out by single calls when it is well again.

::

    closed -> open         five failures in a row, or half of what came back lately; at once when misconfigured
    open -> half_open      one call goes through at ``next_try_at``
    half_open -> closed    it was answered (with a standby: for a minute on end)
    half_open -> open      it was not; the next wait is longer

Runbook, when a breaker is open: nothing is lost; deliveries wait, or go through the standby, and the next try comes by itself.
*Misconfigured* means that the provider refuses our credentials: give the account new ones (``crisis accounts connect``),
which also makes the next try come at once. *Silent* for long: look at the provider's own status page, and if the account's
followers must know now, post by hand and mark the delivery as sent by hand.
"""

import random
from datetime import datetime, timedelta

from crisis.limits.models import BreakerState, Flow, Why
from crisis.limits.tally import Tally

IN_A_ROW = 5
"""Failures with no answer between, of calls that began since the last one: when a sender has nothing more to send, those that
time out are the last to end, and follow each other although they began among thousands that were answered. With one call in
fifty failing by chance five in a row happen once in 300 million calls."""
SHARE, LEAST = 0.5, 20.0
"""Of at least so many calls lately: a provider that fails every second call costs more unknown outcomes than it delivers."""
FADE_SECONDS = 2.0
"""Half-life of what came of calls lately: an hour of good answers must not hide the last seconds."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
"""Seconds to the next try: long enough for a restart at the provider, and never more than a minute in a crisis."""
FIRST_REPAIR, LONGEST_REPAIR = 30.0, 300.0
"""The same where a person must mend it: wrong credentials heal by themselves only when a person heals them."""
WELL_SECONDS = 60.0
"""With a standby: how long an account must have been well before its traffic returns, and the least time between two changes
of direction. A minute covers a provider's rolling restart, and costs nothing while the standby delivers."""
PROBE_SECONDS = 5.0
"""Between the single calls of that minute."""


def learn(flow: Flow, tally: Tally, now: datetime, chance: random.Random, *, standby_broken: bool | None) -> None:
    """Move the breaker by what came of calls. ``standby_broken``: ``None`` without a standby.

    Calls that were under way when it opened say nothing new, and while it is open they move nothing.
    """
    if tally.answered:
        flow.answered_at = now
    match flow.state:
        case BreakerState.CLOSED:
            _while_closed(flow, tally, now, chance)
        case BreakerState.HALF_OPEN:
            _while_half_open(flow, tally, now, chance, standby_broken=standby_broken)
        case _:
            pass


def fade(flow: Flow, tally: Tally, now: datetime) -> None:
    """Add a tally to what came of calls lately, and let what was there grow old."""
    age = 0.0 if flow.seen_at is None else max(0.0, (now - flow.seen_at).total_seconds())
    kept = 0.5 ** (age / FADE_SECONDS)
    flow.answered = flow.answered * kept + tally.answered
    flow.throttled = flow.throttled * kept + tally.throttled
    flow.failed = flow.failed * kept + tally.failed
    flow.seen_at = now


def begin_probe(flow: Flow, now: datetime, seconds: float) -> None:
    """One call goes through. If it is not back within ``seconds``, another may try."""
    flow.state, flow.probe_until = BreakerState.HALF_OPEN, now + timedelta(seconds=seconds)


def may_probe(flow: Flow, now: datetime) -> float:
    """Seconds until one call may find out; 0 when it may now."""
    waits = [at for at in (flow.next_try_at, flow.probe_until) if at is not None]
    return max([0.0, *((at - now).total_seconds() for at in waits)])


def mended(flow: Flow, now: datetime) -> None:
    """A person has mended something: try at once."""
    flow.openings, flow.probe_until, flow.next_try_at = 0, None, now


def _while_closed(flow: Flow, tally: Tally, now: datetime, chance: random.Random) -> None:
    if tally.misconfigured:
        _open(flow, Why.MISCONFIGURED, tally, now, chance)
        return
    if tally.answered or tally.throttled:
        flow.failures, flow.failing_since = 0, now if tally.failed else None
    elif tally.failed:
        flow.failures += tally.failed - tally.overlapped
        flow.failing_since = flow.failing_since or now
    if tally.failed and (flow.failures >= IN_A_ROW or _fails_as_often_as_not(flow, now)):
        _open(flow, Why.SILENT, tally, now, chance)


def _fails_as_often_as_not(flow: Flow, now: datetime) -> bool:
    """While there are answers to compare with. What times out after the last of them began among them."""
    lately = flow.answered + flow.throttled + flow.failed
    is_compared = flow.answered_at is None or (now - flow.answered_at).total_seconds() <= 2 * FADE_SECONDS
    return is_compared and lately >= LEAST and flow.failed >= SHARE * lately


def _while_half_open(
    flow: Flow, tally: Tally, now: datetime, chance: random.Random, *, standby_broken: bool | None
) -> None:
    if tally.answered or tally.throttled:
        flow.well_since = flow.well_since or now
        flow.probe_until = None
        well = (now - flow.well_since).total_seconds()
        if standby_broken is False and flow.diverted and well < WELL_SECONDS:
            flow.next_try_at = now + timedelta(seconds=PROBE_SECONDS)
        else:
            _close(flow)
    elif tally.misconfigured:
        _open(flow, Why.MISCONFIGURED, tally, now, chance)
    elif tally.failed:
        _open(flow, Why.SILENT, tally, now, chance)


def _open(flow: Flow, why: Why, tally: Tally, now: datetime, chance: random.Random) -> None:
    if flow.well_since is not None and (now - flow.well_since).total_seconds() >= WELL_SECONDS:
        flow.openings = 0
    first, longest = (FIRST_REPAIR, LONGEST_REPAIR) if why is Why.MISCONFIGURED else (FIRST_PAUSE, LONGEST_PAUSE)
    bound = min(longest, first * 2.0 ** min(flow.openings, 10))
    # Half of it is left to chance, so that many accounts that failed together do not try together.
    flow.next_try_at = now + timedelta(seconds=chance.uniform(bound / 2, bound))
    flow.state, flow.why, flow.openings = BreakerState.OPEN, why, flow.openings + 1
    flow.reason = tally.reason or flow.reason
    flow.failing_since = flow.failing_since or now
    flow.probe_until = flow.well_since = None


def _close(flow: Flow) -> None:
    flow.state, flow.why, flow.reason = BreakerState.CLOSED, None, None
    flow.failing_since = flow.next_try_at = flow.probe_until = None
    flow.failures = 0
    flow.answered = flow.throttled = flow.failed = 0.0
