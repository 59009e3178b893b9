"""The ledger: how it stands, counted. The numbers of a revision always add up to its deliveries, because they are them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.deliveries.sights import Sight
from crisis.deliveries.sights import words as sight_words
from crisis.deliveries.states import FINAL, DeliveryState
from crisis.deliveries.states import WithdrawalState as W
from crisis.deliveries.withdrawals import words as withdrawal_words

_COUNTS = text(
    """
    SELECT v.message_id, v.number AS revision, a.id AS account_id, a.channel, a.name AS account, r.language, d.state,
           count(*) AS deliveries, count(*) FILTER (WHERE d.repeated) AS repeated, min(d.error) AS error, min(d.id) AS first,
           min(d.url) AS url, max(d.changed_at) AS changed_at,
           min(d.due_at) FILTER (WHERE d.state = 'retry_wait') AS next_try_at
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
# By line of the ledger, of deliveries ``d``.
_LINE = "v.message_id, v.number AS revision, d.account_id, r.language"
_OF_ACTIVATION = """
    JOIN renditions r ON r.id = d.rendition_id
    JOIN revisions v ON v.id = r.revision_id
    JOIN messages m ON m.id = v.message_id
    WHERE m.activation_id = :activation
    GROUP BY v.message_id, v.number, d.account_id, r.language
"""
_UNKNOWN_WORDS = text(
    f"""
    WITH said AS (
        SELECT d.id, w.word FROM receipts w JOIN deliveries d ON d.id = w.delivery_id AND d.mode = w.mode
        WHERE w.word IS NOT NULL
        UNION ALL
        SELECT d.id, w.word FROM receipts w
        JOIN deliveries d ON d.reference = w.reference AND d.recipient_id IS NULL AND d.mode = w.mode
        JOIN renditions n ON n.id = d.rendition_id AND n.channel = w.channel
        WHERE w.word IS NOT NULL AND w.delivery_id IS NULL
    )
    SELECT {_LINE}, said.word, count(DISTINCT d.id) AS deliveries
    FROM said JOIN deliveries d ON d.id = said.id {_OF_ACTIVATION}, said.word
    ORDER BY count(DISTINCT d.id) DESC, said.word
    """  # noqa: S608 - our own words
)
_SIGHTS = text(
    f"""
    SELECT {_LINE}, k.sight, count(*) AS deliveries,
           max(k.seen_at) AS seen_at, max(k.looked_at) AS looked_at, min(k.why) AS why
    FROM looks k JOIN deliveries d ON d.id = k.delivery_id {_OF_ACTIVATION}, k.sight
    """  # noqa: S608 - our own words
)
_WITHDRAWALS = text(
    f"""
    SELECT {_LINE}, w.state, count(*) AS deliveries,
           max(w.asked_at) AS asked_at, max(w.withdrawn_at) AS withdrawn_at, min(w.error) AS why
    FROM withdrawals w JOIN deliveries d ON d.id = w.delivery_id {_OF_ACTIVATION}, w.state
    """  # noqa: S608 - our own words
)
_LEAST_DONE_FIRST = (W.REFUSED, W.WAITING, W.CHECKING, W.CALLING, W.DONE)
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
    first: int = 0
    """The number of its first delivery: of a public post, the only one."""
    repeated: int = 0
    """Sent once more after an unknown outcome: may have arrived twice."""
    error: str | None = None
    url: str | None = None
    changed_at: datetime | None = None
    next_try_at: datetime | None = None
    """When the first of those that failed is tried again."""
    sights: Counter[Sight] = field(default_factory=Counter)
    """What was seen of its posts from outside; nothing for channels without a public place."""
    seen_at: datetime | None = None
    looked_at: datetime | None = None
    unseen_why: str | None = None
    """What was there instead, or what stood in the way, at the last look."""
    unknown_words: dict[str, int] = field(default_factory=dict)
    """Status words of the provider's that we do not know, as it wrote them, each with how many deliveries it was said of.
    They move nothing and are no part of the counts.
    """
    withdrawals: Counter[W] = field(default_factory=Counter)
    """Where the taking down is, of those that were withdrawn after they went out."""
    withdrawal_asked_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal_why: str | None = None
    """Why one is not taken down, and what to do about it."""

    @property
    def total(self) -> int:
        """Every delivery of this line, whatever became of it."""
        return self.counts.total()

    @property
    def least_seen(self) -> Sight | None:
        """What was seen of it: of several posts the least that can be said. Of what is taken down, nothing."""
        if self.withdrawals.total() > self.withdrawals[W.REFUSED]:
            return None
        return next((sight for sight in _WORST_FIRST if self.sights[sight]), None)

    @property
    def least_withdrawn(self) -> W | None:
        """What became of taking it down: of several posts the least that was done."""
        return next((state for state in _LEAST_DONE_FIRST if self.withdrawals[state]), None)

    @property
    def sight(self) -> str | None:
        """:attr:`least_seen` in words."""
        told = self.least_seen
        return None if told is None else sight_words(told, self.seen_at, self.looked_at)

    @property
    def withdrawal(self) -> str | None:
        """:attr:`least_withdrawn` in words, and of how many."""
        told = self.least_withdrawn
        if told is None:
            return None
        said = withdrawal_words(told, self.withdrawal_asked_at, self.withdrawn_at)
        return said if self.total == 1 else f"{self.withdrawals[told]:,} {said}"

    @property
    def underway(self) -> int:
        """Neither accepted by the provider nor at an end."""
        settled = FINAL | {DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.UNKNOWN_FINAL}
        return sum(count for state, count in self.counts.items() if state not in settled)


_Key = tuple[int, int, int, str]
"""Message, revision, account and language."""


async def lines(session: AsyncSession, activation_id: int) -> list[Line]:
    """How every revision of an activation stands, per account and language, in the order they were approved."""
    found: dict[_Key, Line] = {}
    for row in await session.execute(_COUNTS, {"activation": activation_id}):
        key = (row.message_id, row.revision, row.account_id, row.language)
        line = found.setdefault(key, Line(*key[:3], row.channel, row.account, row.language))
        line.counts[DeliveryState(row.state)] = row.deliveries
        line.first = min(line.first or row.first, row.first)
        line.repeated += row.repeated
        line.error = row.error or line.error
        line.url = row.url or line.url
        line.changed_at = _latest(line.changed_at, row.changed_at)
        line.next_try_at = row.next_try_at or line.next_try_at
    for line, row in await _of_lines(session, found, _SIGHTS, activation_id):
        line.sights[Sight(row.sight)] = row.deliveries
        line.seen_at = _latest(line.seen_at, row.seen_at)
        line.looked_at = _latest(line.looked_at, row.looked_at)
        line.unseen_why = row.why or line.unseen_why
    for line, row in await _of_lines(session, found, _UNKNOWN_WORDS, activation_id):
        line.unknown_words[row.word] = row.deliveries
    for line, row in await _of_lines(session, found, _WITHDRAWALS, activation_id):
        line.withdrawals[W(row.state)] = row.deliveries
        line.withdrawal_asked_at = _latest(line.withdrawal_asked_at, row.asked_at)
        line.withdrawn_at = _latest(line.withdrawn_at, row.withdrawn_at)
        line.withdrawal_why = row.why or line.withdrawal_why
    return list(found.values())


async def _of_lines(
    session: AsyncSession, found: Mapping[_Key, Line], statement: TextClause, activation_id: int
) -> list[tuple[Line, Row[Any]]]:
    """What a statement has of each line. What was approved since the lines were counted is of the next time."""
    rows = await session.execute(statement, {"activation": activation_id})
    keyed = (((row.message_id, row.revision, row.account_id, row.language), row) for row in rows)
    return [(found[key], row) for key, row in keyed if key in found]


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)
