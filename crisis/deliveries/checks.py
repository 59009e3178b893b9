"""Checks: look now, because a person asked. At what may be out and nobody can tell about, and at what the public should see.

A check reads. It sends nothing, and of what stands at ``unknown_final`` it moves only what it found: that was accepted. The
two other answers leave it to the person, who has looked now.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, text

from crisis.audit import chain
from crisis.channel_set import close_all
from crisis.channels import Capabilities, Channel, ChannelError, Finding, Found
from crisis.db import Database, kick
from crisis.deliveries import earlier, follow_up, looks
from crisis.deliveries.book import Book, Frozen, Openers, outgoing
from crisis.deliveries.cleaned import cleaned
from crisis.deliveries.decisions import check_may
from crisis.deliveries.earlier import NOTHING, Before
from crisis.deliveries.sights import Sight
from crisis.deliveries.sights import words as sight_words
from crisis.deliveries.states import DeliveryState
from crisis.errors import Conflict, NotFound, Unready
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.roles import Actor

log = logging.getLogger(__name__)

Outside = Callable[[Mode], tuple[Mapping[str, Channel], Openers]]
"""The channels of a mode and how it opens accounts and numbers. The check closes the channels."""

_FIND = text(
    """
    SELECT d.id, d.mode, d.lane, d.state, d.rendition_id, d.account_id, d.recipient_id, d.reference, d.url, d.started_at,
           a.channel, a.name AS account, a.unit, p.number, p.fingerprint
    FROM deliveries d JOIN accounts a ON a.id = d.account_id LEFT JOIN recipients p ON p.id = d.recipient_id
    WHERE d.id = :id
    """
)
_TAKE = text(
    """
    UPDATE deliveries SET lease = :lease, lease_until = now() + interval '1 minute', looks = least(looks + 1, 1000)
    WHERE id = :id AND state = 'unknown_final' AND (lease_until IS NULL OR lease_until < now())
    """
)
_FOUND = text(
    """
    UPDATE deliveries SET state = 'accepted', reference = coalesce(:reference, reference), url = coalesce(:url, url),
           error = NULL, lease = NULL, lease_until = NULL, changed_at = now()
    WHERE id = :id AND lease = :lease AND state = 'unknown_final'
    """
)
_LEFT = text(
    """
    UPDATE deliveries SET error = :error, lease = NULL, lease_until = NULL, changed_at = now()
    WHERE id = :id AND lease = :lease AND state = 'unknown_final'
    """
)
_SOON = text("UPDATE deliveries SET due_at = now() WHERE id = :id AND state = 'unknown' AND due_at > now()")
_SEEN = {
    Sight.WAITING: "Not there yet. It is looked at again by itself.",
    Sight.SEEN: "It is there, with this text.",
    Sight.NOT_SEEN: "The provider accepted it, and it is not to be seen.",
    Sight.GONE: "It was there and is not any more.",
    Sight.REPLACED: "A newer revision has taken its place.",
}
_DECIDE = "Decide: send again, mark as sent (with the link), or drop."


@dataclass(frozen=True, slots=True)
class Checked:
    """A delivery after it was looked at."""

    id: int
    channel: str
    account: str
    state: DeliveryState
    answer: str
    """What was found, and what to do about it, in plain words."""
    url: str | None
    sight: Sight | None = None
    seen: str | None = None
    """The sight in words, as the ledger has it."""


async def check(db: Database, actor: Actor, delivery_id: int, outside: Outside) -> Checked:
    """Look at a delivery now. A crisis delivery takes the desk; a unit's post, the unit's editor.

    Raises :class:`NotFound`, and :class:`Conflict` where there is nothing to look at or somebody is looking already.
    """
    async with db.transaction() as session:
        row = (await session.execute(_FIND, {"id": delivery_id})).one_or_none()
        check_may(actor, row)
        if row is None:
            raise NotFound("delivery", delivery_id)
    state = DeliveryState(row.state)
    if state is DeliveryState.UNKNOWN:
        return await _soon(db, actor, row)
    channels, openers = outside(Mode(row.mode))
    try:
        if state is DeliveryState.UNKNOWN_FINAL:
            return await _reconcile(db, actor, row, channels, Book(openers))
        channel = channels.get(row.channel)
        public = channel is not None and bool(channel.capabilities.look_seconds) and row.lane == Lane.PUBLIC
        is_out = state in {DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.DELIVERED}
        if not (public and is_out and row.reference):
            raise Conflict(
                f"Delivery {delivery_id} on {row.account} stands at “{row.state}”, and there is nothing to look at. A check is "
                "for what may be out and nobody can tell about, and for public posts that were accepted."
            )
        return await _look(db, actor, row, channels, Book(openers))
    finally:
        await close_all(channels)


async def _soon(db: Database, actor: Actor, row: Row[Any]) -> Checked:
    async with db.transaction() as session:
        await session.execute(_SOON, {"id": row.id})
        kick(session, Mode(row.mode), Lane(row.lane))
        await _record(session, actor, row, "being looked into")
    answer = "It is being looked into by itself; that is now done at once. See how it stands in some seconds."
    return Checked(row.id, row.channel, row.account, DeliveryState.UNKNOWN, answer, row.url)


async def _look(db: Database, actor: Actor, row: Row[Any], channels: Mapping[str, Channel], book: Book) -> Checked:
    looked = await looks.look_now(db, row, channels, book)
    answer = " ".join(filter(None, (_SEEN[looked.sight], looked.why)))
    async with db.transaction() as session:
        await _record(session, actor, row, looked.sight.value)
    said = sight_words(looked.sight, looked.seen_at, looked.looked_at)
    return Checked(row.id, row.channel, row.account, DeliveryState(row.state), answer, row.url, looked.sight, said)


async def _reconcile(db: Database, actor: Actor, row: Row[Any], channels: Mapping[str, Channel], book: Book) -> Checked:
    lease = uuid4()
    async with db.transaction() as session:
        taken = await session.execute(_TAKE, {"id": row.id, "lease": lease})
        if not taken.rowcount:  # type: ignore[attr-defined]
            raise Conflict(f"Delivery {row.id} is being looked at just now, or was decided. Ask again in a minute.")
        renditions = await book.fetch(session, {row.account_id}, {row.rendition_id})
        before = await earlier.read(session, [row.id]) if row.lane == Lane.PUBLIC else {}
    finding, why = await _find(row, renditions[row.rendition_id], channels, book, before.get(row.id, NOTHING))
    found = finding.found is Found.YES
    state, answer = DeliveryState.UNKNOWN_FINAL, ""
    match finding.found:
        case Found.YES:
            state, answer = DeliveryState.ACCEPTED, "It is out. It counts as accepted now."
        case Found.NO:
            answer = f"Looked: it is not there. Nothing was sent. {_DECIDE}"
        case Found.CANNOT_TELL:
            answer = f"Looked: nobody can tell. {why or 'Look at the account yourself.'} {_DECIDE}"
    values = {"id": row.id, "lease": lease}
    async with db.transaction() as session:
        if found:
            moved = await session.execute(_FOUND, values | {"reference": finding.reference, "url": finding.url})
        else:
            moved = await session.execute(_LEFT, values | {"error": cleaned(answer)})
        if not moved.rowcount:  # type: ignore[attr-defined]
            raise Conflict(f"Somebody decided about delivery {row.id} while it was looked at. See how it stands.")
        await _record(session, actor, row, finding.found.value)
    return Checked(row.id, row.channel, row.account, state, answer, finding.url or row.url)


async def _find(
    row: Row[Any], rendition: Frozen, channels: Mapping[str, Channel], book: Book, before: Before
) -> tuple[Finding, str | None]:
    """What the provider says, and what stood in the way."""
    channel = channels.get(row.channel)
    capabilities = Capabilities() if channel is None else channel.capabilities
    if channel is None or not capabilities.reconcile:
        return Finding(Found.CANNOT_TELL), "This channel cannot be asked."
    try:
        to = book.openers.number(row.recipient_id, row.number, row.fingerprint) if row.number else None
        out = outgoing(rendition, row.id, to, None)
        async with asyncio.timeout(capabilities.call_seconds * 2):
            return await follow_up.find(channel, book.account(row.account_id), out, before, row.started_at), None
    except TimeoutError:
        return Finding(Found.CANNOT_TELL), "There was no answer in time."
    except (ChannelError, Unready) as error:
        return Finding(Found.CANNOT_TELL), str(error)
    except Exception:
        log.exception("The %s adapter failed when it looked for delivery %s.", row.channel, row.id)
        return Finding(Found.CANNOT_TELL), "The adapter failed in a way it should not; the log has the details."


async def _record(session: Any, actor: Actor, row: Row[Any], found: str) -> None:
    await chain.append(session, actor, "check", f"delivery:{row.id}", mode=Mode(row.mode), found=found)
