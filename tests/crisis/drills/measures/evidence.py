"""The evidence of a run, made by hand, and what is measured of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crisis.accounts.locks import LockState
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.drills.clock import Clock, Segment
from crisis.drills.measures.contents import Judge
from crisis.drills.measures.evidence import Arrival, Evidence, Kept
from crisis.drills.measures.figure import Figure, Measured
from crisis.drills.measures.service import figures
from crisis.drills.models import Drill, DrillInject, InjectSight
from crisis.drills.script import Script
from crisis.drills.states import InjectState
from crisis.logbook.acts import ACTS
from crisis.logbook.reading import Entry
from crisis.messages.models import Kind, Revision
from crisis.mode import Mode
from tests.crisis.drills.runs import PLAYBOOK
from tests.factories import SLIDE

BEGAN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
EXTRA: dict[str, Any] = {
    **PLAYBOOK,
    "injects": [
        *PLAYBOOK["injects"],
        {"id": "I9", "at": "PT60M", "via": "system_fault", "fault": "idp_down", "for": "PT20M", "text": "Innloggingen er nede."},
    ],
}  # fmt: skip


def at(minutes: float) -> datetime:
    """So many minutes of wall time after the beginning."""
    return BEGAN + timedelta(minutes=minutes)


def act(minutes: float, action: str, actor: str = "Nettredaksjonen", **detail: Any) -> Entry:
    return Entry(
        seq=int(minutes * 100), at=at(minutes), actor=actor, role="editor", action=action, about=ACTS[action], detail=detail,
        record="{}", hash="00", message_id=None, revision_id=None, revision=None, kind=None, headline=None, delivery_id=None,
        channel=None, account=None, unit=None, note=None, is_whole=True,
    )  # fmt: skip


def revision(number: int = 1, approved: float = 10, *, kind: Kind = Kind.ALERT, **more: Any) -> Revision:
    values: dict[str, Any] = {
        "id": number, "message_id": 1, "number": number, "kind": kind, "contents": dict(SLIDE), "part_saves": {},
        "written_at": at(approved - 4), "submitted_at": at(approved - 1), "approved_at": at(approved), "next_update_at": at(approved + 60),
    }  # fmt: skip
    return Revision(**(values | more))


def arrival(revision_id: int, channel: str, first: float | None, last: float | None = None, **more: Any) -> Arrival:
    end = last if last is not None else first
    values: dict[str, Any] = {
        "revision_id": revision_id, "channel": channel, "account": f"Vår {channel}", "language": "nb", "total": 1, "taken": 1,
        "first_at": None if first is None else at(first), "last_at": None if end is None else at(end), "failed_at": None, "error": None,
    }  # fmt: skip
    return Arrival(**(values | more))


def inject(key: str, minutes: float) -> DrillInject:
    return DrillInject(
        key=key, position=0, state=InjectState.FIRED, decided_at=at(minutes), decided_elapsed=minutes * 60.0
    )


def run(**changes: Any) -> Evidence:
    """A drill at the pace of the clock on the wall: crisis staff after 4 minutes, first message after 10, over after 90."""
    activation = Activation(
        id=1, mode=Mode.EXERCISE, title="Skred", state=ActivationState.STOOD_DOWN, epoch=7, activated_by="Kommunedirektøren",
        activated_at=at(4), confirmed_at=at(4.5), stood_down_by="Kommunedirektøren", stood_down_at=at(90),
    )  # fmt: skip
    made = Evidence(
        mode=Mode.EXERCISE,
        until=at(90),
        drill=Drill(id=1, playbook_id="kvikkleireskred"),
        activation=activation,
        clock=Clock([Segment(BEGAN, 0.0, 1.0)]),
        script=Script(EXTRA),
        acts=[act(4, "activate"), act(4.5, "confirm", "system"), act(10, "approve"), act(90, "stand_down")],
        sent=[revision()],
        arrivals=[arrival(1, "website", 10.5), arrival(1, "facebook", 14.0)],
        injects=[inject("I1", 0)],
        sights=[InjectSight(key="I1", by="Kommunedirektøren", at=at(1))],
        accounts=[
            Kept("facebook", "Biblioteket", "biblioteket", LockState.HELD),
            Kept("linkedin", "Kommunen", "personal", LockState.NOT_ENFORCEABLE),
        ],
    )
    return replace(made, **changes)


def measured(judge: Judge, measure: Measured, **changes: Any) -> Figure:
    return next(each for each in figures(run(**changes), judge) if each.measured is measure)


def pieces(figure: Figure) -> list[float | None]:
    return [part.value for part in figure.parts]
