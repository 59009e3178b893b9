"""Drain: from "locking" to "confirmed", by waiting for open permits and by ending holders that do not answer.

Runbook, when an activation stays at *locking*: ``crisis status`` names each open permit with account, text, host and pid. On a
host that is still there, end that process (``kill -9 PID``) and start its worker again: the permit is taken from it within
seconds, and its post becomes *unknown* and is looked into. If the host is gone for good and will not come back, nothing can
prove that its process is dead, and the activation stays at locking with that host named; crisis messages go out all the same.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.holders import Holder
from crisis.activations.states import MOVES, ActivationState
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import NotFound
from crisis.mode import Mode

_PAUSE, _PAUSE_MOST = 0.002, 0.02
"""Seconds between looks at the permits: short at first, since most calls end within a moment, and doubling."""

_OPEN = text(
    """
    SELECT p.id, p.delivery_id, p.host, p.pid, p.pid_started, p.opened_at, a.channel, a.name, r.text
    FROM permits p
    JOIN deliveries d ON d.id = p.delivery_id
    JOIN accounts a ON a.id = d.account_id
    JOIN renditions r ON r.id = d.rendition_id
    WHERE p.mode = :mode AND p.closed_at IS NULL
    ORDER BY p.opened_at
    """
)
# The permit of a dead holder: its delivery may have gone out, so it is unknown. One statement, one commit. It is looked
# into some seconds later: the provider may still be busy with a request whose sender died a moment ago.
_TAKE = text(
    """
    WITH taken AS (
        UPDATE permits SET closed_at = clock_timestamp(), outcome = 'holder_dead'
        WHERE id = :permit AND closed_at IS NULL RETURNING delivery_id
    ), tried AS (
        INSERT INTO attempts (delivery_id, number, started_at, outcome, detail)
        SELECT d.id, d.attempts, d.started_at, 'unknown', 'the sender died during the call'
        FROM deliveries d JOIN taken ON taken.delivery_id = d.id WHERE d.state = 'in_flight'
        ON CONFLICT DO NOTHING
    )
    UPDATE deliveries d SET state = 'unknown', lease = NULL, lease_until = NULL, due_at = now() + interval '5 seconds',
           changed_at = now(), error = 'the sender died during the call'
    FROM taken WHERE d.id = taken.delivery_id AND d.state = 'in_flight'
    """
)
# By the database's clock: a host whose own is wrong must neither kill too soon nor wait for an hour.
_HOW_LONG = text(
    "SELECT mode, state, extract(epoch FROM clock_timestamp() - activated_at) AS lasted FROM activations WHERE id = :id"
)
_CONFIRM = text(
    """
    UPDATE activations SET state = 'confirmed', confirmed_at = clock_timestamp()
    WHERE id = :id AND state = ANY(:from)
      AND NOT EXISTS (SELECT 1 FROM permits WHERE permits.mode = activations.mode AND permits.closed_at IS NULL)
    RETURNING mode
    """
)
_FROM = [old.value for old, moves in MOVES.items() if ActivationState.CONFIRMED in moves]
_UNRESOLVED = text(
    """
    SELECT d.id, d.state, a.channel, a.name, r.text, d.started_at
    FROM deliveries d JOIN accounts a ON a.id = d.account_id JOIN renditions r ON r.id = d.rendition_id
    WHERE d.mode = :mode AND d.lane = 'unit' AND d.state IN ('unknown', 'unknown_final')
    ORDER BY d.id
    """
)


@dataclass(frozen=True, slots=True)
class OpenPermit:
    """A unit post that started before the lock and has not ended."""

    id: int
    delivery_id: int
    channel: str
    account: str
    text: str
    holder: Holder
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A unit post that may be out: ``state`` says whether it is being looked into or waits for a person."""

    delivery_id: int
    state: str
    channel: str
    account: str
    text: str
    started_at: datetime | None


async def open_permits(session: AsyncSession, mode: Mode) -> list[OpenPermit]:
    """Every permit of a mode that has not been closed, oldest first."""
    rows = await session.execute(_OPEN, {"mode": mode.value})
    return [
        OpenPermit(r.id, r.delivery_id, r.channel, r.name, r.text, Holder(r.host, r.pid, r.pid_started), r.opened_at)
        for r in rows
    ]


async def unresolved(session: AsyncSession, mode: Mode) -> list[Unresolved]:
    """The unit posts that may be out although we never heard. What "confirmed; 1 post may be out" names."""
    rows = await session.execute(_UNRESOLVED, {"mode": mode.value})
    return [Unresolved(r.id, r.state, r.channel, r.name, r.text, r.started_at) for r in rows]


async def take_from_dead(db: Database, permits: Sequence[OpenPermit]) -> None:
    """Close the permits whose holders are proved dead; their deliveries become unknown."""
    for permit in permits:
        if permit.holder.is_dead():
            async with db.transaction() as session:
                await session.execute(_TAKE, {"permit": permit.id})


async def step(db: Database, activation_id: int, drain_seconds: float) -> bool:
    """Do what can be done now; return whether the activation is past ``locking``.

    Safe to run from any process at any time, and from several at once: after a crash the sweep goes on with it. After
    ``drain_seconds`` since the activation, holders on this host are killed; holders elsewhere are left to a drain there.
    """
    if await _confirm(db, activation_id):
        return True
    async with db.transaction() as session:
        held = (await session.execute(_HOW_LONG, {"id": activation_id})).one_or_none()
        if held is None:
            raise NotFound("activation", activation_id)
        if held.state != ActivationState.LOCKING:
            return True
        permits = await open_permits(session, Mode(held.mode))
    if held.lasted > drain_seconds:
        await asyncio.gather(*(holder.kill() for holder in {permit.holder for permit in permits}))
    await take_from_dead(db, permits)
    return await _confirm(db, activation_id) if _are_over(permits) else False


def _are_over(permits: Sequence[OpenPermit]) -> bool:
    """Whether none of them keeps the activation any more: there are none, or their holders are proved dead."""
    return all(permit.holder.is_dead() for permit in permits)


async def _confirm(db: Database, activation_id: int) -> bool:
    """Confirm it if no permit is open: asked in the statement that does it, and first of all, since every trip is one more wait."""
    async with db.transaction() as session:
        row = (await session.execute(_CONFIRM, {"id": activation_id, "from": _FROM})).one_or_none()
        if row is None:
            return False
        mode = Mode(row.mode)
        may_be_out = [
            {"delivery": post.delivery_id, "channel": post.channel, "account": post.account}
            for post in await unresolved(session, mode)
        ]
        await chain.append(session, None, "confirm", f"activation:{activation_id}", mode=mode, unresolved=may_be_out)
    return True


async def drain(db: Database, activation_id: int, drain_seconds: float, patience: float | None = None) -> bool:
    """Repeat :func:`step` until the activation is confirmed; give up after ``patience`` seconds and return ``False``.

    Giving up changes nothing: the activation stays at ``locking`` with its open permits named, and the sweep goes on.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + (drain_seconds + 5.0 if patience is None else patience)
    pause = _PAUSE
    while not await step(db, activation_id, drain_seconds):
        if loop.time() >= end:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, _PAUSE_MOST)
    return True
