"""Presence: who else is in a draft just now, and in which language. A courtesy: nothing is locked by it, nothing rests on it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from crisis.db import Database
from crisis.messages import drafts
from crisis.messages.models import Presence
from crisis.roles import Act, Actor, require

GONE_AFTER: Final = timedelta(seconds=30)
"""Since somebody was seen last. A page says that it is there every ten seconds or so."""


async def touch(db: Database, actor: Actor, revision_id: int, part: str) -> Sequence[Presence]:
    """Say that the actor is in this part of a draft (a language, or ``terms``); who else is in it, by name.

    Raises :class:`crisis.errors.NotFound`.
    """
    require(actor, Act.WRITE_MESSAGE)
    seen_at = func.clock_timestamp()
    row = insert(Presence).values(revision_id=revision_id, name=actor.name, part=part, seen_at=seen_at)
    row = row.on_conflict_do_update(index_elements=["revision_id", "name"], set_={"part": part, "seen_at": seen_at})
    async with db.transaction() as session:
        await drafts.get(session, revision_id)
        await session.execute(delete(Presence).where(Presence.revision_id == revision_id, Presence.seen_at < _limit()))
        await session.execute(row)
        return await _others(session, revision_id, actor.name)


async def leave(db: Database, actor: Actor, revision_id: int) -> None:
    """Say that the actor has left it."""
    async with db.transaction() as session:
        await session.execute(delete(Presence).where(Presence.revision_id == revision_id, Presence.name == actor.name))


async def _others(session: AsyncSession, revision_id: int, name: str) -> Sequence[Presence]:
    of_revision = select(Presence).where(
        Presence.revision_id == revision_id, Presence.name != name, Presence.seen_at >= _limit()
    )
    return (await session.scalars(of_revision.order_by(Presence.name))).all()


def _limit() -> ColumnElement[datetime]:
    return func.clock_timestamp() - GONE_AFTER
