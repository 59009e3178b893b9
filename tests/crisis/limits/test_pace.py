"""The pace as a function: ceilings, tokens, halving, growth, and the allowance that answers tell of."""

import math
from datetime import timedelta
from typing import Any

import pytest

from crisis.channels import Throttled, Usage
from crisis.limits import breaker, pace
from crisis.limits.models import AccountLimit, Flow
from crisis.limits.pace import Ceiling, Room
from crisis.limits.tally import Tally
from tests.crisis.limits.test_breaker import NOW, a_flow, ended

FREE = Ceiling()


def warm(**more: Any) -> Flow:
    return a_flow(answered_at=NOW, **more)


def learn(flow: Flow, tally: Tally, seconds: float = 0.0) -> None:
    now = NOW + timedelta(seconds=seconds)
    flow.answered_at = now if tally.answered else flow.answered_at
    breaker.fade(flow, tally, now)
    pace.learn(flow, tally, now)


def test_an_account_that_answers_and_has_no_limit_is_free() -> None:
    assert pace.room(warm(), FREE, 5000, NOW) == Room(math.inf)


def test_little_is_risked_on_an_account_nothing_is_known_of() -> None:
    assert pace.room(a_flow(), FREE, 0, NOW).calls == pace.COLD_CONCURRENCY < 20
    assert pace.room(warm(), FREE, 0, NOW + timedelta(seconds=31)).calls == pace.COLD_CONCURRENCY


def test_the_cap_counts_what_is_in_flight() -> None:
    limit = Ceiling.of(AccountLimit(concurrency=10), Ceiling(concurrency=3, per_second=None))
    assert pace.room(warm(), limit, 4, NOW).calls == 6
    assert pace.room(warm(), limit, 12, NOW) == Room(0, 0.05)


def test_tokens_come_at_the_rate_and_are_not_saved_up_for_long() -> None:
    flow, limit = warm(), Ceiling(per_second=10)
    assert pace.room(flow, limit, 0, NOW).calls == 5, "half a second's worth"
    pace.take(flow, limit, 5, NOW)
    assert pace.room(flow, limit, 0, NOW) == Room(0, pytest.approx(0.1))
    assert pace.room(flow, limit, 0, NOW + timedelta(seconds=0.3)).calls == 3
    assert pace.room(flow, limit, 0, NOW + timedelta(hours=1)).calls == 5


def test_being_throttled_halves_the_pace_and_holds_the_account_as_long_as_was_asked() -> None:
    flow = warm()
    learn(flow, ended(*[Throttled("slow down", retry_after=7.0)] * 40))
    assert flow.concurrency == 20
    assert pace.room(flow, FREE, 0, NOW) == Room(0, 7.0)
    later = NOW + timedelta(seconds=8)
    assert 0 < pace.room(flow, FREE, 0, later).calls <= 20


def test_calls_that_were_under_way_when_it_was_halved_do_not_halve_it_again() -> None:
    flow = warm()
    learn(flow, ended(*[Throttled("slow down")] * 40))
    learn(flow, ended(*[Throttled("slow down")] * 40), seconds=0.2)
    assert flow.concurrency == 20
    learn(flow, ended(*[Throttled("slow down")] * 20), seconds=1.1)
    assert flow.concurrency == 10


def test_success_lets_it_grow_until_what_was_learned_is_forgotten() -> None:
    flow, seen = warm(), []
    learn(flow, ended(*[Throttled("slow down")] * 40))
    for second in range(1, 8):
        learn(flow, ended(*[None] * 20), seconds=second)
        seen.append(flow.concurrency)
    assert seen == sorted(seen)
    assert seen[-1] is not None
    assert seen[-1] > 36
    learn(flow, ended(None), seconds=pace.FORGET_SECONDS + 8)
    assert (flow.concurrency, flow.per_second) == (None, None)


def test_one_throttled_among_hundreds_changes_nothing() -> None:
    flow = warm()
    learn(flow, ended(*[None] * 200, Throttled("slow down", retry_after=5.0)))
    assert pace.is_free(flow, FREE, NOW)


def test_a_header_gone_mad_does_not_silence_an_account_for_a_day() -> None:
    flow = warm()
    learn(flow, ended(Throttled("slow down", retry_after=1e9)))
    assert pace.room(flow, FREE, 0, NOW).wait == pace.LONGEST_HOLD


@pytest.mark.parametrize(
    ("usage", "rate"),
    [
        (Usage(0.5, remaining=50, resets_in=900), None),
        (Usage(0.9, remaining=10, resets_in=100), 0.1),
        (Usage(0.8), pytest.approx(0.4)),
    ],
)
def test_what_is_left_of_an_allowance_is_spread_over_its_time(usage: Usage, rate: float | None) -> None:
    flow, tally = warm(), ended(None)
    tally.usage = usage
    learn(flow, tally)
    assert pace.per_second(flow, FREE, NOW) == rate
    assert pace.per_second(flow, FREE, NOW + timedelta(seconds=3601)) is None


@pytest.mark.parametrize("usage", [Usage(1.0, remaining=0, resets_in=30), Usage(1.2, resets_in=30)])
def test_a_used_up_allowance_holds_the_account_before_it_is_refused(usage: Usage) -> None:
    flow, tally = warm(), ended(None)
    tally.usage = usage
    learn(flow, tally)
    assert pace.room(flow, FREE, 0, NOW) == Room(0, 30.0)
