"""Second looks: after a public post was accepted, is it really there? Seen from outside, and written beside the delivery.

A look reads and never sends; it moves no delivery and changes nothing but its own row. The sweep plans looks and finds those
that are due; whoever takes the kick (a worker, or the standby) looks, under a lease, so that two never look at one post at
once. How often and when is each channel's to say (``Capabilities.look_seconds``), for some reads are paid for. What was seen
is looked at once more some minutes later, since platforms take posts down.

Runbook: *accepted, not seen* means that the provider said yes and the public does not see it. Open the link. If it is the
crisis page: is the folder that workers write to (``CRISIS_PUBLIC_DIR``) the one the web server serves, and is
``CRISIS_CRISIS_PAGE_URL`` its address? ``crisis delivery check NUMBER`` looks again at once.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import Capabilities, Channel, ChannelError, Found, Sighting
from crisis.db import Database
from crisis.deliveries.book import Book, Frozen, outgoing
from crisis.deliveries.cleaned import cleaned
from crisis.deliveries.sights import Sight
from crisis.errors import Conflict
from crisis.mode import Mode

log = logging.getLogger(__name__)

AGAIN_SECONDS = 300.0
"""After it was seen: the one more look, for posts that a platform takes down."""

# Only the last day's: what was accepted before this existed, or while nobody looked, is nobody's news any more.
_PLAN = text(
    """
    INSERT INTO looks (delivery_id, mode, due_at)
    SELECT d.id, d.mode, d.changed_at + first.seconds * interval '1 second'
    FROM deliveries d
    JOIN renditions r ON r.id = d.rendition_id
    JOIN unnest(CAST(:channels AS text[]), CAST(:seconds AS float8[])) AS first (channel, seconds)
      ON first.channel = r.channel
    WHERE d.mode = :mode AND d.lane = 'public' AND d.state IN ('accepted', 'sent', 'delivered')
      AND d.started_at > now() - interval '1 day' AND d.reference IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM looks l WHERE l.delivery_id = d.id)
    ON CONFLICT DO NOTHING
    """
)
# A newer revision has changed the same post; a retraction changes all of the message's; or it was taken down.
_RETIRE = text(
    """
    UPDATE looks l SET sight = 'replaced', due_at = NULL, lease = NULL, lease_until = NULL, why = NULL
    FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
    WHERE l.delivery_id = d.id AND l.mode = :mode AND (l.due_at IS NOT NULL OR l.sight IN ('gone', 'not_seen'))
      AND l.sight <> 'replaced' AND d.started_at > now() - interval '1 day'
      AND (EXISTS (SELECT 1 FROM withdrawals gone WHERE gone.delivery_id = d.id AND gone.state = 'done') OR EXISTS (
        SELECT 1 FROM revisions w
        JOIN renditions s ON s.revision_id = w.id AND s.channel = r.channel AND s.language = r.language
        JOIN deliveries n ON n.recipient_id IS NULL AND n.rendition_id = s.id AND n.account_id = d.account_id
        WHERE w.message_id = v.message_id AND w.number > v.number AND n.state IN ('accepted', 'sent', 'delivered')
          AND (n.reference = d.reference OR s.kind = 'retraction')))
    """
)
_IS_DUE = text(
    """
    SELECT EXISTS (SELECT 1 FROM looks WHERE mode = :mode AND due_at <= now()
                   AND (lease_until IS NULL OR lease_until < now()))
    """
)
# Counted when it is taken, so that whoever dies while looking does not make the reads grow.
_TAKE = text(
    """
    WITH due AS (
        SELECT delivery_id FROM looks
        WHERE mode = :mode AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
        ORDER BY due_at, delivery_id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE looks l SET lease = :lease, lease_until = now() + interval '1 minute', looks = least(l.looks + 1, 1000)
    FROM due JOIN deliveries d ON d.id = due.delivery_id
    WHERE l.delivery_id = due.delivery_id
    RETURNING d.id, d.rendition_id, d.account_id, d.reference, l.looks, l.sight
    """
)
_TAKE_ONE = text(
    """
    INSERT INTO looks AS l (delivery_id, mode, lease, lease_until)
    SELECT id, mode, :lease, now() + interval '1 minute' FROM deliveries WHERE id = :id
    ON CONFLICT (delivery_id) DO UPDATE SET lease = excluded.lease, lease_until = excluded.lease_until
    WHERE l.lease_until IS NULL OR l.lease_until < now()
    RETURNING l.looks, l.sight, l.due_at
    """
)
_WRITE = text(
    """
    UPDATE looks
    SET sight = :sight, lease = NULL, lease_until = NULL, looked_at = clock_timestamp(), why = :why,
        due_at = CASE WHEN :keep THEN due_at ELSE now() + CAST(:wait AS float8) * interval '1 second' END,
        seen_at = CASE WHEN :seen THEN clock_timestamp() ELSE seen_at END
    WHERE delivery_id = :id AND lease = :lease
    RETURNING sight, seen_at, looked_at, why
    """
)


@dataclass(frozen=True, slots=True)
class Next:
    """What a look came to: the sight, and the seconds to the next look; ``None`` when there is none."""

    sight: Sight
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """A post after a look that somebody asked for."""

    sight: Sight
    seen_at: datetime | None
    looked_at: datetime
    why: str | None


def after_look(found: Found, was: Sight, looks: int, waits: tuple[float, ...]) -> Next:
    """What to make of a look. ``looks`` counts this one; ``waits`` are the channel's, and there are no more looks than those.

    "Nobody can tell" says nothing against what was seen, and nothing for what was not.
    """
    more = looks < len(waits)
    if found is Found.YES:
        return Next(Sight.SEEN, AGAIN_SECONDS if more and was is not Sight.SEEN else None)
    if was in {Sight.SEEN, Sight.GONE}:
        if found is Found.NO:
            return Next(Sight.GONE)
        return Next(was, AGAIN_SECONDS if more else None)
    return Next(Sight.WAITING, waits[looks]) if more else Next(Sight.NOT_SEEN)


async def plan(session: AsyncSession, mode: Mode, channels: Mapping[str, Channel]) -> int:
    """Plan the first look at what was accepted since, end those at what has been replaced; return how many are planned."""
    first = {name: c.capabilities.look_seconds[0] for name, c in channels.items() if c.capabilities.look_seconds}
    values = {"mode": mode.value, "channels": list(first), "seconds": list(first.values())}
    planned = await session.execute(_PLAN, values)
    await session.execute(_RETIRE, {"mode": mode.value})
    return int(planned.rowcount)  # type: ignore[attr-defined]


async def is_due(session: AsyncSession, mode: Mode) -> bool:
    """Whether a look is due that nobody is at."""
    return bool((await session.execute(_IS_DUE, {"mode": mode.value})).scalar_one())


async def look_around(
    db: Database, mode: Mode, channels: Mapping[str, Channel], book: Book, *, most: int = 50, at_once: int = 8
) -> int:
    """Look at every post whose time has come; return how many looks there were."""
    lease, looked = uuid4(), 0
    limit = asyncio.Semaphore(at_once)
    while True:
        async with db.transaction() as session:
            rows = (await session.execute(_TAKE, {"mode": mode.value, "lease": lease, "most": most})).all()
            renditions = await book.fetch(session, {r.account_id for r in rows}, {r.rendition_id for r in rows})
        if not rows:
            return looked
        looked += len(rows)

        async def one(row: Row[Any], rendition: Frozen) -> dict[str, object]:
            async with limit:
                sighting = await _look(row, rendition, channels, book)
            waits = _capabilities(rendition, channels).look_seconds
            step = after_look(sighting.found, Sight(row.sight), row.looks, waits)
            return _written(row.id, lease, step, sighting) | {"keep": False}

        written = await asyncio.gather(*(one(row, renditions[row.rendition_id]) for row in rows))
        async with db.transaction() as session:
            for values in written:
                await session.execute(_WRITE, values)


async def look_now(db: Database, row: Row[Any], channels: Mapping[str, Channel], book: Book) -> Looked:
    """Look at one post because somebody asked: ``row`` has its id, rendition_id, account_id and reference.

    What the clock has planned stays planned. Raises :class:`Conflict` while somebody else is looking.
    """
    lease = uuid4()
    async with db.transaction() as session:
        held = (await session.execute(_TAKE_ONE, {"id": row.id, "lease": lease})).one_or_none()
        renditions = await book.fetch(session, {row.account_id}, {row.rendition_id})
    if held is None:
        raise Conflict(f"Delivery {row.id} is being looked at just now. Ask again in a minute.")
    sighting = await _look(row, renditions[row.rendition_id], channels, book)
    # As the last look would be judged; only while others are planned is "not seen" not said yet.
    step = after_look(sighting.found, Sight(held.sight), 1, ())
    if step.sight is Sight.NOT_SEEN and held.due_at is not None:
        step = Next(Sight.WAITING)
    async with db.transaction() as session:
        values = _written(row.id, lease, step, sighting) | {"keep": True}
        found = (await session.execute(_WRITE, values)).one_or_none()
    if found is None:
        raise Conflict(f"Delivery {row.id} was replaced by a newer revision while it was looked at.")
    return Looked(Sight(found.sight), found.seen_at, found.looked_at, found.why)


def _written(delivery_id: int, lease: UUID, step: Next, sighting: Sighting) -> dict[str, object]:
    return {
        "id": delivery_id,
        "lease": lease,
        "sight": step.sight.value,
        "wait": step.wait,
        "seen": sighting.found is Found.YES,
        "why": cleaned(sighting.why),
    }


def _capabilities(rendition: Frozen, channels: Mapping[str, Channel]) -> Capabilities:
    channel = channels.get(rendition.channel)
    return Capabilities() if channel is None else channel.capabilities


async def _look(row: Row[Any], rendition: Frozen, channels: Mapping[str, Channel], book: Book) -> Sighting:
    channel = channels.get(rendition.channel)
    if channel is None:
        return Sighting(Found.CANNOT_TELL, f"This process has no adapter for {rendition.channel}.")
    try:
        async with asyncio.timeout(channel.capabilities.call_seconds * 2):
            out = outgoing(rendition, row.id, None, None)
            return await channel.look(book.account(row.account_id), row.reference, out)
    except TimeoutError:
        return Sighting(Found.CANNOT_TELL, "There was no answer in time.")
    except ChannelError as error:
        return Sighting(Found.CANNOT_TELL, error.reason)
    except Exception:
        log.exception("The %s adapter failed when it looked at delivery %s.", rendition.channel, row.id)
        return Sighting(Found.CANNOT_TELL, "The adapter failed in a way it should not; the log has the details.")
