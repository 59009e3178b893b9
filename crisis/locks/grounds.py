"""Grounds: everything that is known of one account's lock, line by line, the gate first. Weak and unwelcome lines too."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.channel_access import Right
from crisis.levers.states import LeverState
from crisis.locks.evidence import Evidence, Kind
from crisis.locks.facts import Facts, Foreign, Pull
from crisis.notifications.standing import Person
from crisis.notifications.ways import Lack
from crisis.schedules.models import PlannedState
from crisis.watch.models import BreachState

_ACKNOWLEDGED: Final[Mapping[str, Kind]] = {
    "link": Kind.ACKNOWLEDGED_LINK,
    "desk": Kind.ACKNOWLEDGED_DESK,
    "telephone": Kind.ACKNOWLEDGED_TELEPHONE,
}
_BREACHES: Final[Mapping[BreachState, Kind]] = {
    BreachState.OPEN: Kind.BREACH_OPEN,
    BreachState.CONTACTED: Kind.BREACH_CONTACTED,
    BreachState.TAKEN_DOWN: Kind.BREACH_TAKEN_DOWN,
    BreachState.ACCEPTED: Kind.BREACH_ACCEPTED,
}
_PLANNED: Final[Mapping[PlannedState, Kind]] = {
    PlannedState.FOUND: Kind.PLANNED_FOUND,
    PlannedState.LEFT: Kind.PLANNED_LEFT,
    PlannedState.UNSCHEDULED: Kind.PLANNED_TAKEN_OUT,
    PlannedState.GONE: Kind.PLANNED_GONE,
}
_LEVERS: Final[Mapping[LeverState, Kind]] = {
    LeverState.WANTED: Kind.LEVER_WANTED,
    LeverState.PULLING: Kind.LEVER_PULLING,
    LeverState.PULLED: Kind.LEVER_PULLED,
    LeverState.INCOMPLETE: Kind.LEVER_INCOMPLETE,
    LeverState.FAILED: Kind.LEVER_FAILED,
    LeverState.ABSENT: Kind.GONE,
    LeverState.RESTORING: Kind.LEVER_RESTORING,
    LeverState.RESTORED: Kind.LEVER_RESTORED,
    LeverState.BY_HAND: Kind.LEVER_BY_HAND,
}
_LACKS: Final[Mapping[Lack, Kind]] = {
    Lack.NO_WAY: Kind.NO_WAY,
    Lack.NO_SENDER: Kind.NO_SENDER,
    Lack.NO_MAIL: Kind.NO_MAIL,
}
_TRYING: Final = frozenset({LeverState.WANTED, LeverState.PULLING, LeverState.RESTORING})


def names(rights: Sequence[Right]) -> str:
    """Whom to call, as the platform names them."""
    return ", ".join(each.name for each in rights)


def of(facts: Facts, activation: Activation, now: datetime) -> Iterator[Evidence]:
    """Every line."""
    is_over = activation.state is ActivationState.STOOD_DOWN
    yield from _gate(facts, activation, is_over=is_over)
    for breach in sorted(facts.breaches, key=lambda each: each.posted_at, reverse=True):
        yield _breach(breach)
    if facts.outlet.is_editors:
        yield Evidence(Kind.EDITORS)
    if facts.outlet.is_ours:
        yield Evidence(Kind.OURS)
    elif facts.outlet.only_here and facts.outlet.is_connected:
        yield Evidence(Kind.ONLY_HERE if facts.is_only_here else Kind.ONLY_HERE_DISPROVED)
    yield from _lever(facts.lever, is_over=is_over)
    if not facts.people:
        yield Evidence(Kind.NOBODY, None, {"unit": facts.outlet.unit})
    for person in facts.people:
        yield from _person(person)
    for planned in sorted(facts.planned, key=lambda each: each.due_at):
        yield Evidence(_PLANNED[planned.state], planned.due_at, {"text": planned.text})
    yield from _looks(facts, now, is_over=is_over)


def _gate(facts: Facts, activation: Activation, *, is_over: bool) -> Iterator[Evidence]:
    if facts.outlet.is_connected:
        yield Evidence(Kind.GATE, activation.activated_at, {"epoch": activation.epoch})
    elif not facts.outlet.is_ours:
        yield Evidence(Kind.NOT_CONNECTED)
    if is_over:
        yield Evidence(Kind.GATE_OPENED, activation.stood_down_at, {"by": activation.stood_down_by or ""})
    for post in facts.loose:
        yield Evidence(Kind.IN_FLIGHT if post.is_in_flight else Kind.UNRESOLVED, post.began_at, {"text": post.text})


def _breach(breach: Foreign) -> Evidence:
    values = {"text": breach.text, "author": breach.author or "", "by": breach.handled_by or ""}
    return Evidence(_BREACHES[breach.state], breach.handled_at or breach.posted_at, values)


def _lever(lever: Pull | None, *, is_over: bool) -> Iterator[Evidence]:
    """What was done at the platform, and what of it is missing."""
    if is_over and (lever is None or (lever.saved is None and lever.state is not LeverState.ABSENT)):
        yield Evidence(Kind.NOTHING_TAKEN)
        return
    if lever is None:
        return
    has_lied = lever.state is LeverState.PULLED and not lever.has_held
    kind = Kind.LEVER_LIED if has_lied else _LEVERS[lever.state]
    about = lever.had if lever.state is LeverState.BY_HAND else lever.left
    values: dict[str, Any] = {"names": names(about), "error": lever.error or "", "attempts": lever.attempts}
    at = lever.restored_at if lever.state is LeverState.RESTORED else lever.changed_at
    if lever.state in {LeverState.PULLED, LeverState.INCOMPLETE}:
        at = lever.pulled_at
    yield Evidence(kind, at or lever.changed_at, values)
    if lever.state is LeverState.FAILED and lever.left:
        yield Evidence(Kind.LEVER_LIED, lever.changed_at, values)
    if lever.state in _TRYING and lever.error:
        yield Evidence(Kind.LEVER_FAILED, lever.changed_at, values)
    if is_over and lever.is_still_out and lever.state is not LeverState.RESTORING:
        yield Evidence(Kind.LEVER_HELD_BACK if lever.is_held_back else Kind.LEVER_LEFT)


def _person(person: Person) -> Iterator[Evidence]:
    name = {"name": person.name}
    if person.acknowledged_at:
        kind = _ACKNOWLEDGED.get(person.acknowledged_way or "", Kind.ACKNOWLEDGED_DESK)
        yield Evidence(kind, person.acknowledged_at, name | {"by": person.acknowledged_by or person.name})
        return
    if person.delivered_at:
        yield Evidence(Kind.DELIVERED, person.delivered_at, name)
    elif person.accepted_at:
        yield Evidence(Kind.TOLD_SMS, person.accepted_at, name)
    if person.mailed_at:
        yield Evidence(Kind.TOLD_EMAIL, person.mailed_at, name)
    if person.lack is not None:
        yield Evidence(_LACKS[person.lack], None, name)
    elif person.told_at is None and person.is_under_way:
        yield Evidence(Kind.ON_ITS_WAY, None, name)
    elif person.told_at is None and person.notification_id is not None:
        yield Evidence(Kind.NOT_REACHED, None, name | {"error": person.problem or ""})
    if person.asked_again_at:
        yield Evidence(Kind.ASKED_AGAIN, person.asked_again_at, name)


def _looks(facts: Facts, now: datetime, *, is_over: bool) -> Iterator[Evidence]:
    """What the watch and the looking for schedules have seen, and since when they have not."""
    look, listed = facts.look, facts.listed
    if facts.is_gone:
        if facts.lever is None or facts.lever.state is not LeverState.ABSENT:  # otherwise it is said already
            yield Evidence(Kind.GONE)
        return
    if look is None:
        if not facts.outlet.is_ours:
            yield Evidence(Kind.NOT_WATCHED)
    elif not is_over and look.is_blind(now):
        yield Evidence(Kind.BLIND, look.looked_at, {"error": look.error or ""})
    else:
        yield Evidence(Kind.SEEN if look.looked_at else Kind.NOT_SEEN_YET, look.looked_at)
    if listed is not None:
        is_known = listed.listed_at is not None and not listed.failures
        values = {} if is_known else {"error": listed.error or ""}
        yield Evidence(Kind.LISTED if is_known else Kind.LIST_UNREAD, listed.listed_at, values)
