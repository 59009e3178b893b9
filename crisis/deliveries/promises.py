"""Promises: the next update that the newest revision of a message names is watched until it comes, or the message ends.

The sweep warns once before it is due and puts on record once that it was missed, by the database's clock, however many sweeps
there are. A newer revision approved in time keeps it; one approved too late shows by how much. A message that was retracted, one
that was withdrawn before anybody had it, and an activation that is stood down promise nothing any more.

Runbook: a promise that is overdue needs a message, if only to say that nothing is new and when the next one comes: people who
wait for word call 112 instead. ``crisis message write --kind update --message NUMBER``.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.db import Database
from crisis.deliveries.reach import ATTEMPTED
from crisis.mode import Mode

log = logging.getLogger(__name__)

# A revision that was withdrawn promised something to whoever had it; where nothing was begun, to nobody.
_STANDS = f"""
    v.state = 'approved' AND v.next_update_at IS NOT NULL AND m.retracted_at IS NULL AND a.state <> 'stood_down'
    AND (v.withdrawn_at IS NULL OR EXISTS (
        SELECT 1 FROM renditions n JOIN deliveries d ON d.rendition_id = n.id WHERE n.revision_id = v.id AND {ATTEMPTED}))
"""  # noqa: S608 - our own words
_OF_ACTIVATIONS = "revisions v JOIN messages m ON m.id = v.message_id JOIN activations a ON a.id = m.activation_id"
_NEXT = """
    LEFT JOIN LATERAL (
        SELECT w.approved_at FROM revisions w
        WHERE w.message_id = v.message_id AND w.number > v.number AND w.state = 'approved' ORDER BY w.number LIMIT 1
    ) AS following ON true
"""
_SOON = "following.approved_at IS NULL AND v.next_update_at - CAST(:warning AS float8) * interval '1 second' <= now()"
_MISSED = "v.next_update_at < coalesce(following.approved_at, now())"
# Whoever approves a revision holds its message. A promise that is being kept just now is looked at the next time.
_HOLD = text(
    f"""
    SELECT m.id FROM {_OF_ACTIVATIONS} {_NEXT}
    WHERE m.mode = :mode AND v.missed_at IS NULL AND {_STANDS} AND ({_MISSED} OR (v.warned_at IS NULL AND {_SOON}))
    ORDER BY m.id FOR NO KEY UPDATE OF m SKIP LOCKED
    """  # noqa: S608 - our own words
)
_MARK = text(
    f"""
    UPDATE revisions r
    SET missed_at = CASE WHEN found.missed THEN clock_timestamp() END,
        warned_at = coalesce(r.warned_at, CASE WHEN NOT found.missed THEN clock_timestamp() END)
    FROM (SELECT v.id, {_MISSED} AS missed FROM {_OF_ACTIVATIONS} {_NEXT}
          WHERE m.id = ANY(:held) AND v.missed_at IS NULL AND {_STANDS}
            AND ({_MISSED} OR (v.warned_at IS NULL AND {_SOON}))) AS found
    WHERE r.id = found.id
    RETURNING r.id, r.message_id, r.number, r.next_update_at, found.missed
    """  # noqa: S608 - our own words
)
_STANDING = text(
    f"""
    SELECT v.message_id, v.id AS revision_id, v.number AS revision, v.next_update_at,
           CAST(extract(epoch FROM v.next_update_at - now()) AS float8) AS seconds_left,
           {_SOON} AS soon, v.warned_at, v.missed_at
    FROM {_OF_ACTIVATIONS} {_NEXT}
    WHERE {_STANDS} AND following.approved_at IS NULL
      AND (CAST(:activation AS int) IS NULL OR m.activation_id = :activation)
      AND (CAST(:message AS int) IS NULL OR m.id = :message)
    ORDER BY v.next_update_at, v.message_id
    """  # noqa: S608 - our own words
)
_LATE = text(
    """
    SELECT v.message_id, w.number AS revision, w.id AS revision_id, v.next_update_at AS promised_at, w.approved_at,
           CAST(extract(epoch FROM w.approved_at - v.next_update_at) AS float8) AS seconds
    FROM revisions v JOIN messages m ON m.id = v.message_id
    JOIN LATERAL (
        SELECT x.id, x.number, x.approved_at FROM revisions x
        WHERE x.message_id = v.message_id AND x.number > v.number AND x.state = 'approved' ORDER BY x.number LIMIT 1
    ) AS w ON w.approved_at > v.next_update_at
    WHERE v.state = 'approved'
      AND (CAST(:activation AS int) IS NULL OR m.activation_id = :activation)
      AND (CAST(:message AS int) IS NULL OR m.id = :message)
    ORDER BY v.message_id, w.number
    """
)


class PromiseState(StrEnum):
    """How long there is to a promised update."""

    AHEAD = "ahead"
    SOON = "soon"
    """Within the time that the desk is warned before."""
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Promise:
    """The next update that people were told to wait for."""

    message_id: int
    revision_id: int
    revision: int
    """The number of the revision that names it."""
    next_update_at: datetime
    seconds_left: float
    """By the database's clock; negative when it is overdue."""
    state: PromiseState
    warned_at: datetime | None
    missed_at: datetime | None
    """When it was put on record that it was not kept."""


@dataclass(frozen=True, slots=True)
class Late:
    """A revision that came after the time that the one before it had promised."""

    message_id: int
    revision: int
    revision_id: int
    promised_at: datetime
    approved_at: datetime
    seconds: float


async def watch(db: Database, mode: Mode, warning_seconds: float) -> tuple[int, int]:
    """Warn of promises that are due within ``warning_seconds``, and put on record those that were missed. Each once.

    Returns how many of both.
    """
    values = {"mode": mode.value, "warning": warning_seconds}
    async with db.transaction() as session:
        held = list(dict.fromkeys((await session.execute(_HOLD, values)).scalars()))
        if not held:
            return 0, 0
        # Anew, now that nobody else can approve: what was approved while these were being taken has kept its promise.
        rows = (await session.execute(_MARK, {"held": held, "warning": warning_seconds})).all()
        for row in sorted(rows, key=lambda row: row.id):
            at = row.next_update_at.isoformat(timespec="seconds")
            if row.missed:
                log.warning("Message %s promised an update at %s, and it has not come in time.", row.message_id, at)
            else:
                log.warning("Message %s has promised an update at %s: that is soon.", row.message_id, at)
            action = "promise missed" if row.missed else "promise due soon"
            await chain.append(session, None, action, f"revision:{row.id}", mode=mode, next_update_at=at)
    missed = sum(row.missed for row in rows)
    return len(rows) - missed, missed


async def standing(
    session: AsyncSession, warning_seconds: float, *, activation_id: int | None = None, message_id: int | None = None
) -> Sequence[Promise]:
    """The promises in force of an activation or of a message, the most urgent first."""
    values = {"activation": activation_id, "message": message_id, "warning": warning_seconds}
    return [
        Promise(
            *(row.message_id, row.revision_id, row.revision, row.next_update_at, row.seconds_left),
            _state(row.seconds_left, soon=row.soon),
            row.warned_at,
            row.missed_at,
        )
        for row in await session.execute(_STANDING, values)
    ]


async def late(
    session: AsyncSession, *, activation_id: int | None = None, message_id: int | None = None
) -> Sequence[Late]:
    """The revisions of an activation or of a message that came later than was promised."""
    values = {"activation": activation_id, "message": message_id}
    return [Late(*row) for row in await session.execute(_LATE, values)]


def words(promise: Promise) -> str:
    """What it means to the person at the desk: ``in 12 min``, ``overdue by 3 min``."""
    if promise.state is PromiseState.OVERDUE:
        return f"overdue by {span(-promise.seconds_left)}"
    return f"in {span(promise.seconds_left)}"


def span(seconds: float) -> str:
    """``45 s``, ``12 min``, ``1 h 5 min``: whole units that have passed."""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{max(0, int(seconds))} s"
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _state(seconds_left: float, *, soon: bool) -> PromiseState:
    if seconds_left < 0:
        return PromiseState.OVERDUE
    return PromiseState.SOON if soon else PromiseState.AHEAD
