"""Items: deliveries one by one, for a list or for a person who decides about one. Of a number the last two digits are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.deliveries.states import DeliveryState
from crisis.errors import NotFound

# What a provider said of a delivery ``d`` in a word that we do not know: by our own id, or by the provider's.
_SAID_OF_IT = """
    w.word IS NOT NULL AND w.mode = d.mode
    AND (w.delivery_id = d.id OR (w.delivery_id IS NULL AND w.reference = d.reference AND w.channel = a.channel))
"""
_ITEM = f"""
    SELECT d.id, d.mode, d.lane, a.channel, a.name AS account, r.language, d.state, d.attempts, d.repeated, d.due_at,
           d.changed_at, d.reference, d.url, d.error_code, d.error, p.last_two,
           CASE WHEN t.state IS NULL OR t.state = 'refused' THEN k.sight END AS sight, k.seen_at, k.looked_at,
           k.why AS unseen_why,
           ARRAY(SELECT w.word FROM receipts w WHERE {_SAID_OF_IT} ORDER BY w.id) AS unknown_words,
           t.state AS withdrawal, t.asked_at AS withdrawal_asked_at, t.withdrawn_at, t.error AS withdrawal_why,
           r.revision_id
    FROM deliveries d
    JOIN renditions r ON r.id = d.rendition_id
    JOIN accounts a ON a.id = d.account_id
    LEFT JOIN looks k ON k.delivery_id = d.id
    LEFT JOIN withdrawals t ON t.delivery_id = d.id
    LEFT JOIN recipients p ON p.id = d.recipient_id
"""  # noqa: S608 - our own words
_LIST = text(
    f"""
    {_ITEM}
    WHERE r.revision_id = :revision AND d.id > :after
      AND (CAST(:state AS text) IS NULL OR d.state = :state) AND (CAST(:channel AS text) IS NULL OR a.channel = :channel)
    ORDER BY d.id LIMIT :most
    """
)
_ONE = text(f"{_ITEM} WHERE d.id = :id")
_UNDECIDED = text(
    f"""
    {_ITEM}
    JOIN revisions v ON v.id = r.revision_id
    JOIN messages m ON m.id = v.message_id
    WHERE m.activation_id = :activation AND d.state = 'unknown_final'
    ORDER BY d.lane, d.id LIMIT :most
    """
)


@dataclass(frozen=True, slots=True)
class Item:
    """One delivery, for a list. ``last_two`` is all that is shown of a recipient's number."""

    id: int
    mode: str
    lane: str
    channel: str
    account: str
    language: str
    state: str
    attempts: int
    repeated: bool
    due_at: datetime
    changed_at: datetime
    reference: str | None
    url: str | None
    error_code: str | None
    error: str | None
    last_two: str | None
    sight: str | None
    """What an outsider saw of a public post; ``None`` where nobody looks."""
    seen_at: datetime | None
    looked_at: datetime | None
    unseen_why: str | None
    unknown_words: Sequence[str]
    """What the provider said of it in words that we do not know, oldest first."""
    withdrawal: str | None
    """Where the taking down is; ``None`` where nobody asked, or nothing of it was out."""
    withdrawal_asked_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_why: str | None
    revision_id: int | None
    """The revision it carries; ``None`` of a unit's post."""


async def get(session: AsyncSession, delivery_id: int) -> Item:
    """One delivery. Raises :class:`crisis.errors.NotFound`."""
    row = (await session.execute(_ONE, {"id": delivery_id})).one_or_none()
    if row is None:
        raise NotFound("delivery", delivery_id)
    return Item(*row)


async def of_revision(
    session: AsyncSession,
    revision_id: int,
    *,
    after: int = 0,
    most: int = 100,
    state: DeliveryState | None = None,
    channel: str | None = None,
) -> Sequence[Item]:
    """A revision's deliveries one by one, a page after delivery ``after``."""
    values = {
        "revision": revision_id,
        "after": after,
        "most": most,
        "state": state.value if state else None,
        "channel": channel,
    }
    return [Item(*row) for row in await session.execute(_LIST, values)]


async def undecided(session: AsyncSession, activation_id: int, *, most: int = 100) -> Sequence[Item]:
    """Deliveries of an activation's messages that may be out and wait for a person's decision, public posts first."""
    values = {"activation": activation_id, "most": most}
    return [Item(*row) for row in await session.execute(_UNDECIDED, values)]
