"""Players: who plays which part, what they have seen, and who has come in with the emergency word."""

import hmac

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.clock import at_database
from crisis.db import Database
from crisis.drills import reading
from crisis.drills.models import Drill, DrillPlayer, InjectSight
from crisis.drills.reading import DrillOver
from crisis.drills.snapshot import inject_of, playbook_of
from crisis.drills.states import InjectState
from crisis.errors import Conflict, Invalid, NotFound
from crisis.mode import Mode
from crisis.roles import Actor
from crisis.said import Said


class WordRefused(Invalid):
    """It is not the drill's emergency word."""

    def __init__(self) -> None:
        super().__init__(
            Said("This is not the emergency word of this drill. The exercise leader has it, and so has the sheet.")
        )


async def join(db: Database, actor: Actor, drill_id: int, part: str) -> Drill:
    """Play a part from now on; somebody who has several plays this one now. Whoever is signed in may play.

    Raises :class:`NotFound` for a part that is not in the playbook, and :class:`DrillOver`.
    """
    async with db.transaction() as session:
        drill = await _under_way(session, drill_id)
        if all(each.id != part for each in playbook_of(drill).roles):
            raise NotFound("part", part, f"The playbook of drill {drill_id} has no such role.")
        others = update(DrillPlayer).where(DrillPlayer.drill_id == drill_id, DrillPlayer.name == actor.name)
        await session.execute(others.where(DrillPlayer.left_at.is_(None)).values(playing=DrillPlayer.part == part))
        values = {
            "drill_id": drill_id,
            "name": actor.name,
            "part": part,
            "through_glass": await _is_in(session, drill_id, actor),
        }
        new = insert(DrillPlayer).values(values).on_conflict_do_nothing().returning(DrillPlayer.id)
        if (await session.execute(new)).scalar_one_or_none() is not None:
            await _record(session, actor, "join_drill", drill_id, part=part)
    return drill


async def leave(db: Database, actor: Actor, drill_id: int, part: str | None = None) -> Drill:
    """Play a part no more, or none at all. Leaving what one does not play is harmless."""
    async with db.transaction() as session:
        drill = await reading.get(session, drill_id)
        gone = update(DrillPlayer).where(
            DrillPlayer.drill_id == drill_id, DrillPlayer.name == actor.name, DrillPlayer.left_at.is_(None)
        )
        if part is not None:
            gone = gone.where(DrillPlayer.part == part)
        values = {"left_at": await at_database(session), "playing": False}
        left = list((await session.execute(gone.values(values).returning(DrillPlayer.part))).scalars())
        if left:
            await _play_another(session, drill_id, actor)
            await _record(session, actor, "leave_drill", drill_id, parts=sorted(left))
    return drill


async def see(db: Database, actor: Actor, drill_id: int, key: str) -> Drill:
    """Say that one has seen an inject. Seeing it twice is harmless. Raises :class:`NotFound` for one that has not come."""
    async with db.transaction() as session:
        drill = await reading.get(session, drill_id)
        row = (await reading.injects_of(session, drill_id)).get(key)
        if inject_of(playbook_of(drill), key) is None or row is None or row.state is not InjectState.FIRED:
            raise NotFound("inject", key, "It is not there, or has not come yet.")
        new = insert(InjectSight).values(drill_id=drill_id, key=key, by=actor.name).on_conflict_do_nothing()
        if (await session.execute(new.returning(InjectSight.id))).scalar_one_or_none() is not None:
            await _record(session, actor, "see_inject", drill_id, inject=key)
    return drill


async def break_glass(db: Database, actor: Actor, drill_id: int, word: str) -> Drill:
    """Come in with the drill's emergency word while the exercise's signing in "does not answer". Worth nothing outside the drill.

    Raises :class:`WordRefused`, :class:`Conflict` for somebody who plays no part, and :class:`DrillOver`.
    """
    async with db.transaction() as session:
        drill = await _under_way(session, drill_id)
        if not hmac.compare_digest("".join(word.split()).encode(), drill.glass_word.encode()):
            raise WordRefused
        mine = update(DrillPlayer).where(
            DrillPlayer.drill_id == drill_id, DrillPlayer.name == actor.name, DrillPlayer.left_at.is_(None)
        )
        if not (await session.execute(mine.values(through_glass=True).returning(DrillPlayer.id))).scalars().all():
            raise Conflict(Said("You play no part in this drill. Join it first."))
        await _record(session, actor, "break_drill_glass", drill_id)
    return drill


async def playing(session: AsyncSession, drill_id: int, name: str) -> DrillPlayer | None:
    """The part that somebody plays now, if they play one."""
    mine = select(DrillPlayer).filter_by(drill_id=drill_id, name=name, playing=True, left_at=None)
    return (await session.scalars(mine.order_by(DrillPlayer.id.desc()).limit(1))).first()


async def _play_another(session: AsyncSession, drill_id: int, actor: Actor) -> None:
    """Somebody who has left the part they played plays another of theirs."""
    mine = select(DrillPlayer).filter_by(drill_id=drill_id, name=actor.name, left_at=None).order_by(DrillPlayer.id)
    rows = (await session.scalars(mine.execution_options(populate_existing=True))).all()
    if rows and not any(row.playing for row in rows):
        rows[-1].playing = True
        await session.flush()


async def _is_in(session: AsyncSession, drill_id: int, actor: Actor) -> bool:
    """Has come in with the word already, in another part."""
    known = select(DrillPlayer.id).filter_by(drill_id=drill_id, name=actor.name, left_at=None, through_glass=True)
    return (await session.execute(known.limit(1))).first() is not None


async def _under_way(session: AsyncSession, drill_id: int) -> Drill:
    drill = await reading.get(session, drill_id)
    if drill.state.is_over:
        raise DrillOver(drill)
    return drill


async def _record(session: AsyncSession, actor: Actor, action: str, drill_id: int, **detail: object) -> None:
    await chain.append(session, actor, action, f"drill:{drill_id}", mode=Mode.EXERCISE, **detail)
