"""The lock protocol as the product has it, and the wrong ones that the harness must catch.

A protocol is two functions: how a sender starts deliveries, and how an activation becomes "confirmed". The product's own are
``claims.start`` and ``drain.drain``; each mutant changes one thing about them and nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import drain, gate
from crisis.activations.holders import Holder
from crisis.db import Database
from crisis.deliveries import claims
from crisis.lanes import Lane
from crisis.mode import Mode

HOLD_SECONDS = 30.0
DRAIN_SECONDS = 10.0
CLOCK_EXPIRY = 0.001  # seconds: shorter than some of the harness's calls, as any clock is shorter than some call

Start = Callable[[AsyncSession, UUID, Sequence[int], Holder], Awaitable[dict[int, int]]]
Confirm = Callable[[Database, int], Awaitable[None]]


class Bypass(StrEnum):
    """A way in which something goes out beside the protocol."""

    NONE = "none"
    DOOR = "door"
    """A door that asks the gate, and publishes by itself."""
    RECONCILE = "reconcile"
    """Whoever looks into what is unknown, and publishes at once what it does not find."""


@dataclass(frozen=True)
class Protocol:
    """``start`` returns what may be sent once its transaction has committed; ``confirm`` returns when all is still."""

    name: str
    start: Start
    confirm: Confirm
    isolation: str = "READ COMMITTED"
    long_share: float = 0.25
    """Share of calls that outlast a drain. A fault in the lock itself shows best with none: a drain that waits for another
    call's end sees the wrong permit too."""
    bypass: Bypass = Bypass.NONE


async def product_start(session: AsyncSession, lease: UUID, ids: Sequence[int], holder: Holder) -> dict[int, int]:
    return await claims.start(session, Mode.ACTUAL, Lane.UNIT, lease, ids, holder=holder, hold_seconds=HOLD_SECONDS)


async def product_confirm(db: Database, activation_id: int) -> None:
    if not await drain.drain(db, activation_id, DRAIN_SECONDS):
        message = "the drain never ended"
        raise RuntimeError(message)


async def confirm_at_once(_db: Database, _activation_id: int) -> None:
    """No drain: what had a permit may still be on its way."""


_MARK = text(
    """
    UPDATE deliveries SET state = 'in_flight', attempts = attempts + 1, started_at = clock_timestamp()
    WHERE id = ANY(:ids) AND lease = :lease AND state = 'leased' RETURNING id, attempts
    """
)
_READ = text("SELECT state FROM gate WHERE mode = 'actual'")
_ONE_STATEMENT = text(
    """
    INSERT INTO permits (mode, delivery_id, epoch, host, pid, pid_started)
    SELECT gate.mode, wanted.id, gate.epoch, :host, :pid, :pid_started
    FROM (SELECT pg_advisory_xact_lock_shared(:class, 1)) AS held, gate, unnest(CAST(:ids AS bigint[])) AS wanted (id)
    WHERE gate.mode = 'actual' AND gate.state = 'open' RETURNING delivery_id
    """
)


async def read_then_send(session: AsyncSession, lease: UUID, ids: Sequence[int], _holder: Holder) -> dict[int, int]:
    """Look at the gate, then start: nothing stops an activation in between, and the drain sees no permit."""
    if (await session.execute(_READ)).scalar_one() == "locked":
        return {}
    return await _mark(session, lease, ids)


async def lock_and_read_in_one(
    session: AsyncSession, lease: UUID, ids: Sequence[int], holder: Holder
) -> dict[int, int]:
    """Take the lock and read the gate in one statement: its snapshot is older than its lock."""
    values = {"class": gate._LOCK_CLASS, "ids": list(ids), "host": holder.host, "pid": holder.pid}
    permitted = list((await session.execute(_ONE_STATEMENT, values | {"pid_started": holder.pid_started})).scalars())
    marked = await _mark(session, lease, permitted)
    if lost := [delivery for delivery in permitted if delivery not in marked]:  # a permit nobody would ever close
        await session.execute(
            text("DELETE FROM permits WHERE delivery_id = ANY(:lost) AND closed_at IS NULL"), {"lost": lost}
        )
    return marked


async def confirm_by_the_clock(db: Database, activation_id: int) -> None:
    """Take an old permit for an ended one."""
    while True:
        async with db.transaction() as session:
            expired = text(
                "UPDATE permits SET closed_at = now(), outcome = 'expired' "
                "WHERE closed_at IS NULL AND opened_at < clock_timestamp() - :age * interval '1 second'"
            )
            await session.execute(expired, {"age": CLOCK_EXPIRY})
        if await drain.step(db, activation_id, DRAIN_SECONDS):
            return
        await asyncio.sleep(0.001)


async def _mark(session: AsyncSession, lease: UUID, ids: Sequence[int]) -> dict[int, int]:
    rows = await session.execute(_MARK, {"ids": list(ids), "lease": lease})
    return {row.id: row.attempts for row in rows}


PRODUCT = Protocol("permit and drain", product_start, product_confirm)
MUTANTS = (
    Protocol("no drain", product_start, confirm_at_once),
    Protocol("read, then send", read_then_send, product_confirm),
    Protocol("clock expiry", product_start, confirm_by_the_clock),
    Protocol("lock and read in one statement", lock_and_read_in_one, product_confirm, long_share=0.0),
    Protocol("repeatable read", product_start, product_confirm, isolation="REPEATABLE READ", long_share=0.0),
    Protocol("a door that publishes by itself", product_start, product_confirm, bypass=Bypass.DOOR),
    Protocol("a reconcile that publishes by itself", product_start, product_confirm, bypass=Bypass.RECONCILE),
)
