"""Needs: what a person must do about one account's lock now, the most urgent first. Nothing where all is as it should be."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from crisis.accounts.locks import LockState
from crisis.activations.models import Activation
from crisis.levers.states import LeverState
from crisis.locks.evidence import Act, Need, NeedKind
from crisis.locks.facts import FAILURES, Facts, Pull, Waiting
from crisis.locks.grounds import names
from crisis.notifications import standing
from crisis.schedules.models import PlannedState

SOON: Final = timedelta(hours=12)
"""A planned post that is left at its platform and goes out within this is among the most urgent."""
_AT_REST: Final = frozenset({LockState.HELD, LockState.ACCESS_REVOKED, LockState.ACKNOWLEDGED})
"""What nobody need be called about."""


def during(facts: Facts, state: LockState, activation: Activation, now: datetime) -> Sequence[Need]:
    """While the activation is in force."""
    found = [*_breaches(facts), *_posts(facts, now)]
    if facts.lever is not None and not facts.is_gone:
        found += _lever(facts.lever)
    if facts.look is not None and not facts.is_gone and facts.look.is_blind(now):
        values = {"error": facts.look.error or ""}
        found.append(Need(NeedKind.BLIND, Act.ACCOUNT, facts.outlet.id, facts.look.looked_at, values))
    is_settled = facts.is_gone or facts.outlet.is_editors or (state is LockState.BREACHED and _is_vouched_for(facts))
    if state not in _AT_REST and not is_settled:
        found += _calls(facts, activation)
    return tuple(sorted(found, key=_urgency))


def after(facts: Facts) -> Sequence[Need]:
    """After it: breaches that nobody has dealt with, and what has not been given back."""
    found, lever = [*_breaches(facts)], facts.lever
    if lever is not None and lever.state is LeverState.BY_HAND:
        values = {"names": names(lever.had), "error": lever.error or ""}
        found.append(Need(NeedKind.BY_HAND, Act.LEVER, lever.id, lever.changed_at, values))
    elif lever is not None and lever.is_still_out and lever.is_held_back:
        found.append(Need(NeedKind.GIVE_BACK, Act.LEVER, lever.id, lever.changed_at))
    elif lever is not None and lever.is_still_out and lever.attempts >= FAILURES:
        values = {"error": lever.error or ""}
        found.append(Need(NeedKind.RESTORE_LATE, Act.LEVER, lever.id, lever.changed_at, values))
    return tuple(sorted(found, key=_urgency))


def _is_vouched_for(facts: Facts) -> bool:
    """But for its breach it would be at rest: whoever is called, is called about that."""
    is_revoked = facts.lever is not None and facts.lever.has_held
    return is_revoked or facts.outlet.is_ours or standing.answer(facts.people) is not None


def _breaches(facts: Facts) -> Iterator[Need]:
    for breach in facts.open_breaches:
        values = {"text": breach.text, "author": breach.author or ""}
        yield Need(NeedKind.BREACH, Act.BREACH, breach.id, breach.posted_at, values, breach.url)


def _posts(facts: Facts, now: datetime) -> Iterator[Need]:
    for post in facts.loose:
        if not post.is_in_flight:
            yield Need(NeedKind.UNRESOLVED, Act.DELIVERY, post.delivery_id, post.began_at, {"text": post.text})
    for planned in facts.planned:
        if planned.state is PlannedState.LEFT and planned.due_at > now:
            yield _left(planned, NeedKind.PLANNED_SOON if planned.due_at <= now + SOON else NeedKind.PLANNED_LATER)


def _left(planned: Waiting, kind: NeedKind) -> Need:
    values = {"text": planned.text, "author": planned.author or ""}
    return Need(kind, Act.PLANNED, planned.id, planned.due_at, values, planned.url)


def _lever(lever: Pull) -> Iterator[Need]:
    if lever.state is LeverState.FAILED or (lever.state is LeverState.PULLED and not lever.has_held):
        values = {"error": lever.error or "", "names": names(lever.left)}
        yield Need(NeedKind.LEVER_FAILED, Act.LEVER, lever.id, lever.changed_at, values)


def _calls(facts: Facts, activation: Activation) -> Iterator[Need]:
    """Whom to call, where nothing but words holds the account, or nobody has given theirs."""
    outlet, lever, since = facts.outlet, facts.lever, activation.activated_at
    whom = {"leader": outlet.leader or "", "unit": outlet.unit}
    if lever is not None and lever.state is LeverState.INCOMPLETE and lever.left:
        yield Need(NeedKind.STILL_IN, Act.ACCOUNT, outlet.id, lever.pulled_at, {"names": names(lever.left)})
    if not facts.people:
        yield Need(NeedKind.NOBODY, Act.CONTACTS, outlet.id, since, whom | {"names": "", "error": ""})
        return
    first = facts.answering[0].contact_id
    notified = [each for each in facts.people if each.notification_id is not None or each.lack is not None]
    asked = whom | {"names": ", ".join(each.name for each in facts.answering)}
    if any(each.told_at for each in facts.people):
        if again := [each.asked_again_at for each in facts.people if each.asked_again_at]:
            yield Need(NeedKind.NO_ANSWER, Act.ACKNOWLEDGE, first, max(again), asked)
    elif not notified or any(each.is_under_way for each in notified):
        yield Need(NeedKind.CANNOT_ENFORCE, Act.ACKNOWLEDGE, first, since, asked)
    else:
        error = "; ".join(each.problem for each in facts.people if each.problem)
        yield Need(NeedKind.NOBODY, Act.ACKNOWLEDGE, first, since, asked | {"error": error})


def _urgency(need: Need) -> tuple[int, datetime, int]:
    """Of two of a kind, the one that is due first, or that has waited longest."""
    return (int(need.kind), need.at or datetime.max.replace(tzinfo=UTC), need.subject)
