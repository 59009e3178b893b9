"""Service: every measure of a run, each with its target; and what the last runs of the same playbook had."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.drills.measures import evidence, lock, rhythm, spread, troubles
from crisis.drills.measures.contents import ELEMENT_COUNT, Judge
from crisis.drills.measures.evidence import Evidence
from crisis.drills.measures.figure import Figure, Measured, NotMeasured, Unit, Value
from crisis.drills.models import Drill
from crisis.drills.states import DrillState
from crisis.locks.reading import Around
from crisis.mode import Mode
from crisis.targets import TARGETS, Measure

Find = Callable[[Evidence], Value]
"""One measure. Raises :class:`NotMeasured`."""
RUNS: Final = 5
"""Earlier runs that a figure is compared with."""
ACTIVATE_WITHIN: Final = 300.0
"""Seconds from the first inject to the crisis staff set, where the playbook does not say."""
RUMOUR_WITHIN: Final = 900.0
NOTICED_WITHIN: Final = 600.0
BREAK_GLASS_WITHIN: Final = 900.0
"""Seconds, as the playbooks that are shipped expect them of a rumour, of a channel that fails, and of signing in that fails."""

FINDS: Final[Mapping[Measured, tuple[Find, Unit, float | None]]] = {
    Measured.ACTIVATE: (lock.time_to_activate, Unit.SECONDS, ACTIVATE_WITHIN),
    Measured.ACCOUNTS_LOCKED: (lock.time_to_lock, Unit.SECONDS, None),
    Measured.FIRST_MESSAGE: (spread.time_to_first_message, Unit.SECONDS, None),
    Measured.LAST_CHANNEL: (spread.time_to_last_channel, Unit.SECONDS, None),
    Measured.SWITCHBOARD: (spread.switchboard_lag, Unit.SECONDS, None),
    Measured.EMPLOYEES: (spread.employee_lag, Unit.SECONDS, None),
    Measured.MISSED_UPDATES: (rhythm.missed_updates, Unit.COUNT, 0.0),
    Measured.SILENCE: (rhythm.longest_silence, Unit.SECONDS, None),
    Measured.RUMOUR: (troubles.rumour_time, Unit.SECONDS, RUMOUR_WITHIN),
    Measured.LOCK_INTEGRITY: (lock.lock_integrity, Unit.COUNT, 0.0),
    Measured.FAULT_NOTICED: (troubles.fault_noticed, Unit.SECONDS, NOTICED_WITHIN),
    Measured.BREAK_GLASS: (troubles.break_glass, Unit.SECONDS, BREAK_GLASS_WITHIN),
    Measured.ALL_CLEAR: (spread.time_to_all_clear, Unit.SECONDS, None),
    Measured.UNLOCK: (lock.time_to_unlock, Unit.SECONDS, None),
}
"""What finds each, in what unit, and its target where neither the playbook nor :mod:`crisis.targets` has one."""
OVER: Final = (DrillState.ENDED, DrillState.STOPPED)
"""Drills that count as earlier runs. One that a real crisis interrupted measures the crisis."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run and its figures, for comparing."""

    id: int
    began_at: datetime
    figures: Mapping[Measured, Figure]


@dataclass(frozen=True, slots=True)
class Trend:
    """One measure over the runs, the oldest first. ``None`` where a run did not measure it."""

    measured: Measured
    points: Sequence[tuple[datetime, float | None]]
    target: float | None
    unit: Unit

    @property
    def median(self) -> float | None:
        """Of the runs before this one that measured it."""
        known = [value for _, value in self.points[:-1] if value is not None]
        return median(known) if known else None


def figures(run: Evidence, judge: Judge) -> list[Figure]:
    """Every measure there is, measured or with the reason why not."""
    finds = dict(FINDS) | {
        Measured.COMPLETENESS: (judge.completeness, Unit.COUNT, ELEMENT_COUNT),
        Measured.CONSISTENCY: (judge.consistency, Unit.COUNT, 0.0),
    }
    return [_figure(run, measured, *finds[measured]) for measured in Measured]


async def earlier(session: AsyncSession, run: Evidence, judge: Judge, around: Around, primary: str) -> list[Run]:
    """The last five runs before this one, the oldest first: of the same playbook; of a real crisis, real ones."""
    found = [
        Run(run_id, each.began_at, {figure.measured: figure for figure in figures(each, judge)})
        for run_id, each in await _before(session, run, around, primary)
    ]
    return found[::-1]


def trends(run: Evidence, found: Sequence[Figure], before: Sequence[Run]) -> dict[Measured, Trend]:
    """Each measure of this run after those before it."""
    return {
        figure.measured: Trend(
            figure.measured,
            [
                *((each.began_at, each.figures[figure.measured].value) for each in before),
                (run.began_at, figure.value),
            ],
            figure.target,
            figure.unit,
        )
        for figure in found
    }


async def _before(session: AsyncSession, run: Evidence, around: Around, primary: str) -> list[tuple[int, Evidence]]:
    """Newest first."""
    if run.drill is not None:
        drills = select(Drill.id).where(
            Drill.playbook_id == run.drill.playbook_id, Drill.id < run.drill.id, Drill.state.in_(OVER)
        )
        ids = (await session.scalars(drills.order_by(Drill.id.desc()).limit(RUNS))).all()
        return [(each, await evidence.of_drill(session, each, around, primary)) for each in ids]
    if run.activation is None or run.mode is not Mode.ACTUAL:
        return []
    real = select(Activation.id).where(
        Activation.mode == Mode.ACTUAL,
        Activation.id < run.activation.id,
        Activation.state == ActivationState.STOOD_DOWN,
    )
    ids = (await session.scalars(real.order_by(Activation.id.desc()).limit(RUNS))).all()
    return [(each, await evidence.of_activation(session, each, around, primary)) for each in ids]


def _figure(run: Evidence, measured: Measured, find: Find, unit: Unit, default: float | None) -> Figure:
    target = _target(run, measured, default)
    try:
        found = find(run)
    except NotMeasured as reason:
        return Figure(measured, unit, None, target, str(reason))
    return Figure(measured, unit, found.value, target, "", tuple(found.parts))


def _target(run: Evidence, measured: Measured, default: float | None) -> float | None:
    """The playbook's own, or else this service's."""
    own = run.script.target(measured.value)
    if own is not None:
        return own.total_seconds()
    if measured.value in set(Measure):
        return TARGETS[Measure(measured.value)].total_seconds()
    return default
