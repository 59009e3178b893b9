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
_ORDER = sorted(ReceiptStatus, key=lambda status: RANK[STATE[status]])

_KEEP = text(
    """
    INSERT INTO receipts (mode, channel, reference, status, delivery_id, code, raw)
    SELECT :mode, :channel, given.* FROM unnest(CAST(:references AS text[]), CAST(:statuses AS text[]),
        CAST(:deliveries AS bigint[]), CAST(:codes AS text[]), CAST(:raws AS jsonb[])) AS given
    ON CONFLICT ON CONSTRAINT receipts_once DO NOTHING
    RETURNING id
    """
)
# By our own id where the provider carried it back (its signature covers it), else by the provider's reference.
_FIND = text(
    """
    SELECT r.id AS receipt, d.id AS delivery FROM receipts r
    JOIN deliveries d ON d.id = r.delivery_id AND d.mode = r.mode
    JOIN renditions n ON n.id = d.rendition_id AND n.channel = r.channel
    WHERE r.id = ANY(:receipts)
    UNION ALL
    SELECT r.id, d.id FROM receipts r
    JOIN deliveries d ON d.reference = r.reference AND d.recipient_id IS NULL AND d.mode = r.mode
    JOIN renditions n ON n.id = d.rendition_id AND n.channel = r.channel
    WHERE r.id = ANY(:receipts) AND r.delivery_id IS NULL
    """
)
_MERGE = text(
    """
    UPDATE deliveries d
    SET state = r.status, reference = coalesce(d.reference, r.reference), error_code = r.code,
        error = CASE WHEN r.code IS NULL THEN NULL ELSE d.error END,
        lease = NULL, lease_until = NULL, changed_at = now()
    FROM (SELECT DISTINCT ON (d.id) d.id, r.status, r.reference, r.code
          FROM unnest(CAST(:receipts AS bigint[]), CAST(:deliveries AS bigint[])) AS pair (receipt, delivery)
          JOIN receipts r ON r.id = pair.receipt JOIN deliveries d ON d.id = pair.delivery
          WHERE r.status = :status ORDER BY d.id, r.id) r
    WHERE d.id = r.id AND d.state = ANY(:from)
    """
)
_APPLIED = text("UPDATE receipts SET applied_at = clock_timestamp() WHERE id = ANY(:receipts)")
_WAITING = text(
    """
    SELECT r.id FROM receipts r
    WHERE r.applied_at IS NULL AND r.mode = :mode AND r.received_at > now() - interval '1 day'
      AND r.delivery_id IS NULL AND EXISTS (
          SELECT 1 FROM deliveries d WHERE d.reference = r.reference AND d.recipient_id IS NULL AND d.mode = r.mode)
    LIMIT 1000
    """
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
    kept = list((await session.execute(_KEEP, values)).scalars())
    await _apply(session, kept)
    return len(kept)


async def apply_waiting(session: AsyncSession, mode: Mode) -> int:
    """Apply the receipts that came before we knew their reference; return how many there were."""
    waiting = list((await session.execute(_WAITING, {"mode": mode.value})).scalars())
    await _apply(session, waiting)
    return len(waiting)


async def _apply(session: AsyncSession, receipts: list[int]) -> None:
    if not receipts:
        return
    pairs = (await session.execute(_FIND, {"receipts": receipts})).all()
    if not pairs:
        return
    values = {"receipts": [p.receipt for p in pairs], "deliveries": [p.delivery for p in pairs]}
    for status in _ORDER:
        moved = {"status": status.value, "from": mergeable(STATE[status])}
        await session.execute(_MERGE, values | moved)
    await session.execute(_APPLIED, {"receipts": values["receipts"]})


def _delivery(key: str | None) -> int | None:
    """Our id, if it is one: a signed callback may still carry an address we wrote long ago."""
    return int(key) if key is not None and key.isascii() and key.isdigit() and len(key) < 19 else None  # noqa: PLR2004
