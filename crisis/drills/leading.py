"""Leading: what the exercise leader decides about single injects and expectations while a drill is under way."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.db import Database
from crisis.drills import reading
from crisis.drills.models import Drill, DrillExpectation, DrillInject
from crisis.drills.reading import Held
from crisis.drills.states import ExpectationState as State
from crisis.drills.states import InjectState, SkipReason
from crisis.errors import Conflict, Invalid, NotFound
from crisis.messages.content import clean
from crisis.mode import Mode
from crisis.roles import Act, Actor, require
from crisis.said import Said

NOTE_MOST: Final = 2000
"""Characters of what is said about a judgement."""


async def fire_now(db: Database, actor: Actor, drill_id: int, key: str) -> Drill:
    """Let an inject come now, whatever it waits for. The conductor fires it at its next look. Asking twice is harmless.

    Raises :class:`NotFound`, and :class:`Conflict` for one that was fired or skipped.
    """
    require(actor, Act.RUN_DRILL)
    async with db.transaction() as session:
        held = await reading.hold(session, drill_id)
        inject = await _waiting(session, held, key)
        if inject.decided_by is None:
            inject.due_elapsed, inject.decided_by = held.elapsed, actor.name
            await _record(session, actor, "order_inject", held, inject=key)
    return held.drill


async def skip(db: Database, actor: Actor, drill_id: int, key: str) -> Drill:
    """Let an inject never come, nor what follows it, nor what only it asks for.

    Raises :class:`NotFound`, and :class:`Conflict` for one that was fired or skipped.
    """
    require(actor, Act.RUN_DRILL)
    async with db.transaction() as session:
        held = await reading.hold(session, drill_id)
        inject = await _waiting(session, held, key)
        inject.state, inject.reason = InjectState.SKIPPED, SkipReason.LEADER.value
        inject.decided_elapsed, inject.decided_at, inject.decided_by = held.elapsed, held.now, actor.name
        await _record(session, actor, "skip_inject", held, inject=key, reason=SkipReason.LEADER.value)
    return held.drill


async def judge(
    db: Database,
    actor: Actor,
    drill_id: int,
    key: str,
    met: bool,  # noqa: FBT001 - "judged met" is what is said
    note: str = "",
    *,
    in_time: bool | None = None,
) -> Drill:
    """Say that an expectation was met, or was not. Whether in time the clock says, unless ``in_time`` does: the leader may have
    seen it in time and come to say so later.

    Raises :class:`NotFound`, :class:`Invalid` for a note that is too long, and :class:`Conflict` for what is not asked for yet, or
    was decided already.
    """
    require(actor, Act.RUN_DRILL)
    note = clean(note.replace("\x00", ""))
    if len(note) > NOTE_MOST:
        raise Invalid(f"The note has {len(note):,} characters, and {NOTE_MOST:,} fit. Nothing was decided.")
    async with db.transaction() as session:
        held = await reading.hold(session, drill_id)
        row = (await reading.expectations_of(session, drill_id)).get(key)
        if row is None:
            raise NotFound("expectation", key, f"It is not in the playbook of drill {drill_id}.")
        _decide(row, held, met=met, in_time=in_time)
        row.judged_by, row.note = actor.name, note or None
        detail = {"expectation": key, "state": row.state.value, "elapsed": row.done_elapsed, "note": note}
        await _record(session, actor, "judge_expectation", held, **detail)
    return held.drill


def _decide(row: DrillExpectation, held: Held, *, met: bool, in_time: bool | None) -> None:
    if row.state is State.WAITING:
        raise Conflict(
            Said(
                "Expectation {key} is not asked for yet: what it follows has not happened. Nothing was decided.",
                key=row.key,
            )
        )
    if row.state not in {State.RUNNING, State.MISSED} or (row.state is State.MISSED and not met):
        raise Conflict(
            Said(
                "Expectation {key} was decided already: {state}. Nothing was changed.",
                key=row.key,
                state=row.state.value,
            )
        )
    if not met:
        row.state = State.MISSED
        return
    due = row.due_elapsed if row.due_elapsed is not None else held.elapsed
    in_time = held.elapsed <= due if in_time is None else in_time
    row.done_elapsed = min(held.elapsed, due) if in_time else held.elapsed
    row.done_at = held.clock.wall(row.done_elapsed) if in_time else held.now
    row.state = State.MET if in_time else State.LATE
    row.evidence = {"judged": True}


async def _waiting(session: AsyncSession, held: Held, key: str) -> DrillInject:
    inject = (await reading.injects_of(session, held.drill.id)).get(key)
    if inject is None:
        raise NotFound("inject", key, f"It is not in the playbook of drill {held.drill.id}.")
    if inject.state is not InjectState.WAITING:
        raise Conflict(
            Said(
                "Inject {key} was {state} already, by {who}. Nothing was changed.",
                key=key,
                state=inject.state.value,
                who=inject.decided_by,
            )
        )
    return inject


async def _record(session: AsyncSession, actor: Actor, action: str, held: Held, **detail: object) -> None:
    await session.flush()
    await chain.append(session, actor, action, f"drill:{held.drill.id}", mode=Mode.EXERCISE, **detail)
