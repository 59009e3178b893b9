"""Reached: which channels have a revision, or one of the same message that replaced it, and since when."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.deliveries.states import FINAL, RANK, DeliveryState
from crisis.messages.models import Revision

OUT: Final = frozenset(RANK)
"""A provider has it. What becomes of it there is the channel's."""
UNDECIDED: Final = frozenset(DeliveryState) - FINAL - OUT - {DeliveryState.UNKNOWN_FINAL}
"""Nobody can tell yet whether it will be out. What is with a person stops nothing."""

_STANDING = text(
    """
    SELECT v.id AS revision_id, r.channel, r.language, bool_or(d.recipient_id IS NOT NULL) AS people,
           count(*) FILTER (WHERE d.state = ANY(:undecided)) AS undecided, count(*) FILTER (WHERE d.state = ANY(:out)) AS out
    FROM revisions v JOIN renditions r ON r.revision_id = v.id JOIN deliveries d ON d.rendition_id = r.id
    WHERE v.message_id = :message AND v.number >= :number AND v.kind <> 'retraction'
    GROUP BY v.id, r.channel, r.language ORDER BY v.id
    """
)
_STANDING_OF_RETRACTION = text(str(_STANDING).replace("AND v.kind <> 'retraction'", ""))
# When a provider took each first. What a person marked as sent has no attempt that says so.
_AT = text(
    """
    SELECT r.channel, min(o.at) AS first, max(o.at) AS last
    FROM deliveries d JOIN renditions r ON r.id = d.rendition_id
    CROSS JOIN LATERAL (
        SELECT coalesce((SELECT min(ended_at) FROM attempts WHERE delivery_id = d.id AND outcome = ANY(:out)), d.changed_at) AS at
    ) o
    WHERE d.state = ANY(:out)
      AND (r.revision_id, r.channel) IN (SELECT * FROM unnest(CAST(:revisions AS int[]), CAST(:channels AS text[])))
    GROUP BY r.channel
    """
)


async def missing(
    session: AsyncSession, revision: Revision, channels: Sequence[str], languages: Collection[str]
) -> tuple[list[str], dict[str, int]]:
    """The channels that do not have it yet, as ``channel`` or ``channel (language)``; and which revision each other one has.

    People get their own language alone, so a language counts where everybody reads the same.
    """
    by_channel = await _standing(session, revision)
    lacking, found = [], dict[str, int]()
    for channel in channels:
        kept: list[str] = [channel]
        for number, rows in by_channel.get(channel, {}).items():
            if not any(row.out for row in rows) or any(row.undecided for row in rows):
                continue
            spoken = {row.language for row in rows if row.out}
            is_for_people = any(row.people for row in rows)
            kept = [] if is_for_people else [f"{channel} ({each})" for each in languages if each not in spoken]
            if not kept:
                found[channel] = number
                break
        lacking += kept
    return lacking, found


async def first_and_last(session: AsyncSession, found: Mapping[str, int]) -> tuple[datetime, datetime] | None:
    """When the first and the last of these channels had the revision it has; ``None`` where none has any."""
    values = {"channels": list(found), "revisions": list(found.values()), "out": sorted(OUT)}
    rows = (await session.execute(_AT, values)).all()
    return (min(row.first for row in rows), max(row.last for row in rows)) if rows else None


async def first(session: AsyncSession, revision: Revision) -> datetime | None:
    """When the first channel had it; ``None`` while none has."""
    by_channel = await _standing(session, revision)
    out = [channel for channel, by in by_channel.items() if any(row.out for row in by.get(revision.id, ()))]
    at = await first_and_last(session, dict.fromkeys(out, revision.id))
    return None if at is None else at[0]


async def _standing(session: AsyncSession, revision: Revision) -> dict[str, dict[int, list[Row[Any]]]]:
    """``{channel: {revision: its languages}}``, the earlier revision first."""
    statement = _STANDING_OF_RETRACTION if revision.kind == "retraction" else _STANDING
    values = {
        "message": revision.message_id,
        "number": revision.number,
        "undecided": sorted(UNDECIDED),
        "out": sorted(OUT),
    }
    found: dict[str, dict[int, list[Row[Any]]]] = {}
    for row in await session.execute(statement, values):
        found.setdefault(row.channel, {}).setdefault(row.revision_id, []).append(row)
    return found
