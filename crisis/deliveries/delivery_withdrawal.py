"""Delivery withdrawal: to take one crisis post down by its number, or to cancel one delivery that has not gone out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.channels import Capabilities
from crisis.db import Database, kick
from crisis.deliveries import withdrawals
from crisis.deliveries.states import UNSENT, DeliveryState, WithdrawalState
from crisis.deliveries.withdrawals import BEYOND_RECALL, HOLD_MESSAGE, OUT, UNSETTLED
from crisis.errors import Conflict, NotFound
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.roles import Act, Actor, require

_FIND = text(
    """
    SELECT d.id, d.mode, d.lane, d.state, d.account_id, d.reference, d.url, a.channel, a.name AS account, v.message_id,
           w.state AS withdrawal
    FROM deliveries d JOIN accounts a ON a.id = d.account_id JOIN renditions r ON r.id = d.rendition_id
    LEFT JOIN revisions v ON v.id = r.revision_id LEFT JOIN withdrawals w ON w.delivery_id = d.id
    WHERE d.id = :id
    """
)
_NEWER = text(
    """
    SELECT n.id, n.state, n.reference, w.number
    FROM deliveries d
    JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
    JOIN revisions w ON w.message_id = v.message_id AND w.number > v.number AND w.state = 'approved'
    JOIN renditions s ON s.revision_id = w.id AND s.channel = r.channel AND s.language = r.language
    JOIN deliveries n ON n.recipient_id IS NULL AND n.rendition_id = s.id AND n.account_id = d.account_id
    LEFT JOIN withdrawals gone ON gone.delivery_id = n.id
    WHERE d.id = :id AND d.recipient_id IS NULL AND gone.state IS DISTINCT FROM 'done'
    ORDER BY w.number DESC
    """
)
# An older revision whose post this one has edited is the same post.
_SAME_POST = text(
    """
    SELECT id FROM deliveries
    WHERE account_id = :account AND reference = :reference AND recipient_id IS NULL AND lane = 'public' AND mode = :mode
      AND state = ANY(:states)
    """
)


class Outcome(StrEnum):
    """What asking to take one delivery down came to."""

    CANCELLED = "cancelled"
    """It had not gone out, and never will."""
    ASKED = "asked"
    """It is taken down as soon as it is known where it is."""
    BEYOND_RECALL = "beyond_recall"
    """It is with people, and nobody can take it from them."""


@dataclass(frozen=True, slots=True)
class WithdrawnDelivery:
    """What asking to take one delivery down did."""

    id: int
    channel: str
    account: str
    outcome: Outcome
    answer: str
    """What happens now, and what is left for a person to do, in plain words."""
    url: str | None


async def withdraw_delivery(
    db: Database, actor: Actor, delivery_id: int, capabilities: Mapping[str, Capabilities]
) -> WithdrawnDelivery:
    """Take one crisis post down, or cancel one delivery that has not gone out.

    Raises :class:`NotFound`, and :class:`Conflict` when it never went out, when it is a unit's own post, and when a newer
    revision has changed the same post, or is about to: then that is what would be taken down.
    """
    require(actor, Act.DECIDE_DELIVERY)
    async with db.transaction() as session:
        row = await _held(session, delivery_id)
        state = DeliveryState(row.state)
        if state in UNSENT:
            await withdrawals.cancel(session, row.message_id, row.id)
            outcome, answer = Outcome.CANCELLED, "It had not gone out, and never will."
        elif state not in OUT | UNSETTLED:
            raise Conflict(
                f"Delivery {delivery_id} stands at “{state}”: it is not out, so there is nothing to take down."
            )
        else:
            outcome, answer = await _take_down(session, actor, row, capabilities)
        await chain.append(session, actor, "withdraw", f"delivery:{row.id}", mode=Mode(row.mode), outcome=outcome.value)
    return WithdrawnDelivery(row.id, row.channel, row.account, outcome, answer, row.url)


async def _held(session: AsyncSession, delivery_id: int) -> Row[Any]:
    """The delivery, with its message held against whoever would approve, retract or settle what was to be tried again."""
    found = (await session.execute(_FIND, {"id": delivery_id})).one_or_none()
    if found is None:
        raise NotFound("delivery", delivery_id)
    if found.message_id is None:
        raise Conflict(
            f"Delivery {delivery_id} is a unit's own post, and its owner's to take down, on the channel itself. While it is "
            "blocked: crisis posts drop."
        )
    await session.execute(HOLD_MESSAGE, {"message": found.message_id})
    row: Row[Any] = (await session.execute(_FIND, {"id": delivery_id})).one()
    return row


async def _take_down(
    session: AsyncSession, actor: Actor, row: Row[Any], capabilities: Mapping[str, Capabilities]
) -> tuple[Outcome, str]:
    ids = [row.id]
    if not withdrawals.can(capabilities, row.channel):
        await withdrawals.ask(session, actor, ids, capabilities)
        return (
            Outcome.BEYOND_RECALL,
            f"{BEYOND_RECALL} {withdrawals.advice_on(row.message_id, Counter({row.channel: 1}))}",
        )
    if row.withdrawal == WithdrawalState.DONE:
        return Outcome.ASKED, "It has been taken down already."
    for newer in await session.execute(_NEWER, {"id": row.id}):
        _check_own_post(row, newer, capabilities[row.channel])
    if row.reference is not None:
        same = {
            "account": row.account_id,
            "reference": row.reference,
            "mode": row.mode,
            "states": [s.value for s in OUT],
        }
        ids += [each for each in (await session.execute(_SAME_POST, same)).scalars() if each != row.id]
    await withdrawals.ask(session, actor, ids, capabilities)
    kick(session, Mode(row.mode), Lane.PUBLIC)
    if row.state in UNSETTLED:
        return (
            Outcome.ASKED,
            "It may be out. It is taken down as soon as it is known where it is, and is not sent again.",
        )
    return Outcome.ASKED, "It is being taken down. See what came of it: crisis status."


def _check_own_post(row: Row[Any], newer: Row[Any], capabilities: Capabilities) -> None:
    state = DeliveryState(newer.state)
    if state in OUT and newer.reference == row.reference:
        raise Conflict(
            f"This post carries revision {newer.number} by now. To take that down: crisis delivery withdraw {newer.id}."
        )
    edits = capabilities.edit and any(way.edits for way in capabilities.follow_ups.values())
    if state in UNSENT | UNSETTLED and edits:
        raise Conflict(
            f"Revision {newer.number} is on its way and may be changing this very post. Wait until it is out, or take the whole "
            f"message down: crisis message withdraw {row.message_id}."
        )
