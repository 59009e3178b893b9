"""Claim, start and settle: the three statements every delivery passes through, for a whole batch at a time.

::

    claim    ready | retry_wait -> leased       FOR UPDATE SKIP LOCKED; a random lease names the sender
    start    leased -> in_flight                committed before the first byte leaves; units' posts need a permit
    settle   in_flight -> what came of it       only where the lease still matches

    claim_started   ready -> in_flight          both at once, for crisis messages through accounts that nothing holds back

If the process dies after ``claim``, the lease runs out and the rows are ready again; after ``start``, they become unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import gate
from crisis.activations.holders import Holder
from crisis.db import Line
from crisis.deliveries import outbox
from crisis.deliveries.frailty import LEVEL, Frailty, sound
from crisis.deliveries.states import DeliveryState
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
           CAST(ceil(extract(epoch FROM taken.deadline_at - now())) AS int) AS valid_seconds, taken.attempts
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
_CLAIM_STARTED = _claiming(
    "AND d.attempts = 0 AND d.account_id = ANY(CAST(:only AS int[]))",
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
_SETTLE = text(
    """
    WITH result AS (
        SELECT * FROM json_to_recordset(CAST(:results AS json)) AS result (id bigint, number smallint, state text,
            wait float8, reference text, url text, code text, error text)
    ), moved AS (
        UPDATE deliveries d
        SET state = result.state, due_at = CASE WHEN result.wait > 0 THEN now() + result.wait * interval '1 second'
            ELSE d.due_at END,
            reference = coalesce(result.reference, d.reference), url = coalesce(result.url, d.url),
            error_code = result.code, error = result.error, lease = NULL, lease_until = NULL, changed_at = now()
        FROM result WHERE d.id = result.id AND d.lease = :lease AND d.state || '' = 'in_flight'
        RETURNING d.id, d.started_at
    ), tried AS (
        INSERT INTO attempts (delivery_id, number, started_at, outcome, code, detail)
        SELECT result.id, result.number,
               coalesce(moved.started_at, (SELECT started_at FROM deliveries WHERE id = result.id), now()),
               result.state, result.code, result.error
        FROM result LEFT JOIN moved USING (id)
        ON CONFLICT DO NOTHING
    )
    SELECT id FROM result EXCEPT SELECT id FROM moved
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


class Result(NamedTuple):
    """What came of one attempt."""

    id: int
    number: int
    """Which attempt at this delivery: 1, 2, ..."""
    channel: str
    state: DeliveryState
    wait: float = 0.0
    reference: str | None = None
    url: str | None = None
    code: str | None = None
    error: str | None = None


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
        return [Claimed(*row) for row in await _rows(through, _CLAIM, values)]
    values |= {
        "only": None if take.only is None else list(take.only),
        "skip": list(take.skip),
        "first": list(take.divert),
        "standbys": list(take.divert.values()),
    }
    return [Claimed(*row) for row in await _rows(through, _CLAIM_SOME, values)]


async def claim_started(
    line: Line, mode: Mode, lane: Lane, lease: UUID, accounts: Sequence[int], *, most: int, hold_seconds: float
) -> list[Claimed]:
    """Claim and start in one statement up to ``most`` rows of these accounts that were never attempted and never lost their
    sender: half the database's work. They are in flight when this returns, so call for what can be called at once.

    Nothing may hold the accounts back, and no gate the lane: nobody is asked in between.
    """
    values = _due(mode, lane, lease, most, hold_seconds, sound(most)) | {"only": list(accounts)}
    return [Claimed._make((*row[:-1], 0)) for row in await line.rows(_CLAIM_STARTED, values)]


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
    return {row[0]: row[1] for row in await _rows(through, _START, values)}


async def settle(
    session: AsyncSession, lane: Lane, lease: UUID, results: Sequence[Result], *, holder: Holder
) -> set[int]:
    """Write what came of a batch, log the attempts and close the permits. Returns the rows that moved.

    A row that is missing from the answer was moved by somebody else in the meantime: a receipt that came before the
    provider's answer, or the sweep, which took the sender for dead.
    """
    again = [r.id for r in results if r.state is DeliveryState.RETRY_WAIT] if lane.crisis else []
    if again:
        await outbox.hold_revisions(session, again)
    moved = await settle_plainly(session, lease, results)
    if again:
        await outbox.drop_superseded(session, again)
    if not lane.crisis:
        await gate.close_permits(session, {r.id: r.state.value for r in results}, holder)
    return moved


async def settle_plainly(through: AsyncSession | Line, lease: UUID, results: Sequence[Result]) -> set[int]:
    """The same where there is no permit to close and nothing that will be tried again: one statement."""
    values = {"lease": lease, "results": orjson.dumps(list(map(_written, results))).decode()}
    missing = await _rows(through, _SETTLE, values)
    return {r.id for r in results}.difference(row[0] for row in missing)


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


async def _rows(through: AsyncSession | Line, statement: TextClause, values: dict[str, Any]) -> Iterable[Sequence[Any]]:
    if isinstance(through, Line):
        return await through.rows(statement, values)
    return await through.execute(statement, values)


def _written(result: Result) -> dict[str, Any]:
    """What is left out is null there."""
    if result.error is None and not result.wait:
        return {
            "id": result.id,
            "number": result.number,
            "state": result.state,
            "reference": result.reference,
            "url": result.url,
        }
    return result._asdict()
