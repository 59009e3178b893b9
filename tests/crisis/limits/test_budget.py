"""The retry budget: a tenth of the first attempts of the minute, at least ten, and what was answered is given back."""

from datetime import timedelta

from crisis.limits import budget
from crisis.limits.tally import Tally
from tests.crisis.limits.test_breaker import NOW, a_flow


def test_a_small_message_may_always_retry_a_little() -> None:
    assert budget.left(a_flow(), NOW) == budget.FLOOR


def test_retries_are_a_tenth_of_first_attempts() -> None:
    flow = a_flow()
    budget.learn(flow, Tally(first=1000, retries=60), NOW)
    assert budget.left(flow, NOW) == 40
    assert budget.left(flow, NOW, Tally(first=100, retries=45)) == 5
    budget.learn(flow, Tally(retries=60), NOW)
    assert budget.left(flow, NOW) == 0


def test_a_retry_that_was_answered_is_given_back() -> None:
    flow = a_flow()
    budget.learn(flow, Tally(first=5, retries=10), NOW)
    assert budget.left(flow, NOW) == 0
    budget.learn(flow, Tally(retries_answered=8), NOW)
    assert budget.left(flow, NOW) == 8


def test_each_minute_begins_anew() -> None:
    flow = a_flow()
    budget.learn(flow, Tally(first=1000, retries=100), NOW)
    assert budget.wait(flow, NOW + timedelta(seconds=20)) == 40
    assert budget.left(flow, NOW + timedelta(seconds=61)) == budget.FLOOR
