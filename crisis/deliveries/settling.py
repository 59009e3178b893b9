"""Settling: what came of a batch of attempts is written in one statement, where the lease still matches."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import gate
from crisis.activations.holders import Holder
from crisis.db import Line, rows
from crisis.deliveries import outbox
from crisis.deliveries.states import DUE, DeliveryState
from crisis.lanes import Lane

# The rows are named; why || '' is there, see claims.
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
_HAND_BACK = text(
    """
    UPDATE deliveries SET state = 'ready', lease = NULL, lease_until = NULL, changed_at = now()
    WHERE id = ANY(:ids) AND lease = :lease AND state || '' = 'in_flight'
    RETURNING id
    """
)
_DISCOUNT = text("UPDATE deliveries SET attempts = attempts - 1 WHERE id = ANY(:ids) AND state || '' = 'ready'")


class Result(NamedTuple):
    """What came of one attempt. *ready*: it was not made, and does not count, unless a newer revision already counted on it."""

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


async def settle(
    session: AsyncSession, lane: Lane, lease: UUID, results: Sequence[Result], *, holder: Holder
) -> set[int]:
    """Write what came of a batch, log the attempts and close the permits. Returns the rows that moved.

    A row that is missing from the answer was moved by somebody else in the meantime: a receipt that came before the
    provider's answer, or the sweep, which took the sender for dead.
    """
    again = [r.id for r in results if r.state in DUE] if lane.crisis else []
    if again:
        await outbox.hold_revisions(session, again)
    uncalled = [r.id for r in results if r.state is DeliveryState.READY]
    called = [r for r in results if r.state is not DeliveryState.READY]
    moved = await settle_plainly(session, lease, called) if called else set[int]()
    handed_back: list[int] = []
    if uncalled:
        handed_back = [row[0] for row in await rows(session, _HAND_BACK, {"ids": uncalled, "lease": lease})]
    if again:
        await outbox.drop_superseded(session, again)
    if handed_back:
        await session.execute(_DISCOUNT, {"ids": handed_back})
    if not lane.crisis:
        await gate.close_permits(session, {r.id: r.state.value for r in results}, holder)
    return moved.union(handed_back)


async def settle_plainly(through: AsyncSession | Line, lease: UUID, results: Sequence[Result]) -> set[int]:
    """The same where there is no permit to close and nothing that will be tried again: one statement."""
    values = {"lease": lease, "results": orjson.dumps(list(map(_written, results))).decode()}
    missing = await rows(through, _SETTLE, values)
    return {r.id for r in results}.difference(row[0] for row in missing)


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
