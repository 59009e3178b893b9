"""Faults: what is out of order in the exercise's world just now, told from the injects that have come and the drill's clock.

Channel faults are enacted by the sandbox, which :mod:`crisis.drills.world` tells of them. Of the system faults, ``website_down`` is
the sandbox's too; ``redis_gone`` is that the bell of exercises does not ring (:func:`quiet_bell`), so that the sweep has to find what
is due; ``idp_down`` is that the exercise's pages let a player in by the drill's emergency word alone (the desk asks :func:`now`).
Nothing real is touched by any of them: the real bell, the real sign-in and the real page do not know that there are drills.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.clock import at_database
from crisis.db import Bell, Database
from crisis.drills import reading
from crisis.drills.models import Drill, DrillInject
from crisis.drills.snapshot import playbook_of
from crisis.drills.states import InjectState
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.playbooks.models import Inject, Playbook, SystemFault, Via

FAULTY = frozenset({Via.CHANNEL_FAULT, Via.SYSTEM_FAULT})


def in_force(playbook: Playbook, rows: Mapping[str, DrillInject], elapsed: float) -> Sequence[Inject]:
    """The faults that have begun and are not over at a moment of drill time. One without an end lasts as long as the drill."""
    return [
        inject
        for inject in playbook.injects
        if inject.via in FAULTY
        and (row := rows.get(inject.id)) is not None
        and row.state is InjectState.FIRED
        and (begun := row.decided_elapsed or 0.0) <= elapsed
        and (inject.for_ is None or elapsed < begun + inject.for_.total_seconds())
    ]


async def now(session: AsyncSession) -> frozenset[SystemFault]:
    """What of our own is gone in the exercise's world just now. Nothing without a drill."""
    drill = await reading.current(session)
    return frozenset() if drill is None else systems(await of(session, drill))


async def of(session: AsyncSession, drill: Drill) -> Sequence[Inject]:
    """The faults that are in force in this drill now."""
    rows = await reading.injects_of(session, drill.id)
    elapsed = (await reading.clock_of(session, drill.id)).elapsed(await at_database(session))
    return in_force(playbook_of(drill), rows, elapsed)


def quiet_bell(db: Database, bell: Bell) -> Bell:
    """The bell, but that it does not ring for an exercise while Redis "is gone" there. The sweep finds the work, as it would then."""

    async def ring(mode: Mode, lane: Lane) -> None:
        if mode is Mode.EXERCISE:
            async with db.transaction() as session:
                if SystemFault.REDIS_GONE in await now(session):
                    return
        await bell(mode, lane)

    return ring


def systems(injects: Collection[Inject]) -> frozenset[SystemFault]:
    """What of our own these take away."""
    return frozenset(inject.fault for inject in injects if isinstance(inject.fault, SystemFault))
