"""Picture: a drill at one moment, with everything that a page of it needs, in a handful of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.clock import at_database
from crisis.drills import notes, reading
from crisis.drills.clock import Clock
from crisis.drills.models import Drill, DrillExpectation, DrillInject, DrillPlayer, InjectSight, Observation
from crisis.drills.snapshot import naming, playbook_of
from crisis.drills.states import ExpectationState, InjectState
from crisis.playbooks.models import Expectation, Inject, Playbook


@dataclass(frozen=True, slots=True)
class InjectPicture:
    """An inject of the playbook, and how it stands."""

    inject: Inject
    row: DrillInject
    due_at: datetime | None
    """When it comes, as the clock goes now; nothing while that is not known."""
    seen: Sequence[InjectSight]
    """Who has seen it, the first one first."""

    @property
    def key(self) -> str:
        """Its id in the playbook."""
        return self.inject.id

    @property
    def state(self) -> InjectState:
        """How it stands."""
        return self.row.state

    @property
    def is_ordered(self) -> bool:
        """The exercise leader wants it now, and the conductor has not come to it yet."""
        return self.row.state is InjectState.WAITING and self.row.decided_by is not None


@dataclass(frozen=True, slots=True)
class ExpectationPicture:
    """An expectation of the playbook, and how it stands."""

    expectation: Expectation
    row: DrillExpectation
    injects: Sequence[Inject]
    """Those that ask for it."""
    left: float | None
    """Seconds of drill time until its deadline, below zero after it; nothing while none runs."""

    @property
    def key(self) -> str:
        """Its id in the playbook."""
        return self.expectation.id

    @property
    def state(self) -> ExpectationState:
        """How it stands."""
        return self.row.state


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it, as of ``now``."""

    drill: Drill
    playbook: Playbook
    clock: Clock
    now: datetime
    activation: Activation | None
    """The exercise's, once the crisis staff is set in it."""
    injects: Sequence[InjectPicture]
    expectations: Sequence[ExpectationPicture]
    players: Sequence[DrillPlayer]
    """Who plays, and who has left, the first one first."""
    notes: Sequence[Observation]

    @property
    def elapsed(self) -> float:
        """Seconds of drill time."""
        return self.clock.elapsed(self.now)

    @property
    def duration(self) -> timedelta:
        """How long it lasts, in drill time."""
        return self.playbook.exercise.duration

    @property
    def left(self) -> float:
        """Seconds of drill time until its time is out."""
        return max(0.0, self.duration.total_seconds() - self.elapsed)

    @property
    def next(self) -> InjectPicture | None:
        """The inject that comes next, of those whose time is known."""
        waiting = [
            each for each in self.injects if each.state is InjectState.WAITING and each.row.due_elapsed is not None
        ]
        return min(waiting, key=lambda each: (each.row.due_elapsed or 0.0, each.row.position), default=None)

    @property
    def counts(self) -> Mapping[ExpectationState, int]:
        """How many expectations stand how."""
        return {state: sum(each.state is state for each in self.expectations) for state in ExpectationState}

    def parts_of(self, name: str) -> Sequence[DrillPlayer]:
        """The parts that somebody has now."""
        return [each for each in self.players if each.name == name and each.left_at is None]


async def picture(session: AsyncSession, drill_id: int) -> Picture:
    """A drill as it is now. Raises :class:`crisis.errors.NotFound`."""
    drill = await reading.get(session, drill_id)
    playbook, now = playbook_of(drill), await at_database(session)
    clock = await reading.clock_of(session, drill_id)
    injects = await reading.injects_of(session, drill_id)
    expectations = await reading.expectations_of(session, drill_id)
    sights: dict[str, list[InjectSight]] = {}
    for sight in await session.scalars(select(InjectSight).filter_by(drill_id=drill_id).order_by(InjectSight.id)):
        sights.setdefault(sight.key, []).append(sight)
    players = await session.scalars(select(DrillPlayer).filter_by(drill_id=drill_id).order_by(DrillPlayer.id))
    return Picture(
        drill=drill,
        playbook=playbook,
        clock=clock,
        now=now,
        activation=None if drill.activation_id is None else await activations.get(session, drill.activation_id),
        injects=[
            InjectPicture(each, row, _due_at(row, clock), sights.get(each.id, []))
            for each in playbook.injects
            if (row := injects.get(each.id)) is not None
        ],
        expectations=[
            ExpectationPicture(each, asked, naming(playbook, each.id), _left(asked, clock.elapsed(now)))
            for each in playbook.expectations
            if (asked := expectations.get(each.id)) is not None
        ],
        players=list(players),
        notes=await notes.observations(session, drill_id),
    )


def _due_at(row: DrillInject, clock: Clock) -> datetime | None:
    return clock.wall(row.due_elapsed) if row.state is InjectState.WAITING and row.due_elapsed is not None else None


def _left(row: DrillExpectation, elapsed: float) -> float | None:
    runs = row.state is ExpectationState.RUNNING and row.due_elapsed is not None
    return row.due_elapsed - elapsed if runs and row.due_elapsed is not None else None
