"""Notes: what people write in the log during an activation, and afterwards. Nothing is changed; a note is put right by another."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.activations import service as activations
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Invalid, NotFound
from crisis.logbook.models import Note
from crisis.messages.content import clean, is_blank, unusable
from crisis.roles import Act, Actor, require
from crisis.said import Said

TEXT_MOST: Final = 4_000
"""Characters of a note."""
TOLD_BY_MOST: Final = 200
_AHEAD = timedelta(minutes=5)
"""So much may a browser's clock be ahead of ours before it is a mistake."""


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody typed. ``happened_at`` has a time zone."""

    text: str
    told_by: str = ""
    happened_at: datetime | None = None
    corrects_id: int | None = None
    once: UUID | None = None


async def write(db: Database, actor: Actor, activation_id: int, written: Written) -> Note:
    """Write in the log of an activation, also of one that is over. With the same ``once`` again it is the first one's note.

    Raises :class:`NotFound` for the activation, and for a note to correct that is not in this log; :class:`Invalid` for a text
    that is empty or too long, and for a time that is still to come.
    """
    require(actor, Act.WRITE_LOG)
    text, told_by = clean(written.text), " ".join(clean(written.told_by).split())
    _check(text, told_by, written.happened_at)
    async with db.transaction() as session:
        activation = await activations.get(session, activation_id)
        if written.corrects_id is not None:
            await _check_corrects(session, activation_id, written.corrects_id)
        values = {
            "mode": activation.mode,
            "activation_id": activation_id,
            "text": text,
            "told_by": told_by or None,
            "happened_at": written.happened_at,
            "corrects_id": written.corrects_id,
            "once": written.once,
            "written_by": actor.name,
            "role": actor.role,
        }
        new = insert(Note).values(values).on_conflict_do_nothing(index_elements=["once"]).returning(Note)
        note = (await session.scalars(new)).one_or_none()
        if note is None:
            return (await session.scalars(select(Note).where(Note.once == written.once))).one()
        subject = f"activation:{activation_id}"
        await chain.append(session, actor, "note", subject, mode=activation.mode, note=note.id, digest=digest(note))
    return note


def digest(note: Note) -> str:
    """SHA-256 of what the note says, in hexadecimal digits. The audit log holds it, so that a changed note shows."""
    said = {
        "text": note.text,
        "told_by": note.told_by,
        "happened_at": note.happened_at.astimezone(UTC).isoformat() if note.happened_at else None,
        "corrects": note.corrects_id,
        "written_by": note.written_by,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _check(text: str, told_by: str, happened_at: datetime | None) -> None:
    problems: list[str] = []
    if is_blank(text):
        problems.append(Said("The note is empty."))
    if len(text) > TEXT_MOST:
        problems.append(Said("The note has {count:,} characters, and {most:,} fit.", count=len(text), most=TEXT_MOST))
    if len(told_by) > TOLD_BY_MOST:
        problems.append(Said("Who told it has more than {most:,} characters.", most=TOLD_BY_MOST))
    if unusable(text) or unusable(told_by):
        problems.append(Said("There is a character in it that shows nothing. Type it again."))
    if happened_at is not None and happened_at.tzinfo is None:
        problems.append(Said("The time needs a time zone, such as 2026-11-20T05:58:00+01:00."))
    elif happened_at is not None and happened_at > clock.now() + _AHEAD:
        problems.append(Said("The time is still to come. A log tells what has happened."))
    if problems:
        raise Invalid(Said("Nothing was written in the log. Mend this:"), problems)


async def _check_corrects(session: AsyncSession, activation_id: int, corrects_id: int) -> None:
    found = await session.get(Note, corrects_id)
    if found is None or found.activation_id != activation_id:
        raise NotFound("note", corrects_id, "It is not in this log.")
