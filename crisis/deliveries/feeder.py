"""The feeder: claims one batch ahead, and starts rows a little ahead of the calls, so that no call waits for a commit. Of text
messages, what nothing holds back is claimed and started at once.

What is started counts as unknown if this process dies, so never more than twice the concurrency waits for its turn; or, where
calls end sooner than the next claim, as much as some tenths of a second get through, and never more than two batches. Of units'
posts nothing is started ahead: each holds a permit, and a drain has to wait for it. The limiter says of which accounts rows may
be claimed, and which of them may start; the others are given back until they may.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from crisis.activations.holders import Holder
from crisis.db import Database
from crisis.deliveries import claims, earlier, frailty, waiting
from crisis.deliveries.book import Book, Frozen
from crisis.deliveries.calls import Calls, Started
from crisis.deliveries.claims import Claimed
from crisis.deliveries.earlier import NOTHING, Before
from crisis.deliveries.frailty import Frailty
from crisis.deliveries.pace import Pace
from crisis.deliveries.writer import Writer
from crisis.lanes import Lane
from crisis.limits.limiter import Limiter
from crisis.mode import Mode

STRAIGHT_SECONDS = 1.0
"""How long what nothing holds back may go on alone, before a batch of whatever is due, oldest first, gets its turn."""
SLOW_SECONDS = 0.5
"""For calls to get through what was started in one go. What takes longer is started in smaller lots."""
LINGER_SECONDS = 2.0
"""The longest wait for a row's time, or for an account to have room again. For longer ones the sender ends: the sweep finds what
is due every few seconds.
"""


class _Row(NamedTuple):
    claimed: Claimed
    rendition: Frozen
    before: Before


class _Batch(NamedTuple):
    rows: Sequence[_Row]
    stale_at: float = 0.0
    """The loop's time after which rows that are not started are given back, rather than left until their lease runs out."""
    frail: bool = False


class Feeder:
    """What brings one sender its work."""

    def __init__(
        self,
        db: Database,
        mode: Mode,
        lane: Lane,
        lease: UUID,
        book: Book,
        pace: Pace,
        limiter: Limiter,
        calls: Calls,
        writer: Writer,
        *,
        holder: Holder,
    ) -> None:
        self._db, self._mode, self._lane, self._lease = db, mode, lane, lease
        self._book, self._pace, self._limiter = book, pace, limiter
        self._calls, self._writer, self._holder = calls, writer, holder
        self._ahead = pace.concurrency if lane.crisis else 0
        self._at_once = pace.concurrency
        """Rows of text messages to claim and start in one go, when no more than that wait for their turn."""
        self._claiming, self._starting = db.line(), db.line()
        self._loop = asyncio.get_running_loop()
        self._end: float | None = None
        self._held: tuple[int, ...] = ()
        """Accounts that are held back altogether."""
        self._room_at: float | None = None
        """The loop's time when the first of them may have room again."""
        self._gave_back = False
        """Whether rows were not let start since the last claim, and may be claimed again, perhaps for a standby."""
        self._frail = False
        """Whether rows are due that have lost their sender before."""
        self.more = False
        """Whether it stopped at the time slice with rows still due."""

    async def feed(self) -> None:
        """Until nothing is due, the time slice is over, or nobody is left to write results."""
        if self._pace.slice_seconds is not None:
            self._end = self._loop.time() + self._pace.slice_seconds
        try:
            await self._feed()
        finally:
            await self._claiming.close()
            await self._starting.close()

    @property
    def _is_late(self) -> bool:
        return self._end is not None and self._loop.time() >= self._end

    async def _feed(self) -> None:
        await self._go_straight()
        batch = await self._claim() or await self._claim_what_waited()
        while batch.rows and self._writer.writing:
            late = self._is_late
            ahead = None if late or batch.frail else asyncio.create_task(self._claim())
            try:
                await self._start_all(batch)
            except BaseException:
                if ahead is not None:
                    ahead.cancel()
                    await asyncio.gather(ahead, return_exceptions=True)
                raise
            if late:
                self.more = True
                return
            await self._go_straight()
            batch = (await ahead if ahead is not None else None) or await self._claim_what_waited()

    async def _go_straight(self) -> None:
        """Claim and start at once, for as long as there is something that nothing holds back. Others get their turn between."""
        if self._lane is not Lane.SMS:
            return
        until, behind, is_fed = self._loop.time() + STRAIGHT_SECONDS, claims.FRONT, False
        while self._writer.writing and self._loop.time() < until and not self._is_late:
            began = self._loop.time()
            await self._calls.few_wait(self._at_once)
            if self._loop.time() - began > SLOW_SECONDS:
                self._at_once = max(self._at_once // 2, self._pace.concurrency)
            free = self._limiter.still_free()  # now, and not before that wait
            if free is None:
                async with self._db.transaction() as session:
                    free = await self._limiter.free(session)
            if not free:
                return
            since = self._loop.time()
            claimed, behind = await claims.claim_started(
                *(self._starting, self._mode, self._lane, self._lease, free),
                most=self._at_once,
                hold_seconds=self._pace.hold_seconds,
                behind=behind,
            )
            if not claimed:
                return
            if is_fed and self._calls.is_dry:  # they are quicker than the database is with so few
                self._at_once = max(self._at_once, min(2 * self._at_once, self._pace.batch))
            is_fed = True
            self._limiter.begin(claimed)
            self._writer.expect(len(claimed))
            renditions = await self._fetch(claimed)
            self._calls.add([Started(each, renditions[each.rendition_id], 1, since, is_ahead=True) for each in claimed])

    async def _start_all(self, batch: _Batch) -> None:
        """Start a batch, a slice at a time as the calls get on; what may be a process's end, by itself."""
        rows = batch.rows
        if batch.frail:
            await self._calls.done()
        for first in range(0, len(rows), self._pace.concurrency):
            await self._calls.few_wait(self._ahead)
            if self._loop.time() > batch.stale_at:
                async with self._db.transaction() as session:
                    await claims.release(session, self._lease, {row.claimed.id: 0.0 for row in rows[first:]})
                return
            started = await self._start(rows[first : first + self._pace.concurrency])
            self._writer.expect(len(started))
            self._calls.add(started)
        if batch.frail:
            await self._calls.done()

    async def _claim_what_waited(self) -> _Batch:
        """What was held back may be due now: by something in flight to the same place, after each write; by its account, when
        that may have room; by its time, when that has come. When there is nothing else, what has lost its sender before.
        """
        while self._writer.will_write or await self._lingered():
            if self._writer.will_write:
                await self._writer.wrote(self._seconds_to_room())
            await self._claiming.close()  # the database may have been away meanwhile; the pool looks before it lends
            if batch := await self._claim():
                return batch
        for each in frailty.frail(self._pace.batch) if self._frail else ():
            if self._writer.writing and (batch := await self._claim(each)):
                return batch
        return _Batch(())

    async def _lingered(self) -> bool:
        """Wait for what can start before long. False when there is nothing of the kind, or no time left."""
        if not self._writer.writing:
            return False
        soon = await waiting.soon(self._claiming, self._mode, self._lane, self._held)
        self._frail = soon.frail
        again, self._gave_back = 0.0 if self._gave_back else None, False
        waits = [again, soon.ready_in, self._seconds_to_room() if soon.held else None]
        wait = min((each for each in waits if each is not None), default=math.inf)
        if wait > LINGER_SECONDS:
            return False
        if self._is_late:
            self.more = True
            return False
        await asyncio.sleep(max(0.01, wait))
        return True

    def _seconds_to_room(self) -> float | None:
        return None if self._room_at is None else max(0.01, self._room_at - self._loop.time())

    async def _claim(self, only: Frailty | None = None) -> _Batch | None:
        """Lease a batch of what may be called now."""
        now, claimed, left = self._loop.time(), list[Claimed](), self._pace.batch
        async with self._db.transaction() as session:
            takes = await self._limiter.takes(session)
        self._held, self._room_at = takes.held, now + takes.wait if takes.held else None
        for take in takes.takes:
            claimed += await claims.claim(
                *(self._claiming, self._mode, self._lane, self._lease),
                most=left,
                hold_seconds=self._pace.lease_seconds,
                take=take,
                frailty=only,
            )
            left = self._pace.batch - len(claimed)
            if left <= 0 or (claimed and only is not None):
                break
        if not claimed:
            return None
        renditions = await self._fetch(claimed)
        before: Mapping[int, Before] = {}
        if self._lane is Lane.PUBLIC:
            async with self._db.transaction() as session:
                before = await earlier.read(session, [each.id for each in claimed])
        rows = [_Row(each, renditions[each.rendition_id], before.get(each.id, NOTHING)) for each in claimed]
        return _Batch(rows, now + self._pace.lease_seconds / 2, frail=only is not None)

    async def _fetch(self, claimed: Sequence[Claimed]) -> Mapping[int, Frozen]:
        """What calling them needs beside the rows: the accounts, in the book, and the renditions."""
        accounts, renditions = {each.account_id for each in claimed}, {each.rendition_id for each in claimed}
        known = self._book.known(accounts, renditions)
        if known is None:
            async with self._db.transaction() as session:
                known = await self._book.fetch(session, accounts, renditions)
        return known

    async def _start(self, batch: Sequence[_Row]) -> list[Started]:
        """Commit that these are about to be called: here the right to call is taken."""
        since = self._loop.time()
        claimed = [row.claimed for row in batch]
        hold_seconds = self._pace.hold_seconds
        is_ahead = self._lane.crisis and self._limiter.admits_all(claimed)
        if is_ahead:
            ids = [each.id for each in claimed]
            attempts = await claims.start_ungated(
                self._starting, self._mode, self._lease, ids, hold_seconds=hold_seconds
            )
        else:
            async with self._db.transaction() as session:
                refused = await self._limiter.admit(session, claimed, crisis=self._lane.crisis)
                if refused:
                    await claims.release(session, self._lease, refused)
                    self._gave_back = True
                attempts = await claims.start(
                    *(session, self._mode, self._lane, self._lease),
                    [each.id for each in claimed if each.id not in refused],
                    holder=self._holder,
                    hold_seconds=hold_seconds,
                )
        return [
            Started(row.claimed, row.rendition, attempts[row.claimed.id], since, row.before, is_ahead)
            for row in batch
            if row.claimed.id in attempts
        ]
