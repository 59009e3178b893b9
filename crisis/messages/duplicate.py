"""Duplicate: the same message a second time within a minute is a double click, and is stopped.

The same is the same kind, texts, promise, audience and channels in the same activation, whether it is the same draft (which is
frozen by its first approval) or another one. Two approvals at once of two drafts that say the same wait for each other here.
"""

import hashlib
import json
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.errors import Conflict
from crisis.messages.models import Message, Revision, RevisionState

WITHIN = timedelta(seconds=60)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(:class, :key)")
_CLASS = 0x4455504C
"""Of advisory locks: "DUPL"."""


class SameAgain(Conflict):
    """It went out a moment ago."""

    def __init__(self, earlier: Revision) -> None:
        at = earlier.approved_at.isoformat(timespec="seconds") if earlier.approved_at else ""
        super().__init__(
            f"The very same text went out at {at} as revision {earlier.number} of message {earlier.message_id}, approved by "
            f"{earlier.approved_by}. Nothing was sent a second time. If it is to go out once more, wait a minute."
        )
        self.message_id = earlier.message_id


async def check(session: AsyncSession, message: Message, revision: Revision, now: datetime) -> None:
    """Raise :class:`SameAgain` if what this revision says, to the same people, went out within :data:`WITHIN` of ``now``."""
    what = [message.activation_id, revision.kind.value, revision.contents, revision.audience_id, revision.channels]
    digest = hashlib.sha256(
        json.dumps([*what, revision.next_update_at and revision.next_update_at.timestamp()], sort_keys=True).encode()
    ).digest()
    key = int.from_bytes(digest[:4], signed=True)
    await session.execute(_ONE_AT_A_TIME, {"class": _CLASS, "key": key})
    same = (
        select(Revision)
        .join(Message, Message.id == Revision.message_id)
        .where(
            Message.activation_id == message.activation_id,
            Revision.id != revision.id,
            Revision.state == RevisionState.APPROVED,
            Revision.approved_at > now - WITHIN,
            Revision.kind == revision.kind,
            Revision.contents == revision.contents,
            Revision.next_update_at.is_not_distinct_from(revision.next_update_at),
            Revision.audience_id.is_not_distinct_from(revision.audience_id),
        )
        .order_by(Revision.id.desc())
    )
    for earlier in await session.scalars(same):
        if earlier.channels == revision.channels:
            raise SameAgain(earlier)
