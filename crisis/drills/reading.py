"""Reading: which drills there are, and one of them held still with its clock while something is done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.clock import at_database
from crisis.drills.clock import Clock
from crisis.drills.models import ClockRow, Drill, DrillExpectation, DrillInject
from crisis.drills.snapshot import playbook_of
from crisis.drills.states import DRILL_MOVES
from crisis.errors import Conflict, NotFound
from crisis.playbooks.models import Playbook
from crisis.said import Said

UNDER_WAY: Final = tuple(state for state, moves in DRILL_MOVES.items() if moves)
"""The states of a drill that is not over."""


class DrillOver(Conflict):
    """Nothing more happens in it."""

    def __init__(self, drill: Drill) -> None:
        super().__init__(
            Said(
                "Drill {number} is over ({state}), and nothing about it can be changed any more.",
                number=drill.id,
                state=drill.state.value,
            )
        )


@dataclass(frozen=True, slots=True)
class Held:
    """A drill that nobody else changes until the transaction ends, and the moment at which that was so."""

    drill: Drill
    playbook: Playbook
    clock: Clock
    now: datetime

    @property
    def elapsed(self) -> float:
        """Seconds of drill time now."""
        return self.clock.elapsed(self.now)


async def get(session: AsyncSession, drill_id: int) -> Drill:
    """One drill. Raises :class:`NotFound`."""
    drill = await session.get(Drill, drill_id, populate_existing=True)
    if drill is None:
        raise NotFound("drill", drill_id)
    return drill


async def current(session: AsyncSession) -> Drill | None:
    """The drill that is not over, if there is one."""
    return (await session.scalars(_current())).one_or_none()


async def latest(session: AsyncSession) -> Drill | None:
    """The last drill, under way or over, if there ever was one."""
    return (await session.scalars(select(Drill).order_by(Drill.id.desc()).limit(1))).one_or_none()


async def list_drills(
    session: AsyncSession, *, playbook_id: str | None = None, before: int | None = None, most: int = 50
) -> Sequence[Drill]:
    """Drills before number ``before``, the newest first; of one playbook, or of all."""
    wanted = select(Drill).order_by(Drill.id.desc()).limit(most)
    if playbook_id is not None:
        wanted = wanted.where(Drill.playbook_id == playbook_id)
    if before is not None:
        wanted = wanted.where(Drill.id < before)
    return (await session.scalars(wanted)).all()


async def clock_of(session: AsyncSession, drill_id: int) -> Clock:
    """The clock of a drill."""
    rows = await session.scalars(select(ClockRow).filter_by(drill_id=drill_id).order_by(ClockRow.id))
    return Clock.of(rows)


async def hold(session: AsyncSession, drill_id: int) -> Held:
    """Hold a drill that is not over. Raises :class:`NotFound` and :class:`DrillOver`."""
    found = await session.scalars(_held(select(Drill).filter_by(id=drill_id)))
    drill = found.one_or_none()
    if drill is None:
        raise NotFound("drill", drill_id)
    if drill.state.is_over:
        raise DrillOver(drill)
    return await _with_clock(session, drill)


async def claim(session: AsyncSession) -> Held | None:
    """Hold the drill that is not over, unless there is none or somebody else does something about it just now."""
    drill = (await session.scalars(_held(_current(), skip_locked=True))).one_or_none()
    return None if drill is None else await _with_clock(session, drill)


async def injects_of(session: AsyncSession, drill_id: int) -> dict[str, DrillInject]:
    """``{key: how it stands}``, in the playbook's order."""
    rows = await session.scalars(select(DrillInject).filter_by(drill_id=drill_id).order_by(DrillInject.position))
    return {row.key: row for row in rows}


async def expectations_of(session: AsyncSession, drill_id: int) -> dict[str, DrillExpectation]:
    """``{key: how it stands}``, in the playbook's order."""
    rows = select(DrillExpectation).filter_by(drill_id=drill_id).order_by(DrillExpectation.position)
    return {row.key: row for row in await session.scalars(rows)}


def _current() -> Select[Drill]:
    return select(Drill).where(Drill.state.in_(UNDER_WAY))


def _held(wanted: Select[Drill], *, skip_locked: bool = False) -> Select[Drill]:
    # Not against those who join it or write about it meanwhile: their rows only refer to it.
    held = wanted.with_for_update(key_share=True, skip_locked=skip_locked)
    return held.execution_options(populate_existing=True)


async def _with_clock(session: AsyncSession, drill: Drill) -> Held:
    clock = await clock_of(session, drill.id)
    return Held(drill, playbook_of(drill), clock, await at_database(session))
