"""Withdrawals: to take a message down again. The act alone; ``withdrawer`` does what is asked here, and one delivery by its
number is for ``delivery_withdrawal``.

In one transaction, what has not gone out is cancelled (text messages that wait among it), what is out in public is to be taken
down where the channel can, and what nobody can call back is counted. What is in flight, or may be out, is waited for: it is
taken down when it is known where it is, and never tried again. What follows afterwards (a correction, the retraction) leaves
posts that are being taken down alone, and is published anew.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.channels import Capabilities
from crisis.db import Database, kick
from crisis.deliveries.reach import ATTEMPTED
from crisis.deliveries.sights import clock_time
from crisis.deliveries.states import DeliveryState, WithdrawalState
from crisis.errors import Conflict, NotFound
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.roles import Act, Actor, require

OUT = frozenset({DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.DELIVERED})
"""It is in public."""
UNSETTLED = frozenset({DeliveryState.IN_FLIGHT, DeliveryState.UNKNOWN, DeliveryState.UNKNOWN_FINAL})
"""It may be."""

BEYOND_RECALL = "This channel cannot call back what it has sent."
_OF_MESSAGE = "renditions r JOIN revisions v ON v.id = r.revision_id"
HOLD_MESSAGE = text("SELECT id, mode, retracted_at FROM messages WHERE id = :message FOR UPDATE")
_MARK = text(
    """
    UPDATE revisions SET withdrawn_at = coalesce(withdrawn_at, clock_timestamp()),
           withdrawn_by = coalesce(withdrawn_by, CAST(:by AS text))
    WHERE message_id = :message AND state = 'approved'
    """
)
_CANCEL = text(
    f"""
    WITH cancelled AS (
        UPDATE deliveries d SET state = 'cancelled', lease = NULL, lease_until = NULL, changed_at = now(),
               error = 'withdrawn before it was sent'
        FROM {_OF_MESSAGE}
        WHERE r.id = d.rendition_id AND v.message_id = :message AND v.state = 'approved'
          AND (CAST(:id AS bigint) IS NULL OR d.id = :id) AND d.state IN ('ready', 'leased', 'retry_wait')
        RETURNING r.channel
    )
    SELECT channel, count(*) AS deliveries FROM cancelled GROUP BY channel ORDER BY channel
    """  # noqa: S608 - our own words
)
# A person who asks again, having mended what stood in the way, begins anew.
_ASK = text(
    f"""
    INSERT INTO withdrawals AS w (delivery_id, mode, state, asked_by, error)
    SELECT d.id, d.mode, given.state, :by, CASE WHEN given.state = 'refused' THEN '{BEYOND_RECALL}' END
    FROM deliveries d JOIN renditions r ON r.id = d.rendition_id
    CROSS JOIN LATERAL (SELECT CASE WHEN r.channel = ANY(:able) THEN 'waiting' ELSE 'refused' END) AS given (state)
    WHERE d.id = ANY(:ids)
    ON CONFLICT (delivery_id) DO UPDATE SET state = 'waiting', asked_by = excluded.asked_by, asked_at = now(),
           due_at = now(), attempts = 0, lease = NULL, lease_until = NULL, error = NULL
    WHERE w.state = 'refused' AND excluded.state = 'waiting'
    """  # noqa: S608 - our own words
)
_IN_PUBLIC = text(
    f"""
    SELECT d.id, d.state, r.channel FROM deliveries d JOIN {_OF_MESSAGE} ON r.id = d.rendition_id
    LEFT JOIN withdrawals w ON w.delivery_id = d.id
    WHERE v.message_id = :message AND v.state = 'approved' AND d.recipient_id IS NULL AND d.lane = 'public'
      AND d.state = ANY(:states) AND w.state IS DISTINCT FROM 'done' ORDER BY d.id
    """  # noqa: S608 - our own words
)
_SENT_TO_PEOPLE = text(
    f"""
    SELECT r.channel, count(*) AS deliveries FROM deliveries d JOIN {_OF_MESSAGE} ON r.id = d.rendition_id
    WHERE v.message_id = :message AND v.state = 'approved' AND d.lane = '{Lane.SMS}' AND {ATTEMPTED}
    GROUP BY r.channel ORDER BY r.channel
    """  # noqa: S608 - our own words
)

_REFUSED = text(
    """
    SELECT d.id, a.name AS account, w.error FROM withdrawals w
    JOIN deliveries d ON d.id = w.delivery_id JOIN accounts a ON a.id = d.account_id
    WHERE w.state = 'refused' AND d.recipient_id IS NULL AND w.asked_at > now() - interval '7 days'
    ORDER BY w.asked_at DESC, d.id LIMIT 20
    """
)


@dataclass(frozen=True, slots=True)
class WithdrawnMessage:
    """What withdrawing a message did, in deliveries by channel."""

    message_id: int
    cancelled: Mapping[str, int]
    """Had not gone out, and never will."""
    taking_down: Mapping[str, int] = field(default_factory=dict)
    """Out in public, or perhaps: to be taken down."""
    waited_for: int = 0
    """Of ``taking_down``: in flight or unknown just now, and taken down when it is known where they are."""
    beyond_recall: Mapping[str, int] = field(default_factory=dict)
    """Begun, and no one can call them back. A correction or the retraction goes to exactly those."""
    advice: str = ""
    """What is left for a person to do, in plain words; empty where there is nothing."""


async def withdraw_message(
    db: Database, actor: Actor, message_id: int, capabilities: Mapping[str, Capabilities]
) -> WithdrawnMessage:
    """Take a message down, everywhere it can be. Possible after the stand-down too: it publishes nothing.

    Asking again is harmless, and tries again what was refused. Raises :class:`NotFound`, and :class:`Conflict` when nothing
    was approved, or when its retraction stands in its place.
    """
    require(actor, Act.DECIDE_DELIVERY)
    async with db.transaction() as session:
        message = (await session.execute(HOLD_MESSAGE, {"message": message_id})).one_or_none()
        if message is None:
            raise NotFound("message", message_id)
        if message.retracted_at is not None:
            raise Conflict(
                f"Message {message_id} was retracted, and its retraction stands where it stood. Taking that down would leave "
                "people with the alarm alone. To take down one post of it all the same: crisis delivery withdraw NUMBER."
            )
        values = {"message": message_id, "by": actor.name}
        marked = await session.execute(_MARK, values)
        if not marked.rowcount:  # type: ignore[attr-defined]
            raise Conflict(f"Nothing of message {message_id} was ever approved, so nothing is out. Leave the draft.")
        cancelled = await cancel(session, message_id, None)
        states = [state.value for state in OUT | UNSETTLED]
        public = (await session.execute(_IN_PUBLIC, {"message": message_id, "states": states})).all()
        await ask(session, actor, [row.id for row in public], capabilities)
        able = [row for row in public if can(capabilities, row.channel)]
        taking_down = Counter(row.channel for row in able)
        beyond = Counter(row.channel for row in public if not can(capabilities, row.channel))
        for row in await session.execute(_SENT_TO_PEOPLE, {"message": message_id}):
            beyond[row.channel] += row.deliveries
        if able:
            kick(session, Mode(message.mode), Lane.PUBLIC)
        done = {"cancelled": cancelled, "taking_down": dict(taking_down), "beyond_recall": dict(beyond)}
        await chain.append(session, actor, "withdraw", f"message:{message_id}", mode=Mode(message.mode), **done)
    waited_for = sum(DeliveryState(row.state) in UNSETTLED for row in able)
    return WithdrawnMessage(
        message_id, cancelled, dict(taking_down), waited_for, dict(beyond), advice_on(message_id, beyond)
    )


def words(state: WithdrawalState, asked_at: datetime | None, withdrawn_at: datetime | None) -> str:
    """What the taking down of a post means to the person at the desk. Times are Norwegian: ``05.58``."""
    match state:
        case WithdrawalState.WAITING:
            return f"to be taken down, asked at {clock_time(asked_at)}"
        case WithdrawalState.CALLING:
            return "being taken down"
        case WithdrawalState.CHECKING:
            return "may be taken down, being checked"
        case WithdrawalState.REFUSED:
            return "could not be taken down"
        case WithdrawalState.DONE:
            return f"taken down at {clock_time(withdrawn_at)}" if withdrawn_at else "withdrawn, and never went out"


async def refused(session: AsyncSession) -> Sequence[tuple[int, str, str]]:
    """Posts that are still out although they were to be taken down: (delivery, account, why), the newest first."""
    return [(row.id, row.account, row.error) for row in await session.execute(_REFUSED)]


async def cancel(session: AsyncSession, message_id: int, delivery_id: int | None) -> dict[str, int]:
    """Cancel what is unsent of the message, or this one delivery of it."""
    rows = await session.execute(_CANCEL, {"message": message_id, "id": delivery_id})
    return {row.channel: row.deliveries for row in rows}


async def ask(session: AsyncSession, actor: Actor, ids: list[int], capabilities: Mapping[str, Capabilities]) -> None:
    """Have these deliveries taken down, where their channel can; the others are put on record as out of reach."""
    able = [name for name, each in capabilities.items() if each.withdraw]
    await session.execute(_ASK, {"ids": ids, "able": able, "by": actor.name})


def can(capabilities: Mapping[str, Capabilities], channel: str) -> bool:
    """Whether this channel can take down what it has put out."""
    return channel in capabilities and capabilities[channel].withdraw


def advice_on(message_id: int, beyond: Counter[str]) -> str:
    """What to do about what nobody can call back: deliveries by channel. Empty where there is nothing."""
    count = beyond.total()
    if not count:
        return ""
    said = "1 delivery was begun and cannot" if count == 1 else f"{count:,} deliveries were begun and cannot"
    return (
        f"{said} be called back. Tell those who may have it: crisis message retract {message_id} if it was a false alarm, or a "
        f"correction (crisis message write --kind correction --message {message_id}). Either goes to exactly those."
    )
