"""Earlier: what is out already of the messages that deliveries follow up, on the same account and in the same language.

Read once per batch, for crisis posts alone: an SMS changes nothing that is out, and its path has nothing to spare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import Earlier
from crisis.deliveries.states import DeliveryState

PATIENT_LOOKS = 3
"""Looks into an unknown outcome that a follow-up waits for. After those it goes out all the same, on its own."""

# The unique index of deliveries (recipient, rendition, account) finds them, however many SMS there are. What is being taken
# down is not there to be changed: a correction of it would be taken down with it.
_READ = text(
    """
    SELECT d.id AS follower, e.id, s.kind, s.title, s.text, s.html, s.issued_at, e.reference, e.url, e.state, e.looks
    FROM deliveries d
    JOIN renditions r ON r.id = d.rendition_id
    JOIN revisions v ON v.id = r.revision_id
    JOIN revisions w ON w.message_id = v.message_id AND w.number < v.number
    JOIN renditions s ON s.revision_id = w.id AND s.channel = r.channel AND s.language = r.language
    JOIN deliveries e ON e.recipient_id IS NULL AND e.rendition_id = s.id AND e.account_id = d.account_id
    WHERE d.id = ANY(:ids) AND d.recipient_id IS NULL AND e.state IN ('accepted', 'sent', 'delivered', 'unknown')
      AND NOT EXISTS (SELECT 1 FROM withdrawals gone WHERE gone.delivery_id = e.id AND gone.state <> 'refused')
    ORDER BY d.id, w.number DESC, e.id DESC
    """
)


@dataclass(frozen=True, slots=True)
class Before:
    """What came before one delivery."""

    out: tuple[Earlier, ...] = ()
    """The newest first."""
    unsettled: bool = False
    """One of them may be out, and is still being looked into."""


NOTHING = Before()


async def read(session: AsyncSession, ids: Sequence[int]) -> Mapping[int, Before]:
    """``{delivery id: what came before it}``; a delivery that follows nothing is left out."""
    out: dict[int, list[Earlier]] = {}
    unsettled: set[int] = set()
    for row in await session.execute(_READ, {"ids": list(ids)}):
        if row.state == DeliveryState.UNKNOWN:
            if row.looks < PATIENT_LOOKS:
                unsettled.add(row.follower)
            continue
        earlier = Earlier(str(row.id), row.kind, row.title, row.text, row.html, row.issued_at, row.reference, row.url)
        out.setdefault(row.follower, []).append(earlier)
    return {
        follower: Before(tuple(out.get(follower, ())), follower in unsettled) for follower in out.keys() | unsettled
    }
