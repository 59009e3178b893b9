"""What a proof says that somebody must do, the most urgent first. Every rule is a line of a table."""

from typing import Any

import pytest

from crisis.deliveries.states import DeliveryState
from crisis.levers.states import LeverState
from crisis.locks.evidence import NeedKind
from crisis.locks.facts import Facts, Loose
from crisis.notifications.models import Part
from crisis.notifications.ways import Lack
from crisis.schedules.models import PlannedState
from crisis.watch.models import BreachState
from tests.crisis.locks.account import AGAIN, ANSWERED, LOST, STUCK, TOLD, prove
from tests.crisis.locks.known import at, breach, facts, lever, look, person, planned, right, sms

L, B, N, D = LeverState, BreachState, NeedKind, DeliveryState

REMINDED = person(Part.LEADER, "Kari", sms(D.ACCEPTED), AGAIN)
NEEDS = [
    # as it should be
    (facts(ours=True), []),
    (facts(people=(TOLD,)), []),
    (facts(people=(ANSWERED,), look=look()), []),
    (facts(lever=lever(L.PULLED)), []),
    (facts(lever=lever(L.ABSENT, saved=None)), []),
    # nobody to tell, nobody reached, nobody answers
    (facts(), [N.NOBODY]),
    (facts(people=(person(Part.LEADER, "Kari", LOST),)), [N.NOBODY]),
    (facts(people=(person(Part.LEADER, "Kari", sms(D.RETRY_WAIT)),)), [N.CANNOT_ENFORCE]),
    (facts(people=(person(),)), [N.CANNOT_ENFORCE]),
    (facts(people=(person(lack=Lack.NO_WAY),)), [N.NOBODY]),
    (facts(people=(person(Part.LEADER, "Kari", LOST), person(Part.DEPUTY))), [N.NOBODY]),
    (facts(people=(REMINDED,)), [N.NO_ANSWER]),
    # levers
    (facts(people=(ANSWERED,), lever=lever(L.FAILED)), [N.LEVER_FAILED]),
    (facts(people=(ANSWERED,), lever=lever(L.PULLED, found=(right(),))), [N.LEVER_FAILED]),
    (facts(people=(TOLD,), lever=lever(L.INCOMPLETE, found=(STUCK,))), [N.STILL_IN]),
    (facts(people=(ANSWERED,), lever=lever(L.INCOMPLETE, found=(STUCK,))), []),
    # the watch
    (facts(people=(ANSWERED,), look=look(failures=3)), [N.BLIND]),
    (facts(people=(ANSWERED,), look=look(next_at=100)), [N.BLIND]),
    (facts(people=(ANSWERED,), look=look(failures=3, is_absent=True)), []),
    # posts
    (facts(people=(ANSWERED,), planned=(planned(due=180),)), [N.PLANNED_SOON]),
    (facts(people=(ANSWERED,), planned=(planned(due=5000),)), [N.PLANNED_LATER]),
    (facts(people=(ANSWERED,), planned=(planned(due=60),)), []),
    (facts(people=(ANSWERED,), planned=(planned(PlannedState.UNSCHEDULED),)), []),
    (facts(people=(ANSWERED,), loose=(Loose(4, "Hørt", is_in_flight=False),)), [N.UNRESOLVED]),
    (facts(people=(ANSWERED,), loose=(Loose(4, "Hørt", is_in_flight=True),)), []),
    (facts(people=(ANSWERED,), breaches=(breach(),)), [N.BREACH]),
    (facts(people=(ANSWERED,), breaches=(breach(B.CONTACTED),)), []),
    # all at once, the most urgent first
    (
        facts(
            people=(REMINDED,),
            look=look(failures=4),
            lever=lever(L.FAILED),
            planned=(planned(due=5000), planned(due=180)),
            breaches=(breach(posted=50), breach(posted=30)),
            loose=(Loose(4, "Hørt", is_in_flight=False),),
        ),
        [N.BREACH, N.BREACH, N.PLANNED_SOON, N.UNRESOLVED, N.LEVER_FAILED, N.NO_ANSWER, N.PLANNED_LATER, N.BLIND],
    ),
]


@pytest.mark.parametrize(("known", "kinds"), NEEDS)
def test_what_somebody_must_do_the_most_urgent_first(known: Facts, kinds: list[NeedKind]) -> None:
    assert [each.kind for each in prove(known).needs] == kinds


def test_of_two_breaches_the_one_that_has_waited_longest_comes_first() -> None:
    found = prove(facts(ours=True, breaches=(breach(posted=50), breach(posted=30)))).needs
    assert [each.at for each in found] == [at(30), at(50)]


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        (lever(L.BY_HAND), [N.BY_HAND]),
        (lever(L.RESTORING, attempts=3), [N.RESTORE_LATE]),
        (lever(L.RESTORING, attempts=1), []),
        (lever(L.PULLED, is_held_back=True, attempts=3), [N.GIVE_BACK]),
        (lever(L.RESTORED), []),
        (None, []),
    ],
)
def test_after_the_activation_only_what_was_not_given_back_needs_somebody(given: Any, kinds: list[NeedKind]) -> None:
    known = facts(lever=given, look=look(failures=9), planned=(planned(),))
    assert [each.kind for each in prove(known, over=True).needs] == kinds
