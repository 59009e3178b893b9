"""What to do next: the decision itself, which promise P3 rests on."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis.channels import (
    Capabilities,
    ChannelError,
    Finding,
    Found,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    Unsupported,
)
from crisis.deliveries.retry import (
    BUDGET,
    LONGEST_LOOK,
    LONGEST_WAIT,
    MISCONFIGURED_WAIT,
    Step,
    after_error,
    after_finding,
)
from crisis.deliveries.states import MOVES, DeliveryState

S = DeliveryState
PLAIN = Capabilities(reconcile=True, settle_seconds=5.0)


def next_after(error: ChannelError, *, attempts: int = 1, crisis: bool = True, seed: int = 1) -> Step:
    return after_error(error, PLAIN, attempts=attempts, crisis=crisis, chance=random.Random(seed))


def found(
    found: Found, capabilities: Capabilities = PLAIN, *, looks: int = 1, in_place: bool = False, **facts: bool
) -> Step:
    given = {"crisis": True, "repeated": False, "late": False} | facts
    return after_finding(Finding(found, in_place=in_place), capabilities, looks=looks, **given)


class Surprise(ChannelError):
    """An error of a class the engine has never heard of."""


@pytest.mark.parametrize(
    ("error", "state", "wait"),
    [
        (Rejected("no"), S.REJECTED, 0.0),
        (Unsupported("cannot"), S.REJECTED, 0.0),
        (OutcomeUnknown("502"), S.UNKNOWN, 5.0),
        (Surprise("?"), S.UNKNOWN, 5.0),
        (ChannelError("?"), S.UNKNOWN, 5.0),
        (Misconfigured("token"), S.RETRY_WAIT, MISCONFIGURED_WAIT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_the_class_of_the_error_decides(error: ChannelError, state: DeliveryState, wait: float) -> None:
    for crisis in (True, False):
        for attempts in (1, 9) if state is S.RETRY_WAIT else (1, 9, 1000):
            assert next_after(error, attempts=attempts, crisis=crisis) == Step(state, wait)


@pytest.mark.parametrize(
    ("crisis", "repeated", "late", "idempotent", "expected"),
    [
        (True, False, False, False, Step(S.RETRY_WAIT, repeat=True)),
        (True, True, False, False, Step(S.UNKNOWN_FINAL)),
        (True, False, True, False, Step(S.UNKNOWN_FINAL)),
        (False, False, False, False, Step(S.UNKNOWN_FINAL)),
        (False, True, False, False, Step(S.UNKNOWN_FINAL)),
        (True, False, False, True, Step(S.RETRY_WAIT)),
        (True, True, False, True, Step(S.RETRY_WAIT)),
        (True, False, True, True, Step(S.UNKNOWN_FINAL)),
    ],
)
def test_a_clean_no_sends_a_crisis_delivery_again_once_and_a_units_never(
    crisis: bool, repeated: bool, late: bool, idempotent: bool, expected: Step
) -> None:
    capabilities = replace(PLAIN, idempotent=idempotent)
    assert found(Found.NO, capabilities, crisis=crisis, repeated=repeated, late=late) == expected


@pytest.mark.parametrize(("looks", "wait"), [(1, 5.0), (2, 10.0), (3, 20.0), (7, 300.0), (1000, LONGEST_LOOK)])
def test_who_cannot_tell_is_asked_again_ever_more_rarely(looks: int, wait: float) -> None:
    assert found(Found.CANNOT_TELL, looks=looks) == Step(S.UNKNOWN, wait)


def test_a_units_post_that_stays_unclear_for_an_hour_is_put_before_a_person() -> None:
    looks, waited = 1, 0.0
    while (step := found(Found.CANNOT_TELL, looks=looks, crisis=False)).state is S.UNKNOWN:
        looks, waited = looks + 1, waited + step.wait
    assert step == Step(S.UNKNOWN_FINAL)
    assert 3600 < waited < 2 * 3600


def test_a_crisis_delivery_is_looked_into_until_its_deadline() -> None:
    assert found(Found.CANNOT_TELL, looks=10_000).state is S.UNKNOWN
    assert found(Found.CANNOT_TELL, looks=10_000, late=True) == Step(S.UNKNOWN_FINAL)


def test_a_channel_that_cannot_be_asked_leaves_it_to_a_person_at_once() -> None:
    assert found(Found.CANNOT_TELL, Capabilities()) == Step(S.UNKNOWN_FINAL)


# Properties

ERRORS = st.one_of(
    st.sampled_from([Rejected, Misconfigured, Unavailable, OutcomeUnknown, Unsupported, Surprise]).map(
        lambda c: c("x")
    ),
    st.builds(
        Throttled,
        st.just("later"),
        retry_after=st.none() | st.floats(0, 7200, allow_nan=False),
    ),
)
CAPABILITIES = st.builds(
    Capabilities, reconcile=st.booleans(), idempotent=st.booleans(), settle_seconds=st.floats(0, 60)
)


@given(ERRORS, CAPABILITIES, st.integers(1, 10_000), st.booleans(), st.integers())
def test_after_an_error_every_step_is_a_move_and_never_a_blind_repeat(
    error: ChannelError, capabilities: Capabilities, attempts: int, crisis: bool, seed: int
) -> None:
    step = after_error(error, capabilities, attempts=attempts, crisis=crisis, chance=random.Random(seed))
    assert step.state in MOVES[S.IN_FLIGHT]
    assert not step.repeat
    surely_unprocessed = isinstance(error, Throttled | Unavailable | Misconfigured)
    assert (step.state in {S.RETRY_WAIT, S.DEAD}) == surely_unprocessed
    if surely_unprocessed:
        assert (step.state is S.DEAD) == (attempts >= BUDGET[crisis])


@given(
    st.none() | st.floats(0, 7200, allow_nan=False),
    st.integers(1, 99),
    st.integers(),
    st.sampled_from(["429", "refused"]),
)
def test_the_wait_is_full_jitter_on_top_of_what_the_provider_asked_for(
    retry_after: float | None, attempts: int, seed: int, kind: str
) -> None:
    error = Throttled("later", retry_after=retry_after) if kind == "429" else Unavailable("refused")
    step = next_after(error, attempts=attempts, seed=seed)
    asked = (retry_after or 0.0) if kind == "429" else 0.0
    assert asked <= step.wait <= asked + min(LONGEST_WAIT, 2.0**attempts)


def test_a_thousand_that_failed_together_do_not_come_back_together() -> None:
    chance = random.Random(7)
    waits = [after_error(Unavailable("x"), PLAIN, attempts=6, crisis=True, chance=chance).wait for _ in range(1000)]
    assert len({round(wait, 3) for wait in waits}) > 900
    assert min(waits) < LONGEST_WAIT * 0.05
    assert max(waits) > LONGEST_WAIT * 0.95


@given(
    st.lists(st.tuples(st.sampled_from(Found), st.booleans()), max_size=40),
    CAPABILITIES.filter(lambda capabilities: not capabilities.idempotent),
    st.booleans(),
)
def test_in_any_history_there_is_at_most_one_repeat_and_none_for_a_unit(
    history: list[tuple[Found, bool]], capabilities: Capabilities, crisis: bool
) -> None:
    """A delivery that is unknown after every try, whatever looking shows, as long as it lives."""
    repeated, repeats = False, 0
    for looks, (answer, late) in enumerate(history, start=1):
        step = after_finding(Finding(answer), capabilities, looks=looks, crisis=crisis, repeated=repeated, late=late)
        assert step.state in MOVES[S.UNKNOWN] | {S.UNKNOWN}
        assert step.repeat <= (answer is Found.NO), "only a clean no sends again"
        assert (step.state is S.RETRY_WAIT) == step.repeat
        repeats += step.repeat
        repeated = repeated or step.repeat
        if step.state in {S.ACCEPTED, S.UNKNOWN_FINAL}:
            break
    assert repeats <= (1 if crisis else 0)


@given(st.sampled_from(Found), CAPABILITIES, st.integers(1, 1000), st.booleans(), st.booleans())
def test_what_is_late_is_never_sent_again(
    answer: Found, capabilities: Capabilities, looks: int, crisis: bool, repeated: bool
) -> None:
    step = after_finding(Finding(answer), capabilities, looks=looks, crisis=crisis, repeated=repeated, late=True)
    assert step.state is not S.RETRY_WAIT
    assert (step.state is S.ACCEPTED) == (answer is Found.YES)
    assert 0 <= step.wait <= LONGEST_LOOK
