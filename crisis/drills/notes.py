"""Notes: what observers of a drill write, with the drill time at which they wrote it. Added to, never changed."""

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.clock import at_database
from crisis.db import Database
from crisis.drills import reading
from crisis.drills.models import Drill, Observation
from crisis.drills.snapshot import playbook_of
from crisis.errors import Invalid, NotFound
from crisis.messages.content import clean, is_blank, unusable
from crisis.mode import Mode
from crisis.roles import Act, Actor, require

TEXT_MOST: Final = 4000
"""Characters of a note."""


async def observe(
    db: Database, actor: Actor, drill_id: int, text: str, objective: str | None = None, once: UUID | None = None
) -> Drill:
    """Write down what one saw, about one of the objectives or about none; also when the drill is over. The same ``once`` again
    writes nothing more.

    Raises :class:`NotFound` for an objective that is not in the playbook, and :class:`Invalid` for a text that is empty, too
    long, or has characters in it that show nothing.
    """
    require(actor, Act.RUN_DRILL)
    text = clean(text)
    if is_blank(text) or unusable(text):
        raise Invalid(
            "The note is empty, or has a character in it that shows nothing. Type it again. Nothing was written."
        )
    if len(text) > TEXT_MOST:
        raise Invalid(f"The note has {len(text):,} characters, and {TEXT_MOST:,} fit. Nothing was written.")
    async with db.transaction() as session:
        drill = await reading.get(session, drill_id)
        if objective is not None and all(each.id != objective for each in playbook_of(drill).objectives):
            raise NotFound("objective", objective, f"The playbook of drill {drill_id} has no such objective.")
        now = await at_database(session)
        values = {
            "drill_id": drill_id,
            "text": text,
            "objective": objective,
            "once": once,
            "by": actor.name,
            "at": now,
            "elapsed": (await reading.clock_of(session, drill_id)).elapsed(now),
        }
        new = insert(Observation).values(values).on_conflict_do_nothing(index_elements=["once"])
        number = (await session.execute(new.returning(Observation.id))).scalar_one_or_none()
        if number is not None:
            detail = {"observation": number, "objective": objective}
            await chain.append(session, actor, "observe_drill", f"drill:{drill_id}", mode=Mode.EXERCISE, **detail)
    return drill


async def observations(session: AsyncSession, drill_id: int) -> list[Observation]:
    """What was written, the oldest first."""
    rows = select(Observation).filter_by(drill_id=drill_id).order_by(Observation.id)
    return list(await session.scalars(rows))
