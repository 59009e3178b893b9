"""The engine of one mode in one process: what a worker does when the bell rings, and what the sweep does without one."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlalchemy import text

from crisis.activations.holders import this_host
from crisis.channel_set import close_all
from crisis.channels import Channel
from crisis.db import Database, kick
from crisis.deliveries import sweep
from crisis.deliveries.book import Book, Openers
from crisis.deliveries.looks import look_around
from crisis.deliveries.pace import Pace
from crisis.deliveries.reconcile import reconcile
from crisis.deliveries.sender import Sender
from crisis.deliveries.states import DeliveryState
from crisis.deliveries.upkeep import Keeper
from crisis.deliveries.withdrawer import take_down
from crisis.lanes import Lane
from crisis.limits.limiter import Limiter
from crisis.limits.pace import Ceiling
from crisis.mode import Mode
from crisis.settings import PROMISE_WARNING_SECONDS

_TRY = text("SELECT pg_try_advisory_lock(:class, :slot)")
_FREE = text("SELECT pg_advisory_unlock(:class, :slot)")
# A sender at work always has rows in flight that it may still settle. If there are none and work has waited for long, those
# who hold the places stand still.
_STUCK = text(
    """
    SELECT (EXISTS (SELECT 1 FROM deliveries WHERE mode = :mode AND lane = :lane AND state IN ('ready', 'retry_wait')
                    AND due_at < now() - :lease * interval '1 second')
         OR EXISTS (SELECT 1 FROM deliveries WHERE mode = :mode AND lane = :lane AND state = 'unknown'
                    AND due_at < now() - :lease * interval '1 second'))
       AND NOT EXISTS (SELECT 1 FROM deliveries WHERE mode = :mode AND lane = :lane AND state = 'in_flight'
                       AND lease_until > now())
    """
)


class Engine:
    """Sends, reconciles and sweeps one mode."""

    def __init__(
        self,
        db: Database,
        mode: Mode,
        channels: Mapping[str, Channel],
        openers: Openers,
        paces: Mapping[Lane, Pace],
        *,
        drain_seconds: float,
        senders_per_host: int = 1,
        ceilings: Mapping[str, Ceiling] | None = None,
        chance: random.Random | None = None,
        promise_warning_seconds: float = PROMISE_WARNING_SECONDS,
    ) -> None:
        self.db, self.mode, self.channels = db, mode, channels
        self._openers, self._paces, self._chance = openers, paces, chance
        self._drain_seconds, self._senders = drain_seconds, senders_per_host
        self._promise_warning_seconds = promise_warning_seconds
        hold_seconds = max((pace.hold_seconds for pace in paces.values()), default=0.0)
        self._keeper = Keeper(db, mode, channels)
        self._limiter = Limiter(mode, ceilings, hold_seconds=hold_seconds, chance=chance)

    async def deliver(self, lane: Lane) -> Counter[DeliveryState]:
        """Send what is due in a lane, then look into what is unknown there, and at what the public should see; take down what
        is to be withdrawn. Returns what became of what was sent.

        Only ``senders_per_host`` processes of a host fan out SMS at once, so that some are always free for the other lanes;
        a kick that finds no slot has nothing to do, since those who hold one go on until nothing is due.
        """
        async with self._slot(lane) as free:
            if not free:
                return Counter()
            book = Book(self._openers)
            sender = Sender(
                *(self.db, self.mode, lane, self.channels, book, self._paces[lane]),
                limiter=self._limiter,
                chance=self._chance,
            )
            taking_down = asyncio.create_task(self._take_down(lane))  # meanwhile: no new text waits for an old one
            try:
                tally = await sender.run()
            finally:
                await taking_down
            looked = await reconcile(
                *(self.db, self.mode, lane, self.channels, book),
                limiter=self._limiter,
                slice_seconds=self._paces[lane].slice_seconds,
            )
            await self._take_down(lane)  # what was waited for
            if lane is Lane.PUBLIC:
                await look_around(self.db, self.mode, self.channels, book)
        if sender.more or looked.more:
            async with self.db.transaction() as session:
                kick(session, self.mode, lane)
        return tally

    async def sweep(self) -> Counter[str]:
        """One pass of the sweep over this mode, and of the upkeep of what is read in peace too."""
        done = await sweep.sweep(
            self.db,
            self.mode,
            drain_seconds=self._drain_seconds,
            channels=self.channels,
            promise_warning_seconds=self._promise_warning_seconds,
        )
        await self._keeper.keep()
        return done

    async def sweep_and_deliver(self) -> None:
        """Do everything that is due, here and now, with nobody's help: what the standby does while the broker is away."""
        await self.sweep()
        while True:
            async with self.db.transaction() as session:
                lanes = await sweep.due_lanes(session, self.mode)
            done = [await self.deliver(lane) for lane in lanes]
            if not any(tally.total() for tally in done):
                return

    async def close(self) -> None:
        """Close the channels and the database."""
        await close_all(self.channels)
        await self.db.close()

    async def _take_down(self, lane: Lane) -> None:
        if lane is Lane.PUBLIC:
            await take_down(
                *(self.db, self.mode, self.channels, Book(self._openers)), limiter=self._limiter, chance=self._chance
            )

    @asynccontextmanager
    async def _slot(self, lane: Lane) -> AsyncIterator[bool]:
        """One of this host's places for SMS fan-out; given back by PostgreSQL itself if the process dies.

        If it neither dies nor works, its place is worth nothing, and others go on without one.
        """
        if lane is not Lane.SMS:
            yield True
            return
        host = int.from_bytes(hashlib.sha256(f"{self.mode} {this_host()}".encode()).digest()[:4], "big", signed=True)
        async with self.db.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            for slot in range(self._senders):
                if (await connection.execute(_TRY, {"class": host, "slot": slot})).scalar_one():
                    try:
                        yield True
                    finally:
                        await connection.execute(_FREE, {"class": host, "slot": slot})
                    return
            values = {"mode": self.mode.value, "lane": lane.value, "lease": self._paces[lane].lease_seconds}
            stuck = bool((await connection.execute(_STUCK, values)).scalar_one())
        yield stuck
