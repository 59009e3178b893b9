"""The course of a drill: started, paused, resumed, faster or slower, put forward, stopped. Each act is on record.

Runbook, when a drill stands although its clock goes: no conductor runs (``crisis doctor`` says so). Start one with
``crisis conductor``, or everything with ``crisis up``: it goes on where the drill's clock is, and what had fallen due meanwhile comes
at once, in its order.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import gate
from crisis.activations.models import Activation
from crisis.activations.service import TITLE_MOST, activate, find_current
from crisis.audit import chain
from crisis.clock import at_database
from crisis.db import Database
from crisis.drills import calendar, counterplay, ending, reading
from crisis.drills.models import ClockRow, Drill, DrillExpectation, DrillInject
from crisis.drills.reading import Held
from crisis.drills.snapshot import naming, taken
from crisis.drills.states import DRILL_MOVES, DrillState, ExpectationState, check_move
from crisis.errors import Conflict, Invalid
from crisis.messages.content import tidy
from crisis.mode import Mode
from crisis.playbooks.models import Action, Playbook
from crisis.roles import Act, Actor, require
from crisis.said import Said

SLOWEST: Final = 0.1
FASTEST: Final = 3600.0
"""Seconds of drill time in a second. Beyond an hour in a second nothing could be told apart."""
REASON_MOST: Final = 500
"""Characters of why a drill was stopped."""
_SECRET_BYTES: Final = 32
_GLASS_DIGITS: Final = 6


class NotNow(Conflict):
    """A drill cannot start while something else is in force; says what, and what to do."""


async def start(
    db: Database,
    actor: Actor,
    playbook: Playbook,
    *,
    sha256: str,
    speed: float | None = None,
    autoplay: bool = False,
) -> Drill:
    """Start a drill: its clock goes from now on. ``sha256`` is that of the playbook's file, in hex.

    The crisis staff is the players' to set, at the ordinary desk; where the playbook does not expect that of them it is set at
    once. Raises :class:`NotNow` while a real crisis is on, while another drill is not over, and while an exercise outside
    drills is in force; :class:`Invalid` for a speed that no clock has; and :class:`calendar.NationalTest` for a time when no drill is held.
    """
    require(actor, Act.RUN_DRILL)
    speed = _speed(playbook.exercise.clock.speed if speed is None else speed)
    calendar.check(await _now(db), playbook.exercise.duration / speed)
    title = _title(playbook)
    try:
        async with db.together() as session:
            await gate.exclude(session, Mode.EXERCISE)  # nobody begins an exercise of their own in between
            await _refuse_unless_free(session)
            now = await at_database(session)
            drill = Drill(
                playbook_id=playbook.id,
                playbook_version=playbook.version,
                playbook_sha256=sha256,
                playbook=taken(playbook),
                state=DrillState.RUNNING,
                autoplay=autoplay,
                secret=secrets.token_bytes(_SECRET_BYTES),
                glass_word="".join(secrets.choice("0123456789") for _ in range(_GLASS_DIGITS)),
                started_by=actor.name,
                started_at=now,
            )
            session.add(drill)
            await session.flush()
            session.add(ClockRow(drill_id=drill.id, at=now, elapsed=0.0, speed=speed, by=actor.name))
            session.add_all(_injects(drill.id, playbook))
            session.add_all(_expectations(drill.id, playbook))
            detail = {"playbook": playbook.id, "version": playbook.version, "sha256": sha256, "speed": speed}
            await session.flush()
            drill.began_seq = await _record(session, actor, "start_drill", drill, **detail, autoplay=autoplay)
            if not any(each.action == Action.ACTIVATE for each in playbook.expectations):
                drill.activation_id = (await activate(db, actor, Mode.EXERCISE, title)).activation.id
    except IntegrityError as problem:
        if "drills_one_at_a_time" not in str(problem.orig):
            raise
        raise NotNow(
            Said("Another drill was started at the same moment. See it under drills. Nothing was started.")
        ) from None
    return drill


async def pause(db: Database, actor: Actor, drill_id: int) -> Drill:
    """Let drill time stand still: nothing falls due, and no deadline runs. Pausing twice is harmless.

    Raises :class:`Conflict` where the playbook allows no pause.
    """
    require(actor, Act.RUN_DRILL)
    async with _changing(db, drill_id) as (session, held):
        if not held.playbook.exercise.clock.pause_allowed:
            raise Conflict(
                Said("This playbook allows no pause: it is to be as in a real crisis. Go on, or stop the drill.")
            )
        if held.drill.state is DrillState.RUNNING:
            await _set(session, held, actor, 0.0)
            _move(held.drill, DrillState.PAUSED)
            await _record(session, actor, "pause_drill", held.drill, elapsed=round(held.elapsed, 3))
    return held.drill


async def resume(db: Database, actor: Actor, drill_id: int) -> Drill:
    """Let drill time go on, as fast as before. Resuming what is not paused is harmless."""
    require(actor, Act.RUN_DRILL)
    async with _changing(db, drill_id) as (session, held):
        if held.drill.state is DrillState.PAUSED:
            await _set(session, held, actor, held.clock.speed)
            _move(held.drill, DrillState.RUNNING)
            await _record(session, actor, "resume_drill", held.drill, elapsed=round(held.elapsed, 3))
    return held.drill


async def set_speed(db: Database, actor: Actor, drill_id: int, speed: float) -> Drill:
    """Let drill time go faster or slower from now on; of a drill that is paused, when it goes on."""
    require(actor, Act.RUN_DRILL)
    speed = _speed(speed)
    async with _changing(db, drill_id) as (session, held):
        if speed != held.clock.speed:
            await _set(session, held, actor, speed)
            if held.drill.state is DrillState.PAUSED:
                await _set(session, held, actor, 0.0)
            detail = {"speed": speed, "elapsed": round(held.elapsed, 3)}
            await _record(session, actor, "set_drill_speed", held.drill, **detail)
    return held.drill


async def put_forward(db: Database, actor: Actor, drill_id: int, elapsed: float) -> Drill:
    """Put drill time forward, to ``elapsed`` seconds. What falls due on the way comes at once, in its order.

    It never goes back, and never beyond the drill's end.
    """
    require(actor, Act.RUN_DRILL)
    async with _changing(db, drill_id) as (session, held):
        to = min(elapsed, held.playbook.exercise.duration.total_seconds())
        if to > held.elapsed:
            speed = 0.0 if held.drill.state is DrillState.PAUSED else held.clock.speed
            await _set(session, held, actor, speed, elapsed=to)
            detail = {"elapsed": round(held.elapsed, 3), "to": round(to, 3)}
            await _record(session, actor, "put_drill_forward", held.drill, **detail)
    return held.drill


async def stop(db: Database, actor: Actor, drill_id: int, reason: str) -> Drill:
    """Break a drill off. The exercise's crisis staff is stood down with it.

    Raises :class:`Invalid` without a reason: the report says why.
    """
    require(actor, Act.RUN_DRILL)
    reason = tidy(reason.replace("\x00", ""))
    if not 0 < len(reason) <= REASON_MOST:
        raise Invalid(
            Said(
                "Say why it is stopped, in at most {most} characters: the report says so. It goes on.", most=REASON_MOST
            )
        )
    async with _changing(db, drill_id) as (session, held):
        await ending.end(session, held, DrillState.STOPPED, actor, reason)
    return held.drill


@asynccontextmanager
async def _changing(db: Database, drill_id: int) -> AsyncIterator[tuple[AsyncSession, Held]]:
    async with db.transaction() as session:
        yield session, await reading.hold(session, drill_id)


async def _set(session: AsyncSession, held: Held, actor: Actor, speed: float, elapsed: float | None = None) -> None:
    """Let the clock go otherwise from this moment on, and move what waits for a time on it."""
    at = held.elapsed if elapsed is None else elapsed
    session.add(ClockRow(drill_id=held.drill.id, at=held.now, elapsed=at, speed=speed, by=actor.name))
    await session.flush()
    clock = await reading.clock_of(session, held.drill.id)
    await counterplay.retime(session, held.drill.id, held.playbook, clock)


async def _refuse_unless_free(session: AsyncSession) -> None:
    if (actual := await find_current(session, Mode.ACTUAL)) is not None:
        raise NotNow(
            Said(
                "A real crisis is on: {who} has activated “{title}”. No drill starts until it is stood down. Nothing was started.",
                who=actual.activated_by,
                title=actual.title,
            )
        )
    if (other := await reading.current(session)) is not None:
        raise NotNow(
            Said(
                "Drill {number} ({playbook}), started by {who}, is not over. Stop it first. Nothing was started.",
                number=other.id,
                playbook=other.playbook_id,
                who=other.started_by,
            )
        )
    exercise: Activation | None = await find_current(session, Mode.EXERCISE)
    if exercise is not None:
        raise NotNow(
            Said(
                "An exercise is in force already: {who} has activated “{title}”. Stand it down first. Nothing was started.",
                who=exercise.activated_by,
                title=exercise.title,
            )
        )


def _injects(drill_id: int, playbook: Playbook) -> list[DrillInject]:
    return [
        DrillInject(
            drill_id=drill_id,
            key=each.id,
            position=position,
            due_elapsed=each.at.total_seconds() if each.after is None else None,
        )
        for position, each in enumerate(playbook.injects)
    ]


def _expectations(drill_id: int, playbook: Playbook) -> list[DrillExpectation]:
    """What follows nothing is expected from the beginning."""
    rows = []
    for position, each in enumerate(playbook.expectations):
        row = DrillExpectation(drill_id=drill_id, key=each.id, position=position, state=ExpectationState.WAITING)
        if each.after is None and not naming(playbook, each.id):
            row.state, row.begun_elapsed = ExpectationState.RUNNING, 0.0
            row.due_elapsed = each.within.total_seconds()
        rows.append(row)
    return rows


def _title(playbook: Playbook) -> str:
    return tidy(playbook.title.get(playbook.languages.primary))[:TITLE_MOST]


def _speed(speed: float) -> float:
    if not SLOWEST <= speed <= FASTEST:  # of no number at all, too
        raise Invalid(
            Said(
                "Drill time goes {least:g} to {most:g} times as fast as the clock on the wall, not {given:g} times.",
                least=SLOWEST,
                most=FASTEST,
                given=speed,
            )
        )
    return float(speed)


def _move(drill: Drill, state: DrillState) -> None:
    check_move(DRILL_MOVES, drill.state, state)
    drill.state = state


async def _record(session: AsyncSession, actor: Actor, action: str, drill: Drill, **detail: Any) -> int:
    await session.flush()
    return await chain.append(session, actor, action, f"drill:{drill.id}", mode=Mode.EXERCISE, **detail)


async def _now(db: Database) -> datetime:
    async with db.transaction() as session:
        return await at_database(session)
