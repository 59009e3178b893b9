"""Proof: facts to one word, with its evidence and what somebody must do. Every rule is a line of a table."""

from datetime import datetime
from typing import Any

import pytest

from crisis.accounts.locks import LockState
from crisis.activations.states import ActivationState
from crisis.deliveries.states import DeliveryState
from crisis.levers.states import LeverState
from crisis.locks import proof
from crisis.locks.evidence import Kind, NeedKind
from crisis.locks.facts import Facts, Loose
from crisis.notifications.models import NotificationKind, Part
from crisis.notifications.ways import Lack
from crisis.schedules.models import PlannedState
from crisis.watch.models import BreachState
from tests.crisis.locks.known import (
    LOCKED,
    NOW,
    activation,
    at,
    breach,
    facts,
    lever,
    listed,
    look,
    mail,
    person,
    planned,
    right,
    sms,
)

S, L, B, K, N = LockState, LeverState, BreachState, Kind, NeedKind
STUCK = right("Sjefen", removable=False)


def prove(known: Facts, *, over: bool = False) -> proof.Proof:
    state = ActivationState.STOOD_DOWN if over else ActivationState.CONFIRMED
    return proof.prove(known, activation(state), NOW)


D = DeliveryState
AGAIN = sms(D.ACCEPTED, 20, NotificationKind.REMINDER)
LOST = sms(D.UNDELIVERED, sms_error="30003")
TOLD = person(Part.LEADER, "Kari", sms(D.ACCEPTED))
ANSWERED = person(
    Part.LEADER, "Kari", sms(D.ACCEPTED), acknowledged_at=at(9), acknowledged_by="Kari", acknowledged_way="link"
)

DURING = [
    # what is weakest
    (facts(), S.NOT_ENFORCEABLE, None),
    (facts(connected=False), S.NOT_ENFORCEABLE, None),
    (facts(people=(person(Part.LEADER, "Kari", sms(D.READY)),)), S.NOT_ENFORCEABLE, None),
    (facts(people=(person(Part.LEADER, "Kari", LOST),)), S.NOT_ENFORCEABLE, None),
    # told: by the first word that there is, the best evidence of it
    (facts(people=(TOLD,)), S.INSTRUCTED, at(1)),
    (facts(people=(person(Part.LEADER, "Kari", mail()),)), S.INSTRUCTED, at(2)),
    (facts(people=(person(Part.LEADER, "Kari", sms(D.DELIVERED, 3)),)), S.INSTRUCTED, at(3)),
    (facts(people=(person(Part.EDITOR, "Liv", sms(D.ACCEPTED)),)), S.INSTRUCTED, at(1)),
    # answered: by who answers for it
    (facts(people=(ANSWERED,)), S.ACKNOWLEDGED, at(9)),
    (facts(people=(person(Part.DEPUTY, acknowledged_at=at(8)),)), S.ACKNOWLEDGED, at(8)),
    (facts(people=(TOLD, person(Part.EDITOR, acknowledged_at=at(8)))), S.INSTRUCTED, at(1)),
    (facts(people=(person(Part.EDITOR, acknowledged_at=at(8)),)), S.NOT_ENFORCEABLE, None),
    # held: nothing can go out but through this service
    (facts(ours=True, connected=False), S.HELD, LOCKED),
    (facts(only_here=True, people=(ANSWERED,)), S.HELD, LOCKED),
    (facts(only_here=True, connected=False), S.NOT_ENFORCEABLE, None),
    (facts(only_here=True, breaches=(breach(B.TAKEN_DOWN),)), S.NOT_ENFORCEABLE, None),
    # the lever: pulled, and read back, with nobody left
    (facts(only_here=True, lever=lever(L.PULLED)), S.ACCESS_REVOKED, at(2)),
    (facts(lever=lever(L.PULLED, found=None)), S.NOT_ENFORCEABLE, None),
    (facts(lever=lever(L.PULLED, found=(right(),))), S.NOT_ENFORCEABLE, None),
    (facts(lever=lever(L.INCOMPLETE, found=(STUCK,)), people=(ANSWERED,)), S.ACKNOWLEDGED, at(9)),
    (facts(lever=lever(L.WANTED, saved=None), people=(TOLD,)), S.INSTRUCTED, at(1)),
    (facts(lever=lever(L.PULLING)), S.NOT_ENFORCEABLE, None),
    (facts(lever=lever(L.FAILED, found=(right(),))), S.NOT_ENFORCEABLE, None),
    (facts(lever=lever(L.ABSENT, saved=None)), S.NOT_ENFORCEABLE, None),
    # a post that is not ours is above all
    (facts(ours=True, lever=lever(L.PULLED), breaches=(breach(),)), S.BREACHED, at(30)),
    (facts(breaches=(breach(B.ACCEPTED), breach(posted=50))), S.BREACHED, at(50)),
    (facts(lever=lever(L.PULLED), breaches=(breach(B.CONTACTED),)), S.ACCESS_REVOKED, at(2)),
    (facts(people=(ANSWERED,), breaches=(breach(B.TAKEN_DOWN),)), S.ACKNOWLEDGED, at(9)),
]


@pytest.mark.parametrize(("known", "state", "when"), DURING)
def test_the_word_is_the_strongest_that_the_evidence_carries(
    known: Facts, state: LockState, when: datetime | None
) -> None:
    found = prove(known)
    assert (found.state, found.at) == (state, when)


AFTER = [
    (facts(), S.RESTORED, at(100)),
    (facts(lever=lever(L.RESTORED, restored_at=at(103))), S.RESTORED, at(103)),
    (facts(lever=lever(L.WANTED, saved=None)), S.RESTORED, at(100)),
    (facts(lever=lever(L.ABSENT, saved=None)), S.RESTORED, at(100)),
    (facts(lever=lever(L.FAILED, saved=None)), S.RESTORED, at(100)),
    (facts(lever=lever(L.PULLED)), S.ACCESS_REVOKED, at(2)),
    (facts(lever=lever(L.PULLING, pulled_at=None)), S.ACCESS_REVOKED, at(3)),
    (facts(lever=lever(L.INCOMPLETE, found=(STUCK,))), S.ACCESS_REVOKED, at(2)),
    (facts(lever=lever(L.FAILED)), S.ACCESS_REVOKED, at(2)),
    (facts(lever=lever(L.RESTORING)), S.ACCESS_REVOKED, at(2)),
    (facts(lever=lever(L.BY_HAND)), S.ACCESS_REVOKED, at(2)),
    (facts(lever=lever(L.RESTORED, restored_at=at(103)), breaches=(breach(),)), S.BREACHED, at(30)),
]


@pytest.mark.parametrize(("known", "state", "when"), AFTER)
def test_after_the_activation_it_is_restored_or_says_what_still_stands(
    known: Facts, state: LockState, when: datetime
) -> None:
    found = prove(known, over=True)
    assert (found.state, found.at) == (state, when)


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (lever(L.RESTORED, restored_at=at(103)), S.ACCESS_REVOKED),
        (lever(L.BY_HAND), S.ACCESS_REVOKED),
        (lever(L.RESTORED, saved=(right(), STUCK)), S.ACKNOWLEDGED),
        (lever(L.RESTORED, pulled_at=None), S.ACKNOWLEDGED),
        (lever(L.FAILED, found=(right(),)), S.ACKNOWLEDGED),
    ],
)
def test_what_it_came_to_while_it_stood_is_known_afterwards(given: Any, state: LockState) -> None:
    found = proof.held(facts(lever=given, people=(ANSWERED,)), activation(ActivationState.STOOD_DOWN), NOW)
    assert found.state is state


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
