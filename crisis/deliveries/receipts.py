"""The inbox: receipts arrive at least once, in any order, sometimes before the answer they belong to. All are kept, once.

They merge by rank (``states.RANK``): a receipt moves a delivery forwards only, and a final state is final. So ten copies, a
shuffled order, and a "delivered" before the provider's own answer all end in the same state. A status word that we do not know
is kept as the provider wrote it, and moves nothing.

Nobody waits for a delivery's row here: what another transaction has in its hands just then is kept and left for
:func:`apply_waiting`, a moment later or with the next sweep. And what is kept is written in one order by everybody. So recording
cannot be part of a deadlock, and neither a sender's write nor a withdrawal of everything can hold up the provider.
"""

from collections.abc import Iterable
from typing import NamedTuple

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import Receipt, ReceiptStatus, UnknownStatus
from crisis.db import Line, rows
from crisis.deliveries.states import RANK, DeliveryState, mergeable
from crisis.mode import Mode

STATE = {status: DeliveryState(status.value) for status in ReceiptStatus}
UNKNOWN = "unknown"
"""The status of a receipt whose ``word`` is none that we know."""

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


def _recording(match: str, lost: str) -> str:
    """The statement. ``match`` says which delivery is meant, ``lost`` whether one that was not found will never be.

    The sort above the insert makes it begin only when every row is locked that is going to be.
    """
    return f"""
    WITH given AS (
        SELECT * FROM json_to_recordset(CAST(:receipts AS json)) AS given (reference text, status text, word text,
            delivery_id bigint, code text, raw jsonb)
    ), held AS (
        SELECT d.id, g.reference FROM given g JOIN deliveries d ON {match} AND d.mode = :mode
        JOIN renditions n ON n.id = d.rendition_id AND n.channel = :channel
        WHERE g.word IS NULL
        ORDER BY d.id FOR NO KEY UPDATE OF d SKIP LOCKED
    ), found AS (
        SELECT DISTINCT reference, id FROM held
    ), kept AS (
        INSERT INTO receipts (mode, channel, reference, status, word, delivery_id, code, raw, applied_at)
        SELECT :mode, :channel, g.reference, g.status, g.word, g.delivery_id, g.code, g.raw,
               CASE WHEN f.id IS NOT NULL OR g.word IS NOT NULL OR {lost} THEN clock_timestamp() END
        FROM given g LEFT JOIN found f ON f.reference = g.reference AND f.id = coalesce(g.delivery_id, f.id)
        ORDER BY g.reference COLLATE "C", g.status COLLATE "C", g.word COLLATE "C"
        ON CONFLICT ON CONSTRAINT receipts_once DO NOTHING
        RETURNING id AS receipt, reference, status, word, delivery_id, code, applied_at
    ), told AS (
        SELECT f.id, k.* FROM kept k JOIN found f ON f.reference = k.reference AND f.id = coalesce(k.delivery_id, f.id)
        WHERE k.word IS NULL
    ), best AS ({_BEST}), merged AS ({_MERGE})
    SELECT count(*), count(*) FILTER (WHERE applied_at IS NULL), count(*) FILTER (WHERE word IS NOT NULL) FROM kept
    """  # noqa: S608 - our own words


# By our own id where the provider carried it back (its signature covers it), else by the provider's reference. What names a
# delivery of ours that is not there waits for nothing; a reference may be one that we have yet to learn.
_BY_KEY = text(
    _recording(
        "d.id = g.delivery_id",
        """NOT EXISTS (SELECT FROM deliveries d JOIN renditions n ON n.id = d.rendition_id AND n.channel = :channel
            WHERE d.id = g.delivery_id AND d.mode = :mode)""",
    )
)
_BY_REFERENCE = text(_recording("d.reference = g.reference AND d.recipient_id IS NULL", "FALSE"))
_MOST_WAITING = 20_000  # applied by one statement; the next sweep takes the next
_APPLY_WAITING = text(
    f"""
    WITH waiting AS (
        SELECT id AS receipt, reference, status, delivery_id, code, channel FROM receipts
        WHERE applied_at IS NULL AND mode = :mode AND received_at > now() - interval '1 day'
        ORDER BY received_at LIMIT {_MOST_WAITING}
    ), meant AS (
        SELECT d.id, w.receipt FROM waiting w JOIN deliveries d ON d.id = w.delivery_id AND d.mode = :mode
        JOIN renditions n ON n.id = d.rendition_id AND n.channel = w.channel
        UNION ALL
        SELECT d.id, w.receipt FROM waiting w
        JOIN deliveries d ON d.reference = w.reference AND d.recipient_id IS NULL AND d.mode = :mode
        JOIN renditions n ON n.id = d.rendition_id AND n.channel = w.channel
        WHERE w.delivery_id IS NULL
    ), held AS (
        SELECT d.id FROM deliveries d WHERE d.id = ANY(ARRAY(SELECT id FROM meant))
        ORDER BY d.id FOR NO KEY UPDATE OF d SKIP LOCKED
    ), told AS (
        SELECT held.id, w.* FROM held JOIN meant USING (id) JOIN waiting w USING (receipt)
    ), best AS ({_BEST}), merged AS ({_MERGE}), applied AS (
        UPDATE receipts SET applied_at = clock_timestamp() FROM told
        WHERE receipts.id = told.receipt AND receipts.applied_at IS NULL
        RETURNING receipts.id
    )
    SELECT count(*) FROM applied
    """  # noqa: S608 - our own words
)


class Recorded(NamedTuple):
    """What came of some receipts. The rest of them were known before."""

    new: int
    waiting: int
    """Of the new ones, those whose delivery is not known yet or was in another transaction's hands."""
    unknown: int
    """Of the new ones, those with a status word that we do not know."""

    def __add__(self, other: tuple[object, ...]) -> "Recorded":
        """Both together."""
        return Recorded(*(mine + theirs for mine, theirs in zip(self, Recorded._make(other), strict=True)))


async def record(
    through: AsyncSession | Line, mode: Mode, channel: str, receipts: Iterable[Receipt | UnknownStatus]
) -> Recorded:
    """Keep receipts of one channel and let them move what they are about, in a statement.

    The caller must have checked their signature, and answers the provider only after this has committed.
    """
    keyed, bare = list[dict[str, object]](), list[dict[str, object]]()
    for receipt in receipts:
        delivery_id = _delivery(receipt.key)
        (bare if delivery_id is None else keyed).append(_row(receipt, delivery_id))
    recorded = Recorded(0, 0, 0)
    for statement, given in ((_BY_KEY, keyed), (_BY_REFERENCE, bare)):
        if given:
            values = {"mode": mode.value, "channel": channel, "receipts": orjson.dumps(given).decode()}
            (row,) = await rows(through, statement, values)
            recorded += Recorded._make(row)
    return recorded


async def apply_waiting(through: AsyncSession | Line, mode: Mode) -> int:
    """Apply the receipts whose delivery was not known or not to be had; return how many there were."""
    ((applied,),) = await rows(through, _APPLY_WAITING, {"mode": mode.value})
    return int(applied)


def _row(receipt: Receipt | UnknownStatus, delivery_id: int | None) -> dict[str, object]:
    return {
        "reference": receipt.reference,
        "status": receipt.status.value if isinstance(receipt, Receipt) else UNKNOWN,
        "word": None if isinstance(receipt, Receipt) else receipt.word,
        "delivery_id": delivery_id,
        "code": receipt.code,
        "raw": dict(receipt.raw),
    }


def _delivery(key: str | None) -> int | None:
    """Our id, if it is one: a signed callback may still carry an address we wrote long ago."""
    return int(key) if key is not None and key.isascii() and key.isdigit() and len(key) < 19 else None  # noqa: PLR2004
