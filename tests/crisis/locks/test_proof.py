"""Proof: facts to one word. Every rule is a line of a table."""

from datetime import datetime
from typing import Any

import pytest

from crisis.accounts.locks import LockState
from crisis.activations.states import ActivationState
from crisis.deliveries.states import DeliveryState
from crisis.levers.states import LeverState
from crisis.locks import proof
from crisis.locks.facts import Facts
from crisis.notifications.models import Part
from crisis.watch.models import BreachState
from tests.crisis.locks.account import ANSWERED, LOST, STUCK, TOLD, prove
from tests.crisis.locks.known import LOCKED, NOW, activation, at, breach, facts, lever, mail, person, right, sms

S, L, B, D = LockState, LeverState, BreachState, DeliveryState

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
