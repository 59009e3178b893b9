"""Claim and start, and settle (:mod:`crisis.deliveries.settling`): the statements every delivery passes through, in batches.

::

    claim    ready | retry_wait -> leased       FOR UPDATE SKIP LOCKED; a random lease names the sender
    start    leased -> in_flight                committed before the first byte leaves; units' posts need a permit
    settle   in_flight -> what came of it       only where the lease still matches

    claim_started   ready -> in_flight          both at once, for crisis messages through accounts that nothing holds back

If the process dies after ``claim``, the lease runs out and the rows are ready again; after ``start``, they become unknown.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import gate
from crisis.activations.holders import Holder
from crisis.db import Line, rows
from crisis.deliveries.frailty import LEVEL, Frailty, sound
from crisis.lanes import Lane
from crisis.limits.takes import ALL, Take
from crisis.mode import Mode


# An earlier message to the same person, whatever account carries it, or to the same account where there are no people, that
# is in flight goes first (promise P6). Deliveries approved together share their created_at and may go side by side. What is as
# old as the oldest in flight has nothing to wait for, and so a broadcast's rows are spared a look at all that is in flight.
def _claiming(only: str = "", becomes: str = "'leased'") -> TextClause:
    """The statement. ``only`` leaves out rows ``d``; ``becomes`` is the state they come to, and what else is set."""
    return text(
        f"""
    WITH flying AS (
        SELECT coalesce(min(created_at), 'infinity') AS oldest FROM deliveries WHERE mode = :mode AND state = 'in_flight'
    ), due AS (
        SELECT d.id FROM deliveries d
        WHERE d.mode = :mode AND d.lane = :lane AND d.state IN ('ready', 'retry_wait') AND d.due_at <= now()
          AND (d.deadline_at IS NULL OR d.deadline_at > now()) AND {LEVEL} BETWEEN :least AND :worst {only}
          AND (d.created_at <= (SELECT oldest FROM flying) OR NOT EXISTS (
              SELECT 1 FROM deliveries e
              WHERE e.state = 'in_flight' AND e.mode = d.mode AND e.created_at < d.created_at
                AND coalesce(e.recipient_id, -e.account_id) = coalesce(d.recipient_id, -d.account_id)))
        ORDER BY d.due_at, d.id LIMIT :most FOR UPDATE OF d SKIP LOCKED
    ), taken AS (
        UPDATE deliveries d
        SET lease = :lease, lease_until = now() + :hold, changed_at = now(), state = {becomes}
        FROM due WHERE d.id = due.id
        RETURNING d.id, d.rendition_id, d.account_id, d.recipient_id, d.due_at, d.deadline_at, d.attempts
    )
    SELECT taken.id, taken.rendition_id, taken.account_id, taken.recipient_id, r.number, r.fingerprint,
           CAST(ceil(extract(epoch FROM taken.deadline_at - now())) AS int) AS valid_seconds, taken.attempts,
           taken.due_at
    FROM taken LEFT JOIN recipients r ON r.id = taken.recipient_id
    ORDER BY taken.due_at, taken.id
    """  # noqa: S608 - our own words
    )


_CLAIM = _claiming()
_WAY = "unnest(CAST(:standbys AS int[]), CAST(:first AS int[])) AS way (standby, first) WHERE way.first = d.account_id"
_CLAIM_SOME = _claiming(
    "AND (CAST(:only AS int[]) IS NULL OR d.account_id = ANY(:only)) AND d.account_id <> ALL(CAST(:skip AS int[]))",
    f"""'leased', moved_from = CASE WHEN EXISTS (SELECT FROM {_WAY}) THEN coalesce(d.moved_from, d.account_id) ELSE d.moved_from END,
        account_id = coalesce((SELECT way.standby FROM {_WAY}), d.account_id)""",  # noqa: S608 - our own words
)
# Every row that is claimed leaves a dead entry at the front of the index. Who goes on behind what it claimed last steps over none.
_CLAIM_STARTED = _claiming(
    "AND d.state = 'ready' AND d.attempts = 0 AND d.account_id = ANY(CAST(:only AS int[])) "
    "AND (d.due_at, d.id) > (:behind_at, :behind_id)",
    "'in_flight', attempts = 1, started_at = clock_timestamp()",
)
_HELD = text("SELECT id FROM deliveries WHERE id = ANY(:ids) AND lease = :lease AND state = 'leased' FOR UPDATE")
# Both of the next two name their rows, and || '' keeps the planner to the primary key: in the middle of a broadcast its
# statistics are too old, and it would go through the index of all that is, and lately was, in flight.
_START = text(
    """
    UPDATE deliveries SET state = 'in_flight', attempts = attempts + 1, started_at = clock_timestamp(),
           lease_until = now() + :hold, changed_at = now()
    WHERE id = ANY(:ids) AND lease = :lease AND state || '' = 'leased' AND mode = :mode
    RETURNING id, attempts
    """
)
_BLOCK = text(
    """
    UPDATE deliveries SET state = 'blocked', lease = NULL, lease_until = NULL, changed_at = now(),
           error = 'held by the lock'
    WHERE id = ANY(:ids) AND lease = :lease AND state = 'leased'
    """
)
_RELEASE = text(
    """
    UPDATE deliveries d SET state = 'ready', lease = NULL, lease_until = NULL, changed_at = now(),
           due_at = CASE WHEN given.wait > 0 THEN now() + given.wait * interval '1 second' ELSE d.due_at END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:waits AS float8[])) AS given (id, wait)
    WHERE d.id = given.id AND d.lease = :lease AND d.state = 'leased'
    """
)


class Claimed(NamedTuple):
    """A row a sender has leased."""

    id: int
    rendition_id: int
    account_id: int
    recipient_id: int | None
    number: bytes | None
    fingerprint: bytes | None
    valid_seconds: int | None
    attempts: int
    """Before this one."""


async def claim(
    through: AsyncSession | Line,
    mode: Mode,
    lane: Lane,
    lease: UUID,
    *,
    most: int,
    hold_seconds: float,
    take: Take = ALL,
    frailty: Frailty | None = None,
) -> list[Claimed]:
    """Lease up to ``most`` due rows of a lane, oldest first, skipping what others are taking.

    ``take`` says of which accounts; rows that a standby carries are its own from here on. Without ``frailty`` only rows that
    have never lost their sender are claimed.
    """
    most = most if take.most is None else min(most, take.most)
    values = _due(mode, lane, lease, most, hold_seconds, frailty or sound(most))
    if take == ALL:
        return [Claimed._make(row[:8]) for row in await rows(through, _CLAIM, values)]
    values |= {
        "only": None if take.only is None else list(take.only),
        "skip": list(take.skip),
        "first": list(take.divert),
        "standbys": list(take.divert.values()),
    }
    return [Claimed._make(row[:8]) for row in await rows(through, _CLAIM_SOME, values)]


class Place(NamedTuple):
    """How far a sender has come in a lane: everything before was claimed, by it or by others."""

    due_at: datetime
    id: int


FRONT = Place(datetime(1, 1, 1, tzinfo=UTC), 0)


async def claim_started(
    line: Line,
    mode: Mode,
    lane: Lane,
    lease: UUID,
    accounts: Sequence[int],
    *,
    most: int,
    hold_seconds: float,
    behind: Place = FRONT,
) -> tuple[list[Claimed], Place]:
    """Claim and start in one statement up to ``most`` rows of these accounts that were never attempted and never lost their
    sender: one write less for each. They are in flight when this returns, so ask for what can be called at once.

    Nothing may hold the accounts back: nobody is asked in between. ``behind`` is what the last such claim returned beside its
    rows; when there are no more behind it, look from the :data:`FRONT` once again. Raises :class:`ValueError` for a lane that
    the gate may hold back: a unit's post starts with a permit or not at all (promise P1).
    """
    if not lane.crisis:
        raise ValueError(f"What is in the lane {lane} cannot start without a permit.")
    values = _due(mode, lane, lease, most, hold_seconds, sound(most)) | {
        "only": list(accounts),
        "behind_at": behind.due_at,
        "behind_id": behind.id,
    }
    rows = await line.rows(_CLAIM_STARTED, values)
    claimed = [Claimed._make((*row[:7], 0)) for row in rows]
    return claimed, Place(rows[-1][8], rows[-1][0]) if rows else behind


async def start(
    session: AsyncSession,
    mode: Mode,
    lane: Lane,
    lease: UUID,
    ids: Sequence[int],
    *,
    holder: Holder,
    hold_seconds: float,
) -> dict[int, int]:
    """Move leased rows to ``in_flight``. Returns ``{delivery id: attempt number}`` for what may start after the commit.

    Rows whose lease was lost are left out. For units' posts each row gets a permit; where the gate is locked, all become
    ``blocked`` instead. ``hold_seconds`` must outlast the call: when it has passed, the outcome counts as unknown.
    """
    wanted = list(ids)
    if not lane.crisis:
        await gate.share(session, mode)
        held = set((await session.execute(_HELD, {"ids": wanted, "lease": lease})).scalars())
        allowed = await gate.open_permits(session, mode, sorted(held), holder)
        if blocked := sorted(held - allowed):
            await session.execute(_BLOCK, {"ids": blocked, "lease": lease})
        wanted = sorted(allowed)
    return await start_ungated(session, mode, lease, wanted, hold_seconds=hold_seconds)


async def start_ungated(
    through: AsyncSession | Line, mode: Mode, lease: UUID, ids: Sequence[int], *, hold_seconds: float
) -> dict[int, int]:
    """The same for crisis messages, which no gate holds back: one statement, which may be a transaction by itself."""
    values = {"ids": list(ids), "lease": lease, "mode": mode.value, "hold": _seconds(hold_seconds)}
    return {row[0]: row[1] for row in await rows(through, _START, values)}


async def release(session: AsyncSession, lease: UUID, waits: Mapping[int, float]) -> None:
    """Give back rows that were leased and not started: ``{id: seconds until they may be claimed again}``."""
    values = {"ids": list(waits), "waits": [float(wait) for wait in waits.values()], "lease": lease}
    await session.execute(_RELEASE, values)


def _due(mode: Mode, lane: Lane, lease: UUID, most: int, hold_seconds: float, frailty: Frailty) -> dict[str, Any]:
    return {
        "mode": mode.value,
        "lane": lane.value,
        "lease": lease,
        "most": min(most, frailty.most),
        "hold": _seconds(hold_seconds),
        "least": frailty.least,
        "worst": frailty.worst,
    }


def _seconds(value: float) -> timedelta:
    return timedelta(seconds=value)
