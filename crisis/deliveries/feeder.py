"""The feeder: claims one batch ahead, and starts rows a little ahead of the calls, so that no call waits for a commit.

What is started counts as unknown if this process dies, so never more than twice the concurrency waits for its turn. Of units'
posts nothing is started ahead: each holds a permit, and a drain has to wait for it.
"""

import asyncio
from uuid import UUID

from crisis.activations.holders import Holder
from crisis.db import Database
from crisis.deliveries import claims
from crisis.deliveries.book import Book, Frozen
from crisis.deliveries.calls import Calls, Started
from crisis.deliveries.claims import Claimed
from crisis.deliveries.pace import Pace
from crisis.deliveries.writer import Writer
from crisis.lanes import Lane
from crisis.mode import Mode

Batch = list[tuple[Claimed, Frozen]]


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
        calls: Calls,
        writer: Writer,
        *,
        holder: Holder,
    ) -> None:
        self._db, self._mode, self._lane, self._lease = db, mode, lane, lease
        self._book, self._pace, self._calls, self._writer, self._holder = book, pace, calls, writer, holder
        self._ahead = pace.concurrency if lane.crisis else 0
        self._claiming, self._starting = db.line(), db.line()
        self.more = False
        """Whether it stopped at the time slice with rows still due."""

    async def feed(self) -> None:
        """Until nothing is due, the time slice is over, or nobody is left to write results."""
        try:
            await self._feed()
        finally:
            await self._claiming.close()
            await self._starting.close()

    async def _feed(self) -> None:
        loop = asyncio.get_running_loop()
        end = None if self._pace.slice_seconds is None else loop.time() + self._pace.slice_seconds
        batch = await self._claim()
        while batch and self._writer.writing:
            late = end is not None and loop.time() >= end
            ahead = None if late else asyncio.create_task(self._claim())
            try:
                for first in range(0, len(batch), self._pace.concurrency):
                    await self._calls.few_wait(self._ahead)
                    started = await self._start(batch[first : first + self._pace.concurrency])
                    self._writer.expect(len(started))
                    self._calls.add(started)
            except BaseException:
                if ahead is not None:
                    ahead.cancel()
                    await asyncio.gather(ahead, return_exceptions=True)
                raise
            if ahead is None:
                self.more = True
                return
            batch = await ahead or await self._claim_what_waited()

    async def _claim_what_waited(self) -> Batch:
        """What was held back by something in flight to the same place may be due now: ask again after each write."""
        batch: Batch = []
        while not batch and await self._writer.wrote():
            await self._claiming.close()  # the database may have been away meanwhile; the pool looks before it lends
            batch = await self._claim()
        return batch

    async def _claim(self) -> Batch:
        """Lease a batch: here an account that may not be called now is left out."""
        batch = await claims.claim(
            self._claiming,
            self._mode,
            self._lane,
            self._lease,
            most=self._pace.batch,
            hold_seconds=self._pace.lease_seconds,
        )
        accounts, renditions = {each.account_id for each in batch}, {each.rendition_id for each in batch}
        if self._book.lacks(accounts, renditions):
            async with self._db.transaction() as session:
                await self._book.fetch(session, accounts, renditions)
        return [(claimed, self._book.rendition(claimed.rendition_id)) for claimed in batch]

    async def _start(self, batch: Batch) -> list[Started]:
        """Commit that these are about to be called: here the right to call is taken."""
        begin_by = asyncio.get_running_loop().time() + self._pace.hold_seconds - self._pace.call_seconds
        ids = [claimed.id for claimed, _ in batch]
        if self._lane.crisis:
            attempts = await claims.start_ungated(
                self._starting, self._mode, self._lease, ids, hold_seconds=self._pace.hold_seconds
            )
        else:
            async with self._db.transaction() as session:
                attempts = await claims.start(
                    session,
                    self._mode,
                    self._lane,
                    self._lease,
                    ids,
                    holder=self._holder,
                    hold_seconds=self._pace.hold_seconds,
                )
        return [
            Started(claimed, rendition, attempts[claimed.id], begin_by)
            for claimed, rendition in batch
            if claimed.id in attempts
        ]
