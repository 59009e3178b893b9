"""The senders of one process: the product's own statements, one delivery at a time, against a made-up provider; each call logged."""

import asyncio
import multiprocessing.queues
import multiprocessing.sharedctypes
import multiprocessing.synchronize
import random
import time
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy.exc import OperationalError

from crisis.activations import gate
from crisis.activations.holders import Holder
from crisis.channels import AccountRef, Capabilities, Finding, Found, Outgoing
from crisis.db import Database
from crisis.deliveries import claims, settling
from crisis.deliveries.book import Book, Openers
from crisis.deliveries.reconcile import reconcile
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DeliveryState
from crisis.garbage import spared
from crisis.lanes import Lane
from crisis.limits.takes import Take
from crisis.mode import Mode
from tests.crisis.deliveries.outlet import Outlet
from tests.race.protocols import HOLD_SECONDS, Bypass, Protocol
from tests.race.ways import Way

CALL, LONG_CALL = (0.0005, 0.003), (0.02, 0.08)
"""Seconds a made-up provider takes: mostly little, so that senders ask for permits often; at times longer than a drain."""
SLOW_COMMIT, SLOW_SHARE = (0.03, 0.25), 0.08
"""Some senders are slow between their permit and its commit: another process has the processor, the disk is busy. The
activation waits for such a one, and other senders queue behind the activation, their snapshots growing old."""
STOCK_SHARE = 2
"""Times that an account of the stock is looked into for each time that the doors' one is."""
AGAIN_SHARE, UNKNOWN_SHARE = 0.5, 0.3
"""Of the calls that may have to be tried again: how many are, and how many end without an answer."""
WAIT = (0.0, 0.05)
"""Seconds until the next try, or the look."""
LOOK_PAUSE, POINTER_PAUSE, BYPASS_PAUSE = 0.02, 0.05, 0.02
IDLE_PAUSE = 0.008
"""Seconds until a sender that found nothing due looks again: soon, so that it meets the gate in every state it can be in. A real
one waits for a bell, and leaves the processor to others.
"""

Call = tuple[int, int, float, float]
"""Delivery, attempt, and when it began and ended by CLOCK_MONOTONIC. What a wrong door lets out by itself has no delivery: 0."""


@dataclass
class Race:
    """What the processes of a race share."""

    url: str
    protocol: Protocol
    stock: dict[Way, int]
    doors: int | None
    """The account that is posted to through the doors, if there are any."""
    stalls: float
    """Share of the senders' transactions that stand still before their commit."""
    idle: float
    """Seconds until a sender that found nothing due looks again."""
    stop: "multiprocessing.synchronize.Event"
    ready: "multiprocessing.synchronize.Barrier"
    begun: "multiprocessing.sharedctypes.Synchronized[int]"
    calls: "multiprocessing.Queue[list[Call]]"


def sender_process(race: Race, senders: int, seed: int) -> None:
    """Race until told to stop; then hand over the log."""
    race.calls.put(asyncio.run(_work(race, senders, seed)))


async def _work(race: Race, senders: int, seed: int) -> list[Call]:
    db = Database(race.url, pool_size=max(10, senders + 3))
    await asyncio.to_thread(race.ready.wait, 120)
    each = [Sender(db, race, random.Random(seed * 100 + n)) for n in range(senders)]
    first = each[0]
    acts = [sender.run() for sender in each] + [first.look_into_unknown(), first.send_pointers()]
    if race.protocol.bypass is Bypass.DOOR:
        acts.append(first.publish_past_the_gate())
    with spared():  # as a worker's senders are
        await asyncio.gather(*acts)
    await db.close()
    return [call for sender in each for call in sender.log]


@dataclass
class Sender:
    """One."""

    db: Database
    race: Race
    chance: random.Random
    log: list[Call] = field(default_factory=list)
    holder: Holder = field(default_factory=Holder.this_process)

    async def run(self) -> None:
        """Claim one, start it, call, settle."""
        accounts = [*self.race.stock.values()] * STOCK_SHARE + ([self.race.doors] if self.race.doors else [])
        while not self.race.stop.is_set():
            lease, account = uuid4(), self.chance.choice(accounts)
            async with self.db.transaction() as session:
                claimed = await claims.claim(
                    session,
                    Mode.ACTUAL,
                    Lane.UNIT,
                    lease,
                    most=1,
                    hold_seconds=HOLD_SECONDS,
                    take=Take(only=(account,)),
                )
            if not claimed:
                await asyncio.sleep(self.race.idle)
                continue
            try:
                async with self.db.transaction() as session:
                    if self.race.protocol.isolation != "READ COMMITTED":
                        await session.connection(execution_options={"isolation_level": self.race.protocol.isolation})
                    started = await self.race.protocol.start(session, lease, [claimed[0].id], self.holder)
                    if self.chance.random() < self.race.stalls:
                        await asyncio.sleep(self.chance.uniform(*SLOW_COMMIT))
            except OperationalError:  # repeatable read cannot serialise; a sender would try again, and so does this one
                continue
            if not started:  # it met the lock: the product blocks what is due by the batch, and then has nothing to do
                await asyncio.sleep(self.race.idle)
            for delivery, number in started.items():
                await self._call(delivery, number)
                result = self._outcome(delivery, number, again=account == self.race.stock[Way.RETRY])
                async with self.db.transaction() as session:
                    await settling.settle(session, Lane.UNIT, lease, [result], holder=self.holder)

    async def look_into_unknown(self) -> None:
        """The product's own reconcile, on a channel where twice leaves one post: a "no" is sent again."""
        channel = Outlet(
            capabilities=Capabilities(idempotent=True, reconcile=True, settle_seconds=0.0), find=self._find
        )
        opened = Openers(
            lambda row: AccountRef(row.id, row.channel, row.name, row.address, {}),
            lambda *_: "",
            lambda *_: _nobody(),
            lambda *_: "",
        )
        book = Book(opened)
        while not self.race.stop.is_set():
            await reconcile(self.db, Mode.ACTUAL, Lane.UNIT, {"facebook": channel}, book)
            await asyncio.sleep(LOOK_PAUSE)

    async def send_pointers(self) -> None:
        """What goes in the public lane needs no permit: nothing of a unit's may be in it."""
        while not self.race.stop.is_set():
            lease = uuid4()
            async with self.db.transaction() as session:
                claimed = await claims.claim(
                    session, Mode.ACTUAL, Lane.PUBLIC, lease, most=1, hold_seconds=HOLD_SECONDS
                )
                ids = [each.id for each in claimed]
                started = await claims.start_ungated(session, Mode.ACTUAL, lease, ids, hold_seconds=HOLD_SECONDS)
            for delivery, number in started.items():
                await self._call(delivery, number)
                result = Result(
                    delivery, number, "facebook", DeliveryState.ACCEPTED, reference=f"post-{delivery}-{number}"
                )
                async with self.db.transaction() as session:
                    await settling.settle(session, Lane.PUBLIC, lease, [result], holder=self.holder)
            await asyncio.sleep(POINTER_PAUSE)

    async def publish_past_the_gate(self) -> None:
        """Wrong: a door that asks the gate, and then publishes by itself."""
        while not self.race.stop.is_set():
            async with self.db.transaction() as session:
                locked = await gate.is_locked(session, Mode.ACTUAL)
            if not locked:
                await self._call(0, 0)
            await asyncio.sleep(self.chance.uniform(0, BYPASS_PAUSE))

    async def _call(self, delivery: int, number: int) -> None:
        with self.race.begun.get_lock():
            self.race.begun.value += 1
        began = time.monotonic()
        long = self.chance.random() < self.race.protocol.long_share
        await asyncio.sleep(self.chance.uniform(*(LONG_CALL if long else CALL)))
        self.log.append((delivery, number, began, time.monotonic()))

    def _find(self, outgoing: Outgoing) -> Finding:
        """It did not go out. Wrong, where the protocol says so: whoever looks publishes it at once."""
        if self.race.protocol.bypass is Bypass.RECONCILE:
            now = time.monotonic()
            self.log.append((int(outgoing.key), 0, now, now))
        return Finding(Found.NO)

    def _outcome(self, delivery: int, number: int, *, again: bool) -> Result:
        if again and self.chance.random() < AGAIN_SHARE:
            unknown = self.chance.random() < UNKNOWN_SHARE
            state = DeliveryState.UNKNOWN if unknown else DeliveryState.RETRY_WAIT
            return Result(delivery, number, "facebook", state, self.chance.uniform(*WAIT), error="as it happens")
        return Result(delivery, number, "facebook", DeliveryState.ACCEPTED, reference=f"post-{delivery}-{number}")


def _nobody() -> AccountRef:
    raise RuntimeError("nobody administers anything here")
