"""Remarks: what the reporter says went well and must change. Kept as it was said; another remark may take its place."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from crisis.audit import chain
from crisis.db import Database
from crisis.drills.models import Remark, Verdict
from crisis.drills.subject import Subject, mode_of
from crisis.errors import Conflict, Invalid, NotFound
from crisis.messages.content import clean, is_blank, unusable
from crisis.roles import Act, Actor, require

TEXT_MOST: Final = 2_000
"""Characters."""


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody typed. With the same ``once`` again it is the first one's remark."""

    verdict: Verdict
    text: str
    replaces_id: int | None = None
    once: UUID | None = None


async def write(db: Database, actor: Actor, subject: Subject, written: Written) -> Remark:
    """Write in the report, on record. Raises :class:`Invalid`, :class:`NotFound`, and :class:`Conflict` for a remark that has been
    replaced already.
    """
    require(actor, Act.WRITE_LOG)
    text = clean(written.text)
    if is_blank(text) or unusable(text):
        raise Invalid("The remark is empty, or has a character that shows nothing. Nothing was written.")
    if len(text) > TEXT_MOST:
        raise Invalid(f"The remark has {len(text):,} characters, and {TEXT_MOST:,} fit.")
    async with db.transaction() as session:
        mode = await mode_of(session, subject)
        if written.replaces_id is not None:
            old = await session.get(Remark, written.replaces_id)
            if old is None or (old.drill_id, old.activation_id) != (subject.drill_id, subject.activation_id):
                raise NotFound("remark", written.replaces_id, "It is not in this report.")
        values = {
            "mode": mode,
            "drill_id": subject.drill_id,
            "activation_id": subject.activation_id,
            "verdict": written.verdict,
            "text": text,
            "replaces_id": written.replaces_id,
            "once": written.once,
            "by": actor.name,
        }
        new = insert(Remark).values(values).on_conflict_do_nothing().returning(Remark)
        made = (await session.scalars(new)).one_or_none()
        if made is None:
            same = select(Remark).where(Remark.once == written.once, Remark.once.is_not(None))
            if (first := (await session.scalars(same)).one_or_none()) is not None:
                return first
            raise Conflict("Somebody has replaced this remark in the meantime. Nothing was written: read theirs first.")
        detail = {
            "about": subject.name,
            "verdict": written.verdict.value,
            "text": text,
            "replaces": written.replaces_id,
        }
        await chain.append(session, actor, "remark", f"remark:{made.id}", mode=mode, **detail)
    return made
