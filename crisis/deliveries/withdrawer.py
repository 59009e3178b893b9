"""The withdrawer: takes down in public what was asked to be, and finds out what came of it. Beside the sender, from the same bell.

::

    waiting  -> calling     committed before the provider is asked
    calling  -> done | refused | waiting (surely not processed) | checking (it may be gone)
    checking -> done | waiting (still there, or nobody can tell: taking down twice is harmless)

A worker that dies in the middle leaves a lease, and whoever finds it expired reads the post back before anything else.

Runbook: *could not be taken down* says why and where. Take it down by hand on the channel itself; after mending what stood in
the way, ``crisis delivery withdraw NUMBER`` tries again. One that stays at *to be taken down* waits for its delivery: see
that, and decide about it if it is unknown.
"""

import asyncio
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.channels import AccountRef, Channel, ChannelError, Found, Gone, OutcomeUnknown
from crisis.db import Database
from crisis.deliveries import retry
from crisis.deliveries.book import Book
from crisis.deliveries.cleaned import cleaned
from crisis.deliveries.states import FINAL, DeliveryState, WithdrawalState
from crisis.deliveries.withdrawals import OUT
from crisis.limits.limiter import Limiter
from crisis.mode import Mode

log = logging.getLogger(__name__)

_SETTLED = ", ".join(f"'{state.value}'" for state in sorted(OUT | FINAL))
_DUE = f"""
    withdrawals w JOIN deliveries d ON d.id = w.delivery_id
    WHERE w.mode = :mode AND w.state IN ('waiting', 'calling', 'checking') AND w.due_at <= now()
      AND (w.lease_until IS NULL OR w.lease_until < now()) AND d.state IN ({_SETTLED})
"""
_IS_DUE = text(f"SELECT EXISTS (SELECT 1 FROM {_DUE})")  # noqa: S608 - our own words
# Counted when it is taken, so that whoever dies while calling does not make the calls grow.
_TAKE = text(
    f"""
    WITH due AS (
        SELECT w.delivery_id FROM {_DUE} AND d.account_id <> ALL(CAST(:held AS int[]))
        ORDER BY w.due_at, w.delivery_id LIMIT :most FOR UPDATE OF w SKIP LOCKED
    )
    UPDATE withdrawals w SET state = CASE w.state WHEN 'waiting' THEN 'calling' ELSE 'checking' END,
           attempts = least(w.attempts + 1, 1000), lease = :lease, lease_until = now() + interval '1 minute'
    FROM due JOIN deliveries d ON d.id = due.delivery_id JOIN renditions r ON r.id = d.rendition_id
    WHERE w.delivery_id = due.delivery_id
    RETURNING w.delivery_id AS id, w.state, w.attempts, d.state AS delivery, d.account_id, d.reference, d.url, r.channel
    """  # noqa: S608 - our own words
)
_WRITE = text(
    """
    UPDATE withdrawals
    SET state = :state, due_at = now() + CAST(:wait AS float8) * interval '1 second', lease = NULL, lease_until = NULL,
        error = :why, withdrawn_at = CASE WHEN :gone THEN clock_timestamp() ELSE withdrawn_at END
    WHERE delivery_id = :id AND lease = :lease
    RETURNING delivery_id
    """
)


@dataclass(frozen=True, slots=True)
class Next:
    """Where a withdrawal goes next, after ``wait`` seconds."""

    state: WithdrawalState
    why: str | None = None
    wait: float = 0.0
    gone: bool = False
    """The provider says that it is not there any more."""


GONE = Next(WithdrawalState.DONE, gone=True)
NEVER_OUT = Next(WithdrawalState.DONE, "It never went out.")


async def is_due(session: AsyncSession, mode: Mode) -> bool:
    """Whether there is something to take down, or to check, that nobody is at."""
    return bool((await session.execute(_IS_DUE, {"mode": mode.value})).scalar_one())


async def take_down(
    db: Database,
    mode: Mode,
    channels: Mapping[str, Channel],
    book: Book,
    *,
    limiter: Limiter | None = None,
    chance: random.Random | None = None,
    most: int = 50,
    at_once: int = 8,
) -> int:
    """Take down everything whose time has come; return how many were tried.

    An account whose provider asked us to wait, or does not answer, is left alone until its next try. ``book`` is this call's
    own.
    """
    lease, tried = uuid4(), 0
    limit, chance = asyncio.Semaphore(at_once), chance or random.Random()  # noqa: S311 - spreads load, guards nothing
    while True:
        async with db.transaction() as session:
            held = await limiter.held(session) if limiter is not None else []
            values = {"mode": mode.value, "lease": lease, "most": most, "held": held}
            rows = (await session.execute(_TAKE, values)).all()
            await book.fetch(session, {row.account_id for row in rows}, set())
        if not rows:
            return tried
        tried += len(rows)

        async def one(row: Row[Any]) -> Next:
            async with limit:
                return await _one(row, channels, book, chance)

        steps = await asyncio.gather(*(one(row) for row in rows))
        async with db.transaction() as session:
            ended = [
                (row, step)
                for row, step in zip(rows, steps, strict=True)
                if await _write(session, row.id, lease, step)
                and step.state in {WithdrawalState.DONE, WithdrawalState.REFUSED}
            ]
            for row, step in ended:
                action = "withdrawn" if step.state is WithdrawalState.DONE else "not withdrawn"
                await chain.append(session, None, action, f"delivery:{row.id}", mode=mode, why=step.why)


async def _write(session: AsyncSession, delivery_id: int, lease: UUID, step: Next) -> bool:
    values = {"id": delivery_id, "lease": lease, "state": step.state.value, "wait": step.wait}
    written = await session.execute(_WRITE, values | {"why": cleaned(step.why), "gone": step.gone})
    return written.one_or_none() is not None


async def _one(row: Row[Any], channels: Mapping[str, Channel], book: Book, chance: random.Random) -> Next:
    if DeliveryState(row.delivery) not in OUT:
        return NEVER_OUT
    channel = channels.get(row.channel)
    if channel is None:
        return _by_hand(row, f"This process has no adapter for {row.channel}.")
    if row.reference is None:
        return _by_hand(row, "A person put it out, and the service does not know which post it is.")
    try:
        account = book.account(row.account_id)
        async with asyncio.timeout(channel.capabilities.call_seconds * 2):
            if row.state == WithdrawalState.CHECKING:
                return await _check(row, channel, account, chance)
            await channel.withdraw(account, row.reference)
    except TimeoutError:
        error: ChannelError = OutcomeUnknown("There was no answer in time.")
    except ChannelError as raised:
        error = raised
    except Exception:
        log.exception("The %s adapter failed when it took down delivery %s.", row.channel, row.id)
        error = OutcomeUnknown("The adapter failed in a way it should not; the log has the details.")
    else:
        return GONE
    return _after_error(error, row, channel, chance)


async def _check(row: Row[Any], channel: Channel, account: AccountRef, chance: random.Random) -> Next:
    """It may be gone. Raises what the adapter raises."""
    finding = await channel.read_back(account, row.reference)
    if finding.found is Found.NO:
        return GONE
    if row.attempts >= retry.BUDGET[True]:
        return _by_hand(row, "It was tried many times, and nobody can tell that it is gone.")
    told = "It is still there." if finding.found is Found.YES else "Nobody can tell whether it is gone."
    return Next(WithdrawalState.WAITING, f"{told} Taking it down again.", retry.jitter(row.attempts, chance))


def _after_error(error: ChannelError, row: Row[Any], channel: Channel, chance: random.Random) -> Next:
    if isinstance(error, Gone):
        return GONE
    step = retry.after_error(error, channel.capabilities, attempts=row.attempts, crisis=True, chance=chance)
    match step.state:
        case DeliveryState.RETRY_WAIT if row.state == WithdrawalState.CALLING:
            return Next(WithdrawalState.WAITING, error.reason, step.wait)
        case DeliveryState.RETRY_WAIT | DeliveryState.UNKNOWN if row.attempts < retry.BUDGET[True]:
            wait = max(step.wait, retry.jitter(row.attempts, chance))
            return Next(WithdrawalState.CHECKING, error.reason, wait)
        case _:
            return _by_hand(row, error.reason)


def _by_hand(row: Row[Any], why: str) -> Next:
    where = f": {row.url}" if row.url else ", on the channel itself."
    return Next(WithdrawalState.REFUSED, f"{why} Take it down by hand{where}")
