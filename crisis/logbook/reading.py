"""Reading: the log of one activation, made of the audit log's entries, with the notes and names that they only number.

The audit log's order is the log's order, and its hashes are the log's. Of a unit's posts only those that the lock stopped are told.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import service as activations
from crisis.audit import chain
from crisis.db import Database
from crisis.logbook.acts import ACTS, About
from crisis.logbook.models import Note
from crisis.logbook.notes import digest
from crisis.logbook.subjects import JOINS
from crisis.mode import Mode
from crisis.roles import Act, Actor, require

# An entry is of the activation by what it is about; what is about neither a message nor an activation, by when it was.
_FROM = f"""
    WITH bounds AS (
        SELECT min(seq) FILTER (WHERE action = 'activate') AS first, min(seq) FILTER (WHERE action = 'stand_down') AS last
        FROM audit
        WHERE action IN ('activate', 'stand_down') AND record::jsonb ->> 'subject' = 'activation:' || CAST(:activation AS text)
    ), entries AS (
        SELECT e.seq, e.record, e.hash, e.action, j.said, v.id AS revision_id, v.number AS revision, v.kind, m.id AS message_id,
               coalesce(v.contents, f.contents) -> CAST(:language AS text) ->> 'headline' AS headline,
               coalesce(d.id, 0) AS delivery_id, a.channel, a.name AS account, a.unit, n.id AS note_id
        FROM bounds JOIN audit e ON e.seq >= bounds.first AND e.action = ANY(:actions)
        CROSS JOIN LATERAL (SELECT e.record::jsonb AS said) j
        {JOINS}
        LEFT JOIN revisions f ON s.noun = 'message' AND f.message_id = m.id AND f.number = 1
        LEFT JOIN posts p ON p.id = CASE s.noun WHEN 'post' THEN s.number ELSE r.post_id END
        LEFT JOIN accounts a ON a.id = CASE s.noun WHEN 'account' THEN s.number ELSE coalesce(d.account_id, p.account_id) END
        LEFT JOIN log_notes n ON e.action = 'note' AND n.id = CAST(j.said -> 'detail' ->> 'note' AS bigint)
        WHERE (m.activation_id = :activation OR (s.noun = 'activation' AND s.number = :activation)
               OR (m.id IS NULL AND s.noun <> 'activation' AND e.seq <= coalesce(bounds.last, e.seq)
                   AND coalesce(e.mode, 'actual') = :mode))
          AND (e.action <> 'post' OR j.said -> 'detail' -> 'blocked' = 'true')
    )
"""  # noqa: S608 - our own words
_ENTRIES = text(
    f"""
    {_FROM}
    SELECT e.*, n.text, n.told_by, n.happened_at, n.corrects_id, n.written_by
    FROM entries e LEFT JOIN log_notes n ON n.id = e.note_id
    WHERE (CAST(:before AS bigint) IS NULL OR e.seq < :before) AND e.seq > :after
      AND (CAST(:person AS text) IS NULL OR e.said ->> 'actor' = :person)
      AND (CAST(:words AS text) IS NULL
           OR concat_ws(' ', n.text, n.told_by, e.headline, e.account, e.unit, e.said ->> 'actor', e.said ->> 'detail') ILIKE :words)
    ORDER BY CASE WHEN :oldest_first THEN e.seq END, e.seq DESC LIMIT :most
    """  # noqa: S608 - our own words
)
_PEOPLE = text(f"{_FROM} SELECT DISTINCT said ->> 'actor' AS name FROM entries ORDER BY 1")  # noqa: S608 - as above
_PIECE: Final = 500
_EVERYTHING_MOST: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, in the domain's words."""

    seq: int
    """Its number in the audit log."""
    at: datetime
    actor: str
    role: str
    action: str
    about: About
    detail: dict[str, Any]
    record: str
    """Exactly what was hashed."""
    hash: str
    """Of the audit log's chain, in hexadecimal digits."""
    message_id: int | None
    revision_id: int | None
    revision: int | None
    kind: str | None
    headline: str | None
    """Of the message it is about, in the primary language."""
    delivery_id: int | None
    channel: str | None
    account: str | None
    unit: str | None
    note: Note | None
    is_whole: bool
    """The note says what it said when it was written; true where there is none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries. ``words`` are looked for in notes, names, headlines and details, in any case."""

    about: About | None = None
    person: str | None = None
    words: str = ""


EVERYTHING: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one activation, for somebody who may read it. ``language`` is that of the headlines."""

    activation_id: int
    mode: Mode
    language: str

    async def newest(
        self, session: AsyncSession, wanted: Wanted = EVERYTHING, *, before: int | None = None, most: int = 50
    ) -> Sequence[Entry]:
        """Entries before entry ``before``, the newest first."""
        return await self._read(session, wanted, before=before, after=0, most=most, oldest_first=False)

    async def people(self, session: AsyncSession) -> Sequence[str]:
        """Everybody who did something in it."""
        found = await session.execute(_PEOPLE, self._values(EVERYTHING))
        return [name for name in found.scalars() if name != chain.SYSTEM]

    async def all(self, db: Database, until: int = _EVERYTHING_MOST) -> AsyncIterator[Entry]:
        """Every entry up to entry ``until``, the oldest first, read in pieces."""
        after = 0
        while True:
            async with db.transaction() as session:
                piece = await self._read(
                    session, EVERYTHING, before=until + 1, after=after, most=_PIECE, oldest_first=True
                )
            for entry in piece:
                yield entry
            if len(piece) < _PIECE:
                return
            after = piece[-1].seq

    async def _read(
        self, session: AsyncSession, wanted: Wanted, *, before: int | None, after: int, most: int, oldest_first: bool
    ) -> list[Entry]:
        values = self._values(wanted) | {"before": before, "after": after, "most": most, "oldest_first": oldest_first}
        values |= {"person": wanted.person, "words": _pattern(wanted.words)}
        return [_entry(row) for row in await session.execute(_ENTRIES, values)]

    def _values(self, wanted: Wanted) -> dict[str, Any]:
        actions = [action for action, about in ACTS.items() if wanted.about in {None, about}]
        return {
            "activation": self.activation_id,
            "mode": self.mode.value,
            "language": self.language,
            "actions": actions,
        }


async def of(session: AsyncSession, actor: Actor, activation_id: int, language: str) -> Log:
    """The log of an activation. Raises :class:`crisis.errors.NotAllowed` and :class:`crisis.errors.NotFound`."""
    require(actor, Act.READ_LOG)
    activation = await activations.get(session, activation_id)
    return Log(activation.id, activation.mode, language)


async def begin_export(db: Database, actor: Actor, log: Log, form: str) -> int:
    """Put on record that somebody takes the log away, as ``csv`` or ``jsonl``; returns that entry's number, the export's last."""
    require(actor, Act.EXPORT_LOG)
    async with db.transaction() as session:
        subject = f"activation:{log.activation_id}"
        return await chain.append(session, actor, "export_log", subject, mode=log.mode, form=form)


def _pattern(words: str) -> str | None:
    said = " ".join(words.replace("\x00", "").split())
    escaped = said.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%" if said else None


def _entry(row: Row[Any]) -> Entry:
    said = json.loads(row.record)
    note = None
    if row.note_id is not None:
        note = Note(
            id=row.note_id,
            text=row.text,
            told_by=row.told_by,
            happened_at=row.happened_at,
            corrects_id=row.corrects_id,
            written_by=row.written_by,
        )
    is_note = row.action == "note"
    return Entry(
        seq=row.seq,
        at=datetime.fromisoformat(said["at"]),
        actor=said["actor"],
        role=said["role"],
        action=row.action,
        about=ACTS[row.action],
        detail=said["detail"],
        record=row.record,
        hash=bytes(row.hash).hex(),
        message_id=row.message_id,
        revision_id=row.revision_id,
        revision=row.revision,
        kind=row.kind,
        headline=row.headline,
        delivery_id=row.delivery_id or None,
        channel=row.channel,
        account=row.account,
        unit=row.unit,
        note=note,
        is_whole=not is_note or (note is not None and digest(note) == said["detail"]["digest"]),
    )
