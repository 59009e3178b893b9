"""The breaker as a function: what opens it, how long it waits, what closes it."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from crisis.channels import ChannelError, Misconfigured, OutcomeUnknown, Rejected, Throttled, Unavailable
from crisis.limits import breaker
from crisis.limits.models import BreakerState, Flow, Why
from crisis.limits.tally import Tally
from crisis.mode import Mode

NOW = datetime(2026, 11, 24, 4, 58, tzinfo=UTC)


def a_flow(**more: object) -> Flow:
    given: dict[str, object] = {"mode": Mode.ACTUAL, "account_id": 1, "state": BreakerState.CLOSED, "diverted": False}
    given |= dict.fromkeys(("failures", "openings", "first_attempts", "retries"), 0)
    given |= dict.fromkeys(("answered", "throttled", "failed", "tokens"), 0.0)
    return Flow(**given | more)


def ended(*errors: ChannelError | None, retry: bool = False, overlapped: bool = False) -> Tally:
    tally = Tally()
    for error in errors:
        if error is None:
            tally.answer(None, retry=retry)
        else:
            tally.fail(error, None, retry=retry, under_way=len(errors), overlapped=overlapped)
    return tally


def learn(flow: Flow, tally: Tally, seconds: float = 0.0, *, standby_broken: bool | None = None) -> None:
    now = NOW + timedelta(seconds=seconds)
    breaker.fade(flow, tally, now)
    breaker.learn(flow, tally, now, random.Random(1), standby_broken=standby_broken)


def wait(flow: Flow, seconds: float = 0.0) -> float:
    assert flow.next_try_at is not None
    return (flow.next_try_at - NOW).total_seconds() - seconds


def test_five_failures_in_a_row_open_it_and_four_do_not() -> None:
    flow = a_flow()
    for _ in range(4):
        learn(flow, ended(Unavailable("refused")))
    assert flow.state is BreakerState.CLOSED
    learn(flow, ended(OutcomeUnknown("no answer")))
    assert (flow.state, flow.why, flow.reason) == (BreakerState.OPEN, Why.SILENT, "no answer")
    assert flow.failing_since == NOW


def test_an_answer_between_starts_the_count_again() -> None:
    flow = a_flow()
    for _ in range(10):
        learn(flow, ended(*[OutcomeUnknown("no answer")] * 3))
        learn(flow, ended(Rejected("bad number"), None, None, None, None))
    assert flow.state is BreakerState.CLOSED


def test_half_of_many_lately_opens_it_though_the_other_half_is_answered() -> None:
    flow = a_flow()
    learn(flow, ended(*[None] * 1000))
    learn(flow, ended(*[OutcomeUnknown("5xx")] * 12, *[None] * 10), seconds=30)
    assert flow.state is BreakerState.OPEN, "what was half a minute ago must not hide it"


def test_a_few_failures_among_many_answers_do_not() -> None:
    flow = a_flow()
    for second in range(100):
        learn(flow, ended(*[None] * 98, OutcomeUnknown("5xx"), Unavailable("reset")), seconds=second)
    assert flow.state is BreakerState.CLOSED


def test_what_times_out_after_the_last_answer_and_began_before_it_does_not() -> None:
    flow = a_flow()
    for second in range(4):  # 300 messages a second, one in fifty without an answer, which takes eight seconds to tell
        learn(flow, ended(*[None] * 294), seconds=second)
    for tenth in range(24):
        learn(flow, ended(OutcomeUnknown("no answer"), overlapped=True), seconds=8 + tenth / 10)
    assert (flow.state, flow.failures) == (BreakerState.CLOSED, 0)
    learn(flow, ended(*[OutcomeUnknown("no answer")] * 5), seconds=11)
    assert flow.state is BreakerState.OPEN, "these began when nobody was answered any more"


def test_refused_credentials_open_it_at_once() -> None:
    flow = a_flow()
    learn(flow, ended(Misconfigured("401")))
    assert (flow.state, flow.why) == (BreakerState.OPEN, Why.MISCONFIGURED)
    assert wait(flow) >= breaker.FIRST_REPAIR / 2


@pytest.mark.parametrize("answer", [None, Throttled("later"), Rejected("no")])
def test_one_answer_to_the_probe_closes_it(answer: Exception | None) -> None:
    flow = a_flow()
    learn(flow, ended(*[Unavailable("refused")] * 5))
    assert breaker.may_probe(flow, NOW) > 0
    later = wait(flow)
    assert breaker.may_probe(flow, NOW + timedelta(seconds=later)) == 0
    breaker.begin_probe(flow, NOW + timedelta(seconds=later), 30)
    assert breaker.may_probe(flow, NOW + timedelta(seconds=later + 1)) > 0, "one at a time"
    assert breaker.may_probe(flow, NOW + timedelta(seconds=later + 31)) == 0, "unless its process has gone"
    learn(flow, ended(answer), seconds=later + 1)
    assert (flow.state, flow.failing_since, flow.next_try_at) == (BreakerState.CLOSED, None, None)


def test_waits_grow_with_each_failed_probe_up_to_a_bound() -> None:
    flow, seconds, bounds = a_flow(), 0.0, []
    learn(flow, ended(*[Unavailable("refused")] * 5))
    for _ in range(8):
        pause = wait(flow, seconds)
        bounds.append(pause)
        seconds += pause
        breaker.begin_probe(flow, NOW + timedelta(seconds=seconds), 30)
        learn(flow, ended(Unavailable("refused")), seconds=seconds)
    assert all(low / 2 <= pause <= low for pause, low in zip(bounds, [5, 10, 20, 40, 60, 60, 60, 60], strict=True))
    assert flow.failing_since == NOW, "since the first failure, not the last probe"


def test_calls_that_were_under_way_when_it_opened_change_nothing() -> None:
    flow = a_flow()
    learn(flow, ended(*[OutcomeUnknown("no answer")] * 5))
    before = flow.next_try_at
    learn(flow, ended(*[OutcomeUnknown("no answer")] * 95), seconds=1)
    learn(flow, ended(None), seconds=1)
    assert (flow.state, flow.next_try_at, flow.openings) == (BreakerState.OPEN, before, 1)


def test_with_a_standby_it_closes_only_after_a_minute_of_good_probes() -> None:
    flow = a_flow(diverted=True)
    learn(flow, ended(*[Unavailable("refused")] * 5))
    begin = seconds = wait(flow)
    while flow.state is not BreakerState.CLOSED:
        breaker.begin_probe(flow, NOW + timedelta(seconds=seconds), 30)
        learn(flow, ended(None), seconds=seconds, standby_broken=False)
        seconds += breaker.PROBE_SECONDS
    assert seconds - begin >= breaker.WELL_SECONDS


def test_one_bad_probe_within_the_minute_begins_it_again() -> None:
    flow = a_flow(diverted=True)
    learn(flow, ended(*[Unavailable("refused")] * 5))
    for seconds, answer in ((5, None), (10, None), (15, Unavailable("refused"))):
        breaker.begin_probe(flow, NOW + timedelta(seconds=seconds), 30)
        learn(flow, ended(answer), seconds=seconds, standby_broken=False)
    assert (flow.state, flow.well_since) == (BreakerState.OPEN, None)


def test_it_closes_at_once_when_the_standby_does_not_answer_either() -> None:
    flow = a_flow(diverted=True)
    learn(flow, ended(*[Unavailable("refused")] * 5))
    breaker.begin_probe(flow, NOW + timedelta(seconds=5), 30)
    learn(flow, ended(None), seconds=5, standby_broken=True)
    assert flow.state is BreakerState.CLOSED
