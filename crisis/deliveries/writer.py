"""The writer: settles everything that has ended with one statement, as soon as its previous commit is done.

Never on a timer: under load the batches grow by themselves, and without load nothing waits. Results are kept until they are
written, for as long as their rows are ours; after that the sweep has called them unknown anyway.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.holders import Holder
from crisis.channels import Receipt, ReceiptStatus
from crisis.db import Database
from crisis.deliveries import receipts, settling
from crisis.deliveries.pace import Pace
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DUE, DeliveryState
from crisis.lanes import Lane
from crisis.limits.limiter import Limiter
from crisis.mode import Mode

log = logging.getLogger(__name__)

_PAUSE = 0.5  # seconds between tries to write results while the database is away


class Writer:
    """What keeps one sender's results. ``told`` is called when the limiter has heard what came of calls, before they are written."""

    def __init__(
        self,
        db: Database,
        mode: Mode,
        lane: Lane,
        lease: UUID,
        pace: Pace,
        limiter: Limiter,
        *,
        holder: Holder,
        told: Callable[[], None],
    ) -> None:
        self._db, self._mode, self._lane, self._lease = db, mode, lane, lease
        self._pace, self._limiter, self._holder = pace, limiter, holder
        self._told = told
        self._line = db.line()
        self._ended: list[Result] = []
        self._something_ended, self._something_written = asyncio.Event(), asyncio.Event()
        self._unwritten = 0
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self.writing = True
        """Without a writer nothing more is begun."""
        self.tally: Counter[DeliveryState] = Counter()

    def open(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write())

    def expect(self, started: int) -> None:
        """So many more results will come."""
        self._unwritten += started

    def add(self, result: Result) -> None:
        """One more has ended."""
        self._ended.append(result)
        self._something_ended.set()

    @property
    def will_write(self) -> bool:
        """Whether results are still to come, and somebody is there to write them."""
        return self._unwritten > 0 and self.writing

    async def wrote(self, most_seconds: float | None = None) -> None:
        """Wait for the next write, and no longer than this."""
        self._something_written.clear()
        if self.will_write:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._something_written.wait(), most_seconds)

    async def close(self) -> None:
        """Write the rest. Raises what writing ended with."""
        self._closing = True
        self._something_ended.set()
        try:
            if self._task is not None:
                await self._task
        finally:
            await self._line.close()

    async def _write(self) -> None:
        try:
            while not self._closing or self._ended:
                await self._something_ended.wait()
                if not self._closing:
                    self._something_ended.clear()
                ended, self._ended = self._ended, []
                if ended:
                    await self._tell()  # first: settled rows make room for others
                    self._told()
                    await self._keep(ended)
                    self.tally.update(result.state for result in ended)
                    self._unwritten -= len(ended)
                    self._something_written.set()
        finally:
            self.writing = False
            self._something_written.set()

    async def _keep(self, ended: list[Result]) -> None:
        """Write a batch, trying for as long as its rows are ours."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._pace.hold_seconds
        while True:
            try:
                await self._settle(ended)
            except (DBAPIError, OSError):
                if loop.time() > give_up:
                    raise
                log.warning("The database is away; %d results wait to be written.", len(ended))
                await asyncio.sleep(_PAUSE)
            else:
                return

    async def _tell(self) -> None:
        """Tell all processes what came of the calls. Not worth failing for: the next write tells it too."""
        if not self._limiter.has_news:
            return
        try:
            async with self._db.transaction() as session:
                await self._limiter.learn(session)
        except (DBAPIError, OSError):
            log.warning("The database is away; what was learned of the accounts is told later.")

    async def _settle(self, ended: list[Result]) -> None:
        """One statement by itself where that is enough: no permit to close, and nothing that is to be tried again."""
        plain, rest = [], ended
        if self._lane.crisis:
            plain = [result for result in ended if result.state not in DUE]
            rest = [result for result in ended if result.state in DUE]
        if plain:
            moved = await settling.settle_plainly(self._line, self._lease, plain)
            if late := [result for result in plain if result.id not in moved]:
                async with self._db.transaction() as session:
                    await self._keep_late_evidence(session, late)
        if rest:
            async with self._db.transaction() as session:
                moved = await settling.settle(session, self._lane, self._lease, rest, holder=self._holder)
                await self._keep_late_evidence(session, [result for result in rest if result.id not in moved])

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
