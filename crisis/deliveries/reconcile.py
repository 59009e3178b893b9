"""Reconcile: find out what became of deliveries whose outcome is unknown, by reading only.

A row stays ``unknown`` while it is looked into, under a lease, so that two processes do not both decide to send again.
"""

import asyncio
import logging
import math
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Row, text

from crisis.channels import Capabilities, Channel, ChannelError, Finding, Found, Misconfigured, Rejected
from crisis.db import Database
from crisis.deliveries import earlier, follow_up, outbox, retry
from crisis.deliveries.book import Book, Frozen, outgoing
from crisis.deliveries.earlier import NOTHING, Before
from crisis.deliveries.states import DeliveryState
from crisis.errors import Unready
from crisis.lanes import Lane
from crisis.limits.limiter import Limiter
from crisis.mode import Mode

log = logging.getLogger(__name__)

_TAKE = text(
    """
    WITH due AS (
        SELECT id FROM deliveries
        WHERE mode = :mode AND lane = :lane AND state = 'unknown' AND due_at <= now()
          AND (lease_until IS NULL OR lease_until < now()) AND account_id <> ALL(CAST(:held AS int[]))
        ORDER BY due_at, id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE deliveries d
    SET lease = :lease, lease_until = now() + interval '1 minute', looks = least(looks + 1, 1000), changed_at = now()
    FROM due LEFT JOIN recipients r ON r.id = (SELECT recipient_id FROM deliveries x WHERE x.id = due.id)
    WHERE d.id = due.id
    RETURNING d.id, d.rendition_id, d.account_id, d.recipient_id, d.started_at, d.looks, d.repeated,
              d.deadline_at <= clock_timestamp() AS late, r.number, r.fingerprint,
              EXISTS (SELECT 1 FROM permits p WHERE p.mode = d.mode AND p.delivery_id = d.id AND p.closed_at IS NULL) AS permitted
    """
)
_DECIDE = text(
    """
    UPDATE deliveries
    SET state = :state, due_at = CASE WHEN :wait > 0 THEN now() + :wait * interval '1 second' ELSE now() END,
        repeated = repeated OR :repeat, reference = coalesce(:reference, reference), url = coalesce(:url, url),
        error = :error, lease = NULL, lease_until = NULL, changed_at = now()
    WHERE id = :id AND lease = :lease AND state = 'unknown'
    """
)
_WORDS = {
    DeliveryState.ACCEPTED: None,
    DeliveryState.RETRY_WAIT: "Looked: it did not go out. Sending again.",
    DeliveryState.UNKNOWN: "Looked: the provider cannot tell yet. Looking again later.",
    DeliveryState.UNKNOWN_FINAL: "It may have gone out. Check the account, then decide.",
}


class Reconciled(NamedTuple):
    """What came of a round."""

    looked: int
    """Deliveries that were looked into."""
    more: bool = False
    """Whether it ended at its time slice, with others perhaps still due."""


async def reconcile(
    db: Database,
    mode: Mode,
    lane: Lane,
    channels: Mapping[str, Channel],
    book: Book,
    *,
    most: int = 200,
    at_once: int = 8,
    limiter: Limiter | None = None,
    slice_seconds: float | None = None,
) -> Reconciled:
    """Look into every unknown delivery of a lane whose time has come.

    Reading is a call too: an account whose provider asked us to wait, or does not answer, is left alone until its next try.
    After ``slice_seconds`` no more are begun, since there may be something to send.
    """
    end = math.inf if slice_seconds is None else asyncio.get_running_loop().time() + slice_seconds
    lease, looked = uuid4(), 0
    limit = asyncio.Semaphore(at_once)
    while True:
        async with db.transaction() as session:
            held = await limiter.held(session) if limiter is not None else []
            values = {"mode": mode.value, "lane": lane.value, "lease": lease, "most": most, "held": held}
            rows = (await session.execute(_TAKE, values)).all()
            renditions = await book.fetch(session, {r.account_id for r in rows}, {r.rendition_id for r in rows})
            before = await earlier.read(session, [r.id for r in rows]) if lane is Lane.PUBLIC else {}
        if not rows:
            return Reconciled(looked)
        looked += len(rows)

        async def one(row: Row[Any], rendition: Frozen, before: Before) -> dict[str, object]:
            async with limit:
                return await _look(row, rendition, lane, channels, book, before)

        decided = await asyncio.gather(
            *(one(row, renditions[row.rendition_id], before.get(row.id, NOTHING)) for row in rows)
        )
        again = [row.id for row, step in zip(rows, decided, strict=True) if step["state"] == DeliveryState.RETRY_WAIT]
        async with db.transaction() as session:
            await outbox.hold_revisions(session, again)
            await session.execute(_DECIDE, [step | {"lease": lease} for step in decided])
            await outbox.drop_superseded(session, again)
        if asyncio.get_running_loop().time() >= end:
            return Reconciled(looked, more=True)


async def _look(
    row: Row[Any], rendition: Frozen, lane: Lane, channels: Mapping[str, Channel], book: Book, before: Before
) -> dict[str, object]:
    channel = channels.get(rendition.channel)
    capabilities = Capabilities() if channel is None else channel.capabilities
    finding = Finding(Found.CANNOT_TELL)
    if channel is not None and capabilities.reconcile:
        try:
            to = book.openers.number(row.recipient_id, row.number, row.fingerprint) if row.number else None
            out = outgoing(rendition, row.id, to, None)
            async with asyncio.timeout(capabilities.call_seconds * 2):
                finding = await follow_up.find(channel, book.account(row.account_id), out, before, row.started_at)
        except (Misconfigured, Rejected) as error:
            log.warning("Delivery %s cannot be looked into until somebody mends the account: %s", row.id, error)
        except (ChannelError, TimeoutError, Unready) as error:
            log.info("Delivery %s could not be looked into: %s", row.id, error)
        except Exception:
            log.exception("The %s adapter failed when it looked for delivery %s.", rendition.channel, row.id)
    if row.permitted and finding.found is Found.NO:
        # Its sender is late, and nobody has proved it dead: it may begin yet. What has gone out by then must stand here as
        # unknown, or a lock is confirmed without it (the model in tests/model found this).
        finding = Finding(Found.CANNOT_TELL)
    step = retry.after_finding(
        finding,
        capabilities,
        looks=row.looks,
        crisis=lane.crisis,
        repeated=row.repeated,
        late=bool(row.late),
    )
    return {
        "id": row.id,
        "state": step.state.value,
        "wait": step.wait,
        "repeat": step.repeat,
        "reference": finding.reference,
        "url": finding.url,
        "error": _WORDS[step.state],
    }
