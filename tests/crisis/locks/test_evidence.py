"""The evidence of a proof: everything that is known of an account is a line of it. Every rule is a line of a table."""

import pytest

from crisis.deliveries.states import DeliveryState
from crisis.levers.states import LeverState
from crisis.locks.evidence import Kind
from crisis.locks.facts import Facts, Loose
from crisis.notifications.models import Part
from crisis.notifications.ways import Lack
from crisis.schedules.models import PlannedState
from crisis.watch.models import BreachState
from tests.crisis.locks.account import AGAIN, ANSWERED, LOST, TOLD, prove
from tests.crisis.locks.known import LOCKED, breach, facts, lever, listed, look, mail, person, planned, right, sms

L, B, K, D = LeverState, BreachState, Kind, DeliveryState

EVIDENCE = [
    (facts(), {K.GATE, K.NOBODY, K.NOT_WATCHED}),
    (facts(connected=False), {K.NOT_CONNECTED, K.NOBODY, K.NOT_WATCHED}),
    (facts(ours=True, people=(TOLD,)), {K.GATE, K.OURS, K.TOLD_SMS}),
    (facts(only_here=True, people=(TOLD,), look=look()), {K.GATE, K.ONLY_HERE, K.TOLD_SMS, K.SEEN}),
    (
        facts(only_here=True, people=(TOLD,), breaches=(breach(B.ACCEPTED),), look=look()),
        {K.GATE, K.ONLY_HERE_DISPROVED, K.BREACH_ACCEPTED, K.TOLD_SMS, K.SEEN},
    ),
    (
        facts(people=(TOLD,), look=look(), lever=lever(L.PULLED, found=(right(),))),
        {K.GATE, K.LEVER_LIED, K.TOLD_SMS, K.SEEN},
    ),
    (
        facts(people=(TOLD,), look=look(), lever=lever(L.FAILED, found=(right(),), error="403")),
        {K.GATE, K.LEVER_FAILED, K.LEVER_LIED, K.TOLD_SMS, K.SEEN},
    ),
    (
        facts(people=(TOLD,), look=look(), lever=lever(L.PULLING, error="503")),
        {K.GATE, K.LEVER_PULLING, K.LEVER_FAILED, K.TOLD_SMS, K.SEEN},
    ),
    (facts(people=(ANSWERED,), lever=lever(L.ABSENT, saved=None)), {K.GATE, K.GONE, K.ACKNOWLEDGED_LINK}),
    (facts(people=(ANSWERED,), look=look(is_absent=True)), {K.GATE, K.GONE, K.ACKNOWLEDGED_LINK}),
    (
        facts(
            people=(
                person(Part.LEADER, "Kari", sms(D.DELIVERED), mail(), AGAIN),
                person(Part.DEPUTY, "Per", LOST),
                person(Part.DEPUTY, "Mona", lack=Lack.NO_WAY),
                person(Part.EDITOR, "Liv", sms(D.IN_FLIGHT)),
            ),
            look=look(minutes=None),
        ),
        {
            *(K.GATE, K.DELIVERED, K.TOLD_EMAIL, K.ASKED_AGAIN, K.NOT_REACHED, K.NO_WAY, K.ON_ITS_WAY),
            K.NOT_SEEN_YET,
        },
    ),
    (
        facts(
            people=(ANSWERED,),
            look=look(failures=3),
            listed=listed(failures=1),
            planned=tuple(planned(each) for each in PlannedState),
        ),
        {
            *(K.GATE, K.ACKNOWLEDGED_LINK, K.BLIND, K.LIST_UNREAD),
            *(K.PLANNED_LEFT, K.PLANNED_FOUND, K.PLANNED_TAKEN_OUT, K.PLANNED_GONE),
        },
    ),
    (
        facts(
            people=(ANSWERED,),
            look=look(),
            listed=listed(),
            loose=(Loose(3, "Lest", is_in_flight=True), Loose(4, "Hørt", is_in_flight=False)),
        ),
        {K.GATE, K.IN_FLIGHT, K.UNRESOLVED, K.ACKNOWLEDGED_LINK, K.SEEN, K.LISTED},
    ),
]


@pytest.mark.parametrize(("known", "kinds"), EVIDENCE)
def test_everything_that_is_known_is_a_line_of_evidence(known: Facts, kinds: set[Kind]) -> None:
    found = prove(known).evidence
    assert {each.kind for each in found} == kinds
    assert len(found) == len(kinds)


def test_the_gate_comes_first_with_its_time_and_number() -> None:
    first = prove(facts(people=(ANSWERED,))).evidence[0]
    assert (first.kind, first.at, first.values["epoch"]) == (Kind.GATE, LOCKED, 7)


AFTER_EVIDENCE = [
    (facts(people=(TOLD,), look=look()), {K.NOTHING_TAKEN}),
    (facts(people=(TOLD,), look=look(), lever=lever(L.RESTORED)), {K.LEVER_RESTORED}),
    (facts(people=(TOLD,), look=look(), lever=lever(L.PULLED)), {K.LEVER_PULLED, K.LEVER_LEFT}),
    (facts(people=(TOLD,), look=look(), lever=lever(L.RESTORING, error="503")), {K.LEVER_RESTORING, K.LEVER_FAILED}),
    (facts(people=(TOLD,), look=look(), lever=lever(L.BY_HAND)), {K.LEVER_BY_HAND}),
    (facts(people=(TOLD,), look=look(), lever=lever(L.PULLED, is_held_back=True)), {K.LEVER_PULLED, K.LEVER_HELD_BACK}),
    # nobody looks any more, and that is as it should be
    (facts(people=(TOLD,), look=look(next_at=50)), {K.NOTHING_TAKEN}),
]


@pytest.mark.parametrize(("known", "kinds"), AFTER_EVIDENCE)
def test_after_the_activation_the_evidence_says_what_was_given_back(known: Facts, kinds: set[Kind]) -> None:
    found = {each.kind for each in prove(known, over=True).evidence}
    assert found == kinds | {K.GATE, K.GATE_OPENED, K.TOLD_SMS, K.SEEN}
