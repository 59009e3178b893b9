"""The ledger: how it stands, counted. The numbers of a revision always add up to its deliveries, because they are them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.deliveries.sights import Sight
from crisis.deliveries.sights import words as sight_words
from crisis.deliveries.states import FINAL, DeliveryState

_COUNTS = text(
    """
    SELECT v.message_id, v.number AS revision, a.id AS account_id, a.channel, a.name AS account, r.language, d.state,
           count(*) AS deliveries, count(*) FILTER (WHERE d.repeated) AS repeated, min(d.error) AS error,
           min(d.url) AS url, max(d.changed_at) AS changed_at
    FROM deliveries d
    JOIN renditions r ON r.id = d.rendition_id
    JOIN revisions v ON v.id = r.revision_id
    JOIN messages m ON m.id = v.message_id
    JOIN accounts a ON a.id = d.account_id
    WHERE m.activation_id = :activation
    GROUP BY v.message_id, v.number, a.id, a.channel, a.name, r.language, d.state
    ORDER BY v.message_id, v.number, min(d.id)
    """
)
_LIST = text(
    """
    SELECT d.id, d.mode, d.lane, a.channel, a.name AS account, r.language, d.state, d.attempts, d.repeated, d.due_at,
           d.changed_at, d.reference, d.url, d.error_code, d.error, p.last_two,
           k.sight, k.seen_at, k.looked_at, k.why AS unseen_why
    FROM deliveries d
    JOIN renditions r ON r.id = d.rendition_id
    JOIN accounts a ON a.id = d.account_id
    LEFT JOIN looks k ON k.delivery_id = d.id
    LEFT JOIN recipients p ON p.id = d.recipient_id
    WHERE r.revision_id = :revision AND d.id > :after
      AND (CAST(:state AS text) IS NULL OR d.state = :state) AND (CAST(:channel AS text) IS NULL OR a.channel = :channel)
    ORDER BY d.id LIMIT :most
    """
)
_SIGHTS = text(
    """
    SELECT v.message_id, v.number AS revision, d.account_id, r.language, k.sight, count(*) AS deliveries,
           max(k.seen_at) AS seen_at, max(k.looked_at) AS looked_at, min(k.why) AS why
    FROM looks k
    JOIN deliveries d ON d.id = k.delivery_id
    JOIN renditions r ON r.id = d.rendition_id
    JOIN revisions v ON v.id = r.revision_id
    JOIN messages m ON m.id = v.message_id
    WHERE m.activation_id = :activation
    GROUP BY v.message_id, v.number, d.account_id, r.language, k.sight
    """
)
_WORST_FIRST = (Sight.GONE, Sight.NOT_SEEN, Sight.WAITING, Sight.SEEN, Sight.REPLACED)
_WORDS = {
    DeliveryState.READY: "waiting",
    DeliveryState.LEASED: "about to be sent",
    DeliveryState.IN_FLIGHT: "being sent",
    DeliveryState.RETRY_WAIT: "not sent yet, will be tried again",
    DeliveryState.UNKNOWN: "may be out, being checked",
    DeliveryState.UNKNOWN_FINAL: "may be out, needs a person",
    DeliveryState.ACCEPTED: "accepted by the provider",
    DeliveryState.SENT: "sent on by the provider",
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.UNDELIVERED: "not delivered",
    DeliveryState.EXPIRED: "not delivered in time",
    DeliveryState.REJECTED: "refused by the provider",
    DeliveryState.BLOCKED: "blocked by the lock",
    DeliveryState.CANCELLED: "cancelled before sending",
    DeliveryState.DEAD: "given up before sending",
}


def words(state: DeliveryState) -> str:
    """What a state means to the person at the desk. "Sent" is never said of what the provider has not accepted."""
    return _WORDS[state]


@dataclass(slots=True)
class Line:
    """One account and language of one revision."""

    message_id: int
    revision: int
    account_id: int
    channel: str
    account: str
    language: str
    counts: Counter[DeliveryState] = field(default_factory=Counter)
    repeated: int = 0
    """Sent once more after an unknown outcome: may have arrived twice."""
    error: str | None = None
    url: str | None = None
    changed_at: datetime | None = None
    sights: Counter[Sight] = field(default_factory=Counter)
    """What was seen of its posts from outside; nothing for channels without a public place."""
    seen_at: datetime | None = None
    looked_at: datetime | None = None
    unseen_why: str | None = None
    """What was there instead, or what stood in the way, at the last look."""

    @property
    def total(self) -> int:
        """Every delivery of this line, whatever became of it."""
        return self.counts.total()

    @property
    def sight(self) -> str | None:
        """What was seen of it, in words: of several posts the least that can be said."""
        told = next((sight for sight in _WORST_FIRST if self.sights[sight]), None)
        return None if told is None else sight_words(told, self.seen_at, self.looked_at)

    @property
    def underway(self) -> int:
        """Neither accepted by the provider nor at an end."""
        settled = FINAL | {DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.UNKNOWN_FINAL}
        return sum(count for state, count in self.counts.items() if state not in settled)


async def lines(session: AsyncSession, activation_id: int) -> list[Line]:
    """How every revision of an activation stands, per account and language, in the order they were approved."""
    found: dict[tuple[int, int, int, str], Line] = {}
    for row in await session.execute(_COUNTS, {"activation": activation_id}):
        key = (row.message_id, row.revision, row.account_id, row.language)
        line = found.setdefault(key, Line(*key[:3], row.channel, row.account, row.language))
        line.counts[DeliveryState(row.state)] = row.deliveries
        line.repeated += row.repeated
        line.error = row.error or line.error
        line.url = row.url or line.url
        line.changed_at = max(filter(None, (line.changed_at, row.changed_at)))
    for row in await session.execute(_SIGHTS, {"activation": activation_id}):
        if (seen := found.get((row.message_id, row.revision, row.account_id, row.language))) is not None:
            seen.sights[Sight(row.sight)] = row.deliveries
            seen.seen_at = max(filter(None, (seen.seen_at, row.seen_at)), default=None)
            seen.looked_at = max(filter(None, (seen.looked_at, row.looked_at)), default=None)
            seen.unseen_why = row.why or seen.unseen_why
    return list(found.values())


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


async def items(
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
