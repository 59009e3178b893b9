"""Decisions: what a person says about a delivery that nobody could tell about. The engine never decides these by itself."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import gate
from crisis.audit import chain
from crisis.db import Database, kick
from crisis.deliveries import outbox
from crisis.deliveries.states import DeliveryState, before
from crisis.errors import Conflict, Invalid, NotFound
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.roles import Act, Actor, require, require_mode, require_unit

LINK_MOST = 2_000
"""Characters. Longer ones do not survive being sent around."""
_FIND = text(
    """
    SELECT d.id, d.mode, d.lane, d.state, a.channel, a.name AS account, a.unit
    FROM deliveries d JOIN accounts a ON a.id = d.account_id WHERE d.id = :id FOR UPDATE OF d
    """
)
_MARK = text(
    """
    UPDATE deliveries SET url = coalesce(:url, url), error = :error, changed_at = now()
    WHERE id = :id AND state = ANY(:ended) AND lane = 'public'
    """
)
_MOVE = text(
    """
    UPDATE deliveries
    SET state = :state, due_at = now(), repeated = repeated OR :repeat, url = coalesce(:url, url), error = :error,
        deadline_at = CASE WHEN :repeat THEN greatest(deadline_at, now() + :validity) ELSE deadline_at END,
        changed_at = now()
    WHERE id = :id AND state = ANY(:from) AND state = 'unknown_final'
    """
)


class Decision(StrEnum):
    """What a person may say, having looked at the account."""

    SEND_AGAIN = "send_again"
    """It did not go out. Sent once more, and flagged: if the person was wrong, it arrives twice."""
    MARK_SENT = "mark_sent"
    """It is out, found there or published by hand. Of a public post that the provider refused, or that was given up, it is put on
    record and shown; its state stays what the provider made it.
    """
    DROP = "drop"
    """It shall not go out any more."""


_TO = {
    Decision.SEND_AGAIN: DeliveryState.READY,
    Decision.MARK_SENT: DeliveryState.ACCEPTED,
    Decision.DROP: DeliveryState.CANCELLED,
}
ENDED_UNSENT = frozenset({DeliveryState.REJECTED, DeliveryState.DEAD})
"""Where a public post ends without being out. Somebody may publish it by hand, and say so."""
_SAID = {Decision.SEND_AGAIN: "sent again", Decision.MARK_SENT: "marked as sent", Decision.DROP: "dropped"}


@dataclass(frozen=True, slots=True)
class Decided:
    """A delivery after the decision."""

    id: int
    channel: str
    account: str
    state: DeliveryState


async def decide(
    db: Database, actor: Actor, delivery_id: int, decision: Decision, *, validity: timedelta, url: str | None = None
) -> Decided:
    """Decide about a delivery at ``unknown_final``; or mark a public post as sent by hand that the provider did not take. A crisis
    delivery takes the desk; a unit's post, the unit's editor.

    ``url`` is where it can be seen, for ``mark_sent``. What is sent again is valid for ``validity`` from now, and a unit's
    post still meets the gate. Raises :class:`NotFound`, and :class:`Conflict` when there is nothing to decide, when what
    would be sent again has been superseded, or when the sender of a unit's post may still be at it: what that puts out must
    stand as unknown, or a lock is confirmed without it. End that process (the error names it), and decide some seconds later.
    """
    if url is not None and decision is not Decision.MARK_SENT:
        raise Invalid("A link goes with “mark as sent” alone. Nothing was decided.")
    if url is not None and not _is_link(url):
        raise Invalid(
            f"A link begins with https:// or http://, names a host, and has no spaces, no password and at most {LINK_MOST:,} "
            "characters. Copy it from the browser's address line. Nothing was decided."
        )
    again = decision is Decision.SEND_AGAIN
    async with db.transaction() as session:
        if again:
            await outbox.hold_revisions(session, [delivery_id])
        row = (await session.execute(_FIND, {"id": delivery_id})).one_or_none()
        check_may(actor, row)
        if row is None:
            raise NotFound("delivery", delivery_id)
        if again and await outbox.is_superseded(session, delivery_id):
            raise Conflict(
                f"A newer revision has been approved since delivery {delivery_id} was written, and what it replaces is not "
                "sent after it. Drop this one; if the new one did not arrive either, decide about that."
            )
        if again and await outbox.is_withdrawn(session, delivery_id):
            raise Conflict(
                f"Delivery {delivery_id} was withdrawn, so it is not sent again. If it is out, mark it as sent: it is then taken "
                "down. If it is not, drop it."
            )
        await _check_ended(session, delivery_id)
        state = _TO[decision]
        values = {"id": row.id, "state": state.value, "repeat": again, "url": url, "validity": validity}
        said = f"{_SAID[decision]} by {actor.name}"
        if decision is Decision.MARK_SENT and row.state in ENDED_UNSENT:
            state = DeliveryState(row.state)
            values["ended"] = [each.value for each in ENDED_UNSENT]
            moved = await session.execute(_MARK, values | {"error": said})
        else:
            moved = await session.execute(_MOVE, values | {"error": said, "from": before(state)})
        if not moved.rowcount:  # type: ignore[attr-defined]
            raise Conflict(
                f"Delivery {delivery_id} stands at “{row.state}”, so there is nothing to decide. Only what may be out and "
                "nobody can tell about is a person's to decide."
            )
        if again:
            kick(session, Mode(row.mode), Lane(row.lane))
        await chain.append(session, actor, decision.value, f"delivery:{row.id}", mode=Mode(row.mode), url=url)
    return Decided(row.id, row.channel, row.account, state)


async def _check_ended(session: AsyncSession, delivery_id: int) -> None:
    """Raises :class:`Conflict` while the sender of a unit's post holds its permit: it may be calling, or begin."""
    if (holder := await gate.holder_of(session, delivery_id)) is not None:
        raise Conflict(
            f"The sender that had delivery {delivery_id} may still be at it: process {holder.pid} on {holder.host_name} has "
            "neither ended it nor been proved dead. Nothing was decided. Restart the worker there, and decide in some seconds."
        )


def is_by_hand(error: str | None) -> bool:
    """Whether what a delivery says of itself is that a person put it out."""
    return error is not None and error.startswith(f"{_SAID[Decision.MARK_SENT]} by ")


def _is_link(url: str) -> bool:
    """Whether people can follow it, and may be shown it."""
    if len(url) > LINK_MOST or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def check_may(actor: Actor, row: Row[tuple[object, ...]] | None) -> None:
    """Asked before saying whether the delivery exists."""
    if row is not None and row.lane == Lane.UNIT:
        require_unit(actor, row.unit)
    else:
        require(actor, Act.DECIDE_DELIVERY)
    if row is not None:
        require_mode(actor, Mode(row.mode))  # a look at the provider is out before it is on record
