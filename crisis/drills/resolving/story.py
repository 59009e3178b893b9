"""Story: what people have done in one drill's exercise, read from the audit log once and asked by every resolver."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.drills.look import Look
from crisis.drills.models import Drill
from crisis.logbook.subjects import JOINS

# What is about a message is of the activation by its message; what is about neither is an exercise's, and there is one at a time.
_ENTRIES = text(
    f"""
    SELECT e.seq, e.record, s.noun, s.number, v.id AS revision_id, coalesce(m.activation_id, p.activation_id) AS activation_id
    FROM audit e
    {JOINS}
    LEFT JOIN LATERAL (SELECT s.number AS activation_id WHERE s.noun = 'activation') p ON true
    WHERE e.seq > :since AND e.mode = 'exercise' AND e.action = ANY(:actions)
    ORDER BY e.seq
    """  # noqa: S608 - our own words
)
ACTIONS: Final = (
    *("activate", "confirm", "stand_down", "approve", "retract", "acknowledge", "note", "post"),
    *("try_again", "check", "send_again", "mark_sent", "drop", "withdraw"),
    *("fire_inject", "break_drill_glass"),
)
"""The acts that any resolver asks for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act on record."""

    seq: int
    at: datetime
    actor: str
    action: str
    noun: str
    number: int | None
    """What it is about: ``revision`` 7, say."""
    detail: Mapping[str, Any]
    activation_id: int | None
    revision_id: int | None

    @property
    def is_by_a_person(self) -> bool:
        """Not by the system itself."""
        return self.actor != chain.SYSTEM

    def evidence(self, **more: object) -> dict[str, Any]:
        """What points to it."""
        return {"seq": self.seq, "by": self.actor, **more}


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that the resolvers know: the drill, and the acts on record, oldest first."""

    look: Look
    entries: Sequence[Entry]

    @classmethod
    async def read(cls, look: Look) -> Self:
        """Of the drill's own exercise alone. What was done after the drill's time was out is not in it."""
        drill, end = look.drill, look.playbook.exercise.duration.total_seconds()
        rows = await look.session.execute(_ENTRIES, {"since": drill.began_seq, "actions": list(ACTIONS)})
        entries = [each for each in map(_entry, rows) if _is_ours(each, drill) and look.clock.elapsed(each.at) <= end]
        return cls(look, entries)

    @property
    def session(self) -> AsyncSession:
        """The transaction that it is read in."""
        return self.look.session

    def of(self, *actions: str, since: int = 0) -> Iterator[Entry]:
        """Entries of these actions after entry ``since``, oldest first."""
        wanted: Collection[str] = set(actions)
        return (each for each in self.entries if each.action in wanted and each.seq > since)

    def fired(self, key: str) -> Entry | None:
        """The entry of an inject's firing."""
        return next((each for each in self.of("fire_inject") if each.detail.get("inject") == key), None)


def _is_ours(entry: Entry, drill: Drill) -> bool:
    if entry.noun == "drill":
        return entry.number == drill.id
    if entry.noun == "post":
        return True
    return drill.activation_id is not None and entry.activation_id == drill.activation_id


def _entry(row: Any) -> Entry:
    said = json.loads(row.record)
    return Entry(
        seq=row.seq,
        at=datetime.fromisoformat(said["at"]),
        actor=said["actor"],
        action=said["action"],
        noun=row.noun,
        number=row.number,
        detail=said["detail"],
        activation_id=row.activation_id,
        revision_id=row.revision_id,
    )
