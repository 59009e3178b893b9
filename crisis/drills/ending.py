"""Ending: what is done once when a drill is over, however it came to be."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import service as activations
from crisis.audit import chain
from crisis.drills import counterplay
from crisis.drills.models import ClockRow
from crisis.drills.reading import Held, expectations_of, injects_of
from crisis.drills.states import (
    DRILL_MOVES,
    EXPECTATION_MOVES,
    DrillState,
    ExpectationState,
    InjectState,
    SkipReason,
    check_move,
)
from crisis.mode import Mode
from crisis.roles import Actor

_ACTS = {
    DrillState.ENDED: "end_drill",
    DrillState.STOPPED: "stop_drill",
    DrillState.INTERRUPTED: "interrupt_drill",
}


async def end(session: AsyncSession, held: Held, state: DrillState, by: Actor | None, reason: str) -> None:
    """End a drill: its clock stands still, what had not come never comes, and the exercise's lock is open again.

    ``by`` is ``None`` where no person did it. Whatever the exercise's crisis staff has is stood down by the system.
    """
    drill, elapsed = held.drill, held.elapsed
    check_move(DRILL_MOVES, drill.state, state)
    name = by.name if by else chain.SYSTEM
    session.add(ClockRow(drill_id=drill.id, at=held.now, elapsed=elapsed, speed=0.0, by=name))
    for inject in (await injects_of(session, drill.id)).values():
        if inject.state is InjectState.WAITING:
            inject.state, inject.reason = InjectState.SKIPPED, SkipReason.OVER.value
            inject.decided_elapsed, inject.decided_at, inject.decided_by = elapsed, held.now, chain.SYSTEM
    for expectation in (await expectations_of(session, drill.id)).values():
        if ExpectationState.VOID in EXPECTATION_MOVES[expectation.state]:
            expectation.state = ExpectationState.VOID
    await counterplay.cancel(session, drill.id)
    drill.state, drill.ended_by, drill.ended_at, drill.end_reason = state, name, held.now, reason
    await session.flush()
    await activations.stand_down_in(session, None, Mode.EXERCISE)
    detail = {"reason": reason, "elapsed": round(elapsed, 3)}
    await chain.append(session, by, _ACTS[state], f"drill:{drill.id}", mode=Mode.EXERCISE, **detail)


def at_the_end_of(held: Held) -> Held:
    """The same as of the moment at which its time was out, though somebody looked only later."""
    last = held.clock.segments[-1].at
    over = held.clock.wall(held.playbook.exercise.duration.total_seconds())
    return held if over is None else replace(held, now=max(last, min(over, held.now)))
