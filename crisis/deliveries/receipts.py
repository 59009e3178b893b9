"""The inbox: receipts arrive at least once, in any order, sometimes before the answer they belong to. All are kept, once.

They merge by rank (``states.RANK``): a receipt moves a delivery forwards only, and a final state is final. So ten copies, a
shuffled order, and a "delivered" before the provider's own answer all end in the same state.
"""

from collections.abc import Sequence

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import Receipt, ReceiptStatus
from crisis.deliveries.states import RANK, DeliveryState, mergeable
from crisis.mode import Mode

STATE = {status: DeliveryState(status.value) for status in ReceiptStatus}
_RANKS = " ".join(f"WHEN '{status}' THEN {RANK[state]}" for status, state in STATE.items())
_FROM = " ".join(f"WHEN '{status}' THEN ARRAY{mergeable(state)!r}" for status, state in STATE.items())
# The highest rank among several receipts of one delivery is where they would lead one by one, in any order.
_BEST = f"SELECT DISTINCT ON (id) * FROM told ORDER BY id, CASE status {_RANKS} END DESC, receipt"  # noqa: S608 - our own words
_MERGE = f"""
    UPDATE deliveries d
    SET state = best.status, reference = coalesce(d.reference, best.reference), error_code = best.code,
        error = CASE WHEN best.code IS NULL THEN NULL ELSE d.error END,
        lease = NULL, lease_until = NULL, changed_at = now()
    FROM best WHERE d.id = best.id AND d.state = ANY(CASE best.status {_FROM} END)
"""  # noqa: S608 - our own words
# By our own id where the provider carried it back (its signature covers it), else by the provider's reference.
_RECORD = text(
    f"""
    WITH given AS (
        SELECT * FROM unnest(CAST(:references AS text[]), CAST(:statuses AS text[]), CAST(:deliveries AS bigint[]),
            CAST(:codes AS text[]), CAST(:raws AS jsonb[])) AS given (reference, status, delivery_id, code, raw)
    ), found AS (
        SELECT g.reference, g.status, d.id FROM given g
        JOIN deliveries d ON d.id = g.delivery_id AND d.mode = :mode
        JOIN renditions n ON n.id = d.rendition_id AND n.channel = :channel
        UNION ALL
        SELECT g.reference, g.status, d.id FROM given g
        JOIN deliveries d ON d.reference = g.reference AND d.recipient_id IS NULL AND d.mode = :mode
        JOIN renditions n ON n.id = d.rendition_id AND n.channel = :channel
        WHERE g.delivery_id IS NULL
    ), kept AS (
        INSERT INTO receipts (mode, channel, reference, status, delivery_id, code, raw, applied_at)
        SELECT :mode, :channel, given.*, (SELECT clock_timestamp() FROM found
            WHERE found.reference = given.reference AND found.status = given.status LIMIT 1) FROM given
        ON CONFLICT ON CONSTRAINT receipts_once DO NOTHING
        RETURNING id AS receipt, reference, status, code
    ), told AS (
        SELECT found.id, kept.* FROM kept JOIN found USING (reference, status)
    ), best AS ({_BEST}), merged AS ({_MERGE})
    SELECT count(*) FROM kept
    """  # noqa: S608 - our own words
)
_APPLY_WAITING = text(
    f"""
    WITH told AS (
        SELECT d.id, r.id AS receipt, r.reference, r.status, r.code FROM receipts r
        JOIN deliveries d ON d.reference = r.reference AND d.recipient_id IS NULL AND d.mode = r.mode
        JOIN renditions n ON n.id = d.rendition_id AND n.channel = r.channel
        WHERE r.applied_at IS NULL AND r.mode = :mode AND r.delivery_id IS NULL
          AND r.received_at > now() - interval '1 day'
    ), best AS ({_BEST}), merged AS ({_MERGE}), applied AS (
        UPDATE receipts SET applied_at = clock_timestamp() FROM told WHERE receipts.id = told.receipt
        RETURNING receipts.id
    )
    SELECT count(*) FROM applied
    """  # noqa: S608 - our own words
)


async def record(session: AsyncSession, mode: Mode, channel: str, receipts: Sequence[Receipt]) -> int:
    """Keep receipts and let them move what they are about; return how many were new.

    The caller must have checked their signature, and answers the provider only after this has committed.
    """
    if not receipts:
        return 0
    values = {
        "mode": mode.value,
        "channel": channel,
        "references": [r.reference for r in receipts],
        "statuses": [r.status.value for r in receipts],
        "deliveries": [_delivery(r.key) for r in receipts],
        "codes": [r.code for r in receipts],
        "raws": [orjson.dumps(dict(r.raw)).decode() for r in receipts],
    }
    return int((await session.execute(_RECORD, values)).scalar_one())


async def apply_waiting(session: AsyncSession, mode: Mode) -> int:
    """Apply the receipts that came before we knew their reference; return how many there were."""
    return int((await session.execute(_APPLY_WAITING, {"mode": mode.value})).scalar_one())


def _delivery(key: str | None) -> int | None:
    """Our id, if it is one: a signed callback may still carry an address we wrote long ago."""
    return int(key) if key is not None and key.isascii() and key.isdigit() and len(key) < 19 else None  # noqa: PLR2004
