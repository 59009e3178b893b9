"""Proof: what the lock is worth on one account, in one honest word, with what it rests on and what somebody must do about it.

One place, and no input or output: facts in, :class:`Proof` out. The word is the strongest that the evidence carries::

    breached          a post that is not ours came out, and nobody has dealt with it
    access revoked    the lever was pulled, and reading back showed nobody but this service
    held              nothing can go out there but through this service
    acknowledged      somebody who answers for it has said so, by name
    instructed        somebody was told: a provider took the message
    not enforceable   none of these

What goes through this service is stopped at the gate all the while, and that is always the first line of the evidence. After
the activation: *restored*, or *access revoked* for as long as what was taken has not been given back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from crisis.accounts.locks import WORDS, LockState
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.levers.states import LeverState
from crisis.locks import grounds, needs
from crisis.locks.evidence import Evidence, Need
from crisis.locks.facts import Facts
from crisis.notifications import standing


@dataclass(frozen=True, slots=True)
class Proof:
    """``at``: when what the word rests on came to be. ``needs``: the most urgent first; empty where nobody need do anything."""

    state: LockState
    at: datetime | None
    evidence: Sequence[Evidence]
    needs: Sequence[Need]

    @property
    def words(self) -> str:
        """Such as ``access revoked``."""
        return WORDS[self.state]


def prove(facts: Facts, activation: Activation, now: datetime) -> Proof:
    """What the lock of this activation is worth on this account: while it is in force, or after it."""
    evidence = tuple(grounds.of(facts, activation, now))
    if activation.state is ActivationState.STOOD_DOWN:
        return Proof(*_after(facts, activation), evidence, needs.after(facts))
    state, at = _during(facts, activation)
    return Proof(state, at, evidence, needs.during(facts, state, activation, now))


def held(facts: Facts, activation: Activation, now: datetime) -> Proof:
    """What the lock came to while it stood: the same as :func:`prove` while it does, and afterwards for the record."""
    found = prove(facts, activation, now)
    state, at = _during(facts, activation)
    return replace(found, state=state, at=at)


def _during(facts: Facts, activation: Activation) -> tuple[LockState, datetime | None]:
    if facts.open_breaches:
        return LockState.BREACHED, facts.open_breaches[0].posted_at
    lever = facts.lever
    if lever is not None and lever.has_held:
        return LockState.ACCESS_REVOKED, lever.pulled_at or lever.changed_at
    if facts.outlet.is_ours or facts.is_only_here:
        return LockState.HELD, activation.activated_at
    if (answer := standing.answer(facts.people)) is not None:
        return LockState.ACKNOWLEDGED, answer.acknowledged_at
    if told := [each.told_at for each in facts.people if each.told_at]:
        return LockState.INSTRUCTED, min(told)
    return LockState.NOT_ENFORCEABLE, None


def _after(facts: Facts, activation: Activation) -> tuple[LockState, datetime | None]:
    if facts.open_breaches:
        return LockState.BREACHED, facts.open_breaches[0].posted_at
    lever = facts.lever
    if lever is not None and (lever.is_still_out or lever.state is LeverState.BY_HAND):
        return LockState.ACCESS_REVOKED, lever.pulled_at or lever.changed_at
    given_back = lever.restored_at if lever is not None else None
    return LockState.RESTORED, given_back or activation.stood_down_at
