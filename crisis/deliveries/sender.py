"""The sender: takes due rows of one lane until there are none. Feeding, calling and writing overlap.

::

    feeder   claims one batch ahead, starts as many as there is room for   (leased -> in_flight, committed); what must wait
             for something in flight is claimed again after each write
    callers  ``concurrency`` of them, each one provider call at a time
    writer   settles everything that has ended, as soon as its previous commit is done (never on a timer)

A process that runs this may be killed at any moment: what was leased becomes ready again, what was in flight becomes unknown.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.holders import Holder
from crisis.channels import (
    Capabilities,
    Channel,
    ChannelError,
    Misconfigured,
    OutcomeUnknown,
    Receipt,
    ReceiptStatus,
    Rejected,
    Unavailable,
)
from crisis.db import Database
from crisis.deliveries import claims, receipts, retry
from crisis.deliveries.book import Book, Frozen, outgoing
from crisis.deliveries.claims import Claimed, Result
from crisis.deliveries.garbage import spared
from crisis.deliveries.states import DeliveryState
from crisis.errors import Unready
from crisis.lanes import Lane
from crisis.mode import Mode

log = logging.getLogger(__name__)

_WRITE_PAUSE = 0.5  # seconds between tries to write results while the database is away


@dataclass(frozen=True, slots=True)
class Pace:
    """How a sender works. ``hold`` must outlast a call plus its wait for one of the callers."""

    concurrency: int
    batch: int
    lease_seconds: float
    call_seconds: float
    slice_seconds: float | None = None
    """Stop claiming after this long and return; the rest is for the next kick. ``None``: go on until nothing is due."""

    @property
    def hold_seconds(self) -> float:
        """How long a started row may go without a result before it counts as unknown."""
        return max(self.lease_seconds, 4 * self.call_seconds)


class _Started(NamedTuple):
    claimed: Claimed
    rendition: Frozen
    attempt: int
    begin_by: float
    """The loop's time after which a call might end when its row counts as unknown already."""


class Sender:
    """One run over one lane of one mode, in one process."""

    def __init__(
        self,
        db: Database,
        mode: Mode,
        lane: Lane,
        channels: Mapping[str, Channel],
        book: Book,
        pace: Pace,
        *,
        holder: Holder | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._db, self._mode, self._lane, self._channels, self._book, self._pace = db, mode, lane, channels, book, pace
        self._holder = holder or Holder.this_process()
        self._chance = chance or random.Random()  # noqa: S311 - spreads retries; guards nothing
        self._lease: UUID = uuid4()
        self._todo: asyncio.Queue[_Started | None] = asyncio.Queue(maxsize=pace.concurrency)
        self._ended: list[Result] = []
        self._something_ended = asyncio.Event()
        self._something_written = asyncio.Event()
        self._unwritten = 0
        self._writing = True
        self._all_called = False
        self.tally: Counter[DeliveryState] = Counter()
        self.more = False
        """Whether the run stopped at its time slice with rows still due."""

    async def run(self) -> Counter[DeliveryState]:
        """Send what is due; return how many deliveries came to which state.

        Raises :class:`DBAPIError` when the database went away; results in hand are written first, if it comes back in time.
        """
        with spared():
            writer = asyncio.create_task(self._write())
            callers = [asyncio.create_task(self._call()) for _ in range(self._pace.concurrency)]
            try:
                await self._feed()
            finally:
                for _ in callers:
                    await self._todo.put(None)
                await asyncio.gather(*callers)
                self._all_called = True
                self._something_ended.set()
                await writer
        return self.tally

    async def _feed(self) -> None:
        loop = asyncio.get_running_loop()
        end = None if self._pace.slice_seconds is None else loop.time() + self._pace.slice_seconds
        batch = await self._claim()
        while batch and self._writing:
            late = end is not None and loop.time() >= end
            ahead = None if late else asyncio.create_task(self._claim())
            try:
                for first in range(0, len(batch), self._pace.concurrency):
                    for item in await self._start(batch[first : first + self._pace.concurrency]):
                        self._unwritten += 1
                        await self._todo.put(item)
            except BaseException:
                if ahead is not None:
                    ahead.cancel()
                    await asyncio.gather(ahead, return_exceptions=True)
                raise
            if ahead is None:
                self.more = True
                return
            batch = await ahead or await self._claim_what_waited()

    async def _claim_what_waited(self) -> list[tuple[Claimed, Frozen]]:
        """What was held back by something in flight to the same place may be due now: ask again after each write."""
        batch: list[tuple[Claimed, Frozen]] = []
        while not batch and self._unwritten and self._writing:
            self._something_written.clear()
            await self._something_written.wait()
            batch = await self._claim()
        return batch

    async def _claim(self) -> list[tuple[Claimed, Frozen]]:
        async with self._db.transaction() as session:
            batch = await claims.claim(
                session,
                self._mode,
                self._lane,
                self._lease,
                most=self._pace.batch,
                hold_seconds=self._pace.lease_seconds,
            )
            await self._book.fetch(session, {c.account_id for c in batch}, {c.rendition_id for c in batch})
        return [(claimed, self._book.rendition(claimed.rendition_id)) for claimed in batch]

    async def _start(self, batch: list[tuple[Claimed, Frozen]]) -> list[_Started]:
        begin_by = asyncio.get_running_loop().time() + self._pace.hold_seconds - self._pace.call_seconds
        async with self._db.transaction() as session:
            attempts = await claims.start(
                session,
                self._mode,
                self._lane,
                self._lease,
                [claimed.id for claimed, _ in batch],
                holder=self._holder,
                hold_seconds=self._pace.hold_seconds,
            )
        return [
            _Started(claimed, rendition, attempts[claimed.id], begin_by)
            for claimed, rendition in batch
            if claimed.id in attempts
        ]

    async def _call(self) -> None:
        while (item := await self._todo.get()) is not None:
            result = await self._publish(item)
            self.tally[result.state] += 1
            self._ended.append(result)
            self._something_ended.set()

    async def _publish(self, item: _Started) -> Result:
        claimed, rendition = item.claimed, item.rendition
        known = self._channels.get(rendition.channel)
        capabilities = Capabilities() if known is None else known.capabilities
        try:
            channel = self._channel(item)
            to = self._number(claimed) if capabilities.recipients else None
            out = outgoing(rendition, claimed.id, to, claimed.valid_seconds)
            async with asyncio.timeout(self._pace.call_seconds):
                receipt = await channel.publish(self._book.account(claimed.account_id), out)
        except TimeoutError:
            error: ChannelError = OutcomeUnknown(f"No answer within {self._pace.call_seconds:g} seconds.")
        except ChannelError as raised:
            error = raised
        except Unready as raised:  # a number that does not open: nothing was sent, a person must mend the key
            error = Misconfigured(str(raised))
        except Exception:
            log.exception(
                "The %s adapter failed on delivery %s; its outcome is unknown.", rendition.channel, claimed.id
            )
            error = OutcomeUnknown("The adapter failed in a way it should not; the log has the details.")
        else:
            state = receipts.STATE[receipt.status]
            return Result(
                claimed.id, item.attempt, rendition.channel, state, reference=receipt.reference, url=receipt.url
            )
        step = retry.after_error(
            error, capabilities, attempts=item.attempt, crisis=self._lane.crisis, chance=self._chance
        )
        return Result(
            claimed.id, item.attempt, rendition.channel, step.state, step.wait, code=error.code, error=error.reason
        )

    def _channel(self, item: _Started) -> Channel:
        """What to call. Raises what says that nothing was sent."""
        if asyncio.get_running_loop().time() > item.begin_by:  # others may have taken the row over meanwhile
            raise Unavailable("The sender stood still for too long. Nothing was sent.")
        channel = self._channels.get(item.rendition.channel)
        if channel is None:
            raise Misconfigured(f"This process has no adapter for {item.rendition.channel}. Nothing was sent.")
        return channel

    def _number(self, claimed: Claimed) -> str:
        if claimed.recipient_id is None or not claimed.number or claimed.fingerprint is None:
            raise Rejected("The recipient was erased from the register.")
        return self._book.openers.number(claimed.recipient_id, claimed.number, claimed.fingerprint)

    async def _write(self) -> None:
        try:
            while True:
                await self._something_ended.wait()
                self._something_ended.clear()
                ended, self._ended = self._ended, []
                if ended:
                    await self._settle(ended)
                    self._unwritten -= len(ended)
                    self._something_written.set()
                elif self._all_called:
                    return
                if self._all_called:
                    self._something_ended.set()
        finally:  # without a writer nothing more is begun
            self._writing = False
            self._something_written.set()

    async def _settle(self, ended: list[Result]) -> None:
        """Write a batch, trying for as long as its rows are ours; after that the sweep has called them unknown anyway."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._pace.hold_seconds
        while True:
            try:
                async with self._db.transaction() as session:
                    moved = await claims.settle(session, self._lane, self._lease, ended, holder=self._holder)
                    await self._keep_late_evidence(session, [r for r in ended if r.id not in moved])
            except (DBAPIError, OSError):
                if loop.time() > give_up:
                    raise
                log.warning("The database is away; %d results wait to be written.", len(ended))
                await asyncio.sleep(_WRITE_PAUSE)
            else:
                return

    async def _keep_late_evidence(self, session: AsyncSession, late: list[Result]) -> None:
        """The provider's yes to a row that somebody else moved meanwhile is a receipt like any other."""
        by_channel: dict[str, list[Receipt]] = {}
        for result in late:
            if result.reference is not None:
                receipt = Receipt(
                    result.reference, ReceiptStatus(result.state.value), key=str(result.id), url=result.url
                )
                by_channel.setdefault(result.channel, []).append(receipt)
        for channel, found in by_channel.items():
            await receipts.record(session, self._mode, channel, found)
