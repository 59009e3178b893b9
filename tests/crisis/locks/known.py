"""Known: one account's facts as a test says them, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.channel_access import Access, Right
from crisis.deliveries.states import DeliveryState
from crisis.levers.states import LeverState
from crisis.locks.facts import Facts, Foreign, Listed, Look, Outlet, Pull, Waiting
from crisis.mode import Mode
from crisis.notifications.models import EmailState, NotificationKind, Part
from crisis.notifications.standing import Person, Told
from crisis.schedules.models import PlannedState
from crisis.watch.models import BreachState

LOCKED = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
NOW = LOCKED + timedelta(hours=2)


def at(minutes: float) -> datetime:
    """So many minutes after the lock."""
    return LOCKED + timedelta(minutes=minutes)


def activation(state: ActivationState = ActivationState.CONFIRMED) -> Activation:
    is_over = state is ActivationState.STOOD_DOWN
    return Activation(
        id=1,
        mode=Mode.ACTUAL,
        title="Skred",
        state=state,
        epoch=7,
        activated_by="Direktøren",
        activated_at=LOCKED,
        confirmed_at=at(1),
        stood_down_by="Direktøren" if is_over else None,
        stood_down_at=at(100) if is_over else None,
    )


def facts(*, connected: bool = True, ours: bool = False, only_here: bool = False, **more: Any) -> Facts:
    outlet = Outlet(1, "facebook", "Biblioteket", "biblioteket", "Kari", connected, is_ours=ours, only_here=only_here)
    return Facts(outlet, **more)


def right(name: str = "Ola", *, removable: bool = True) -> Right:
    return Right(name, name, ("MANAGE",), is_removable=removable)


def lever(
    state: LeverState,
    *,
    saved: tuple[Right, ...] | None = (right(),),
    found: tuple[Right, ...] | None = (),
    **more: Any,
) -> Pull:
    given: dict[str, Any] = {"pulled_at": at(2), **more}
    return Pull(
        9,
        state,
        at(3),
        None if saved is None else Access(saved),
        None if found is None else Access(found),
        **given,
    )


def sms(state: DeliveryState, minutes: float = 1, kind: NotificationKind = NotificationKind.LOCK, **more: Any) -> Told:
    """A text message that came to this, so many minutes after the lock."""
    is_taken = state in {DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.DELIVERED}
    return Told(
        40,
        kind,
        at(minutes),
        state,
        sms_changed_at=at(minutes),
        sms_accepted_at=at(minutes) if is_taken else None,
        **more,
    )


def mail(minutes: float = 2) -> Told:
    """An e-mail that the mail server took."""
    return Told(41, NotificationKind.LOCK, at(minutes), email=EmailState.SENT, email_sent_at=at(minutes))


def person(part: Part = Part.LEADER, name: str = "Kari", *told: Told, **more: Any) -> Person:
    return Person(4, "biblioteket", name, part, told, **more)


def breach(state: BreachState = BreachState.OPEN, posted: float = 30) -> Foreign:
    handled = None if state is BreachState.OPEN else at(posted + 5)
    return Foreign(8, state, at(posted), "Åpent i dag", "Ola", handled_by="Redaktøren", handled_at=handled)


def planned(state: PlannedState = PlannedState.LEFT, due: float = 180) -> Waiting:
    return Waiting(6, state, at(due), "Lesetips", "https://platform.test/6")


def look(minutes: float | None = 119, failures: int = 0, next_at: float = 121, **more: Any) -> Look:
    return Look(None if minutes is None else at(minutes), at(next_at), failures, **more)


def listed(minutes: float | None = 119, failures: int = 0) -> Listed:
    return Listed(None if minutes is None else at(minutes), failures, "503" if failures else None)
