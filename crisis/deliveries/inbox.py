"""The inbox's door: receipts of many callbacks in one commit, and each callback told when its own is in it.

What arrives while one commit runs goes into the next, which begins when that one ends; never on a timer. So one callback alone
waits for nothing, and a storm of them makes larger commits, not more.

Runbook: if callbacks are answered 503, the log says which of these it was. *The database does not answer*: nothing is lost as
long as providers repeat what was refused, and what they do not repeat is found by looking (``reconcile``); see to the database.
*A receipt cannot be stored*: the log has its provider's reference; all others were stored.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from psycopg.errors import DataError, IntegrityError, ProgramLimitExceeded
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from crisis.channels import Receipt, UnknownStatus
from crisis.db import Database, Line
from crisis.deliveries.receipts import Recorded, apply_waiting, record
from crisis.errors import CrisisError, Invalid, Unready
from crisis.mode import Mode

log = logging.getLogger(__name__)

MOST_TOGETHER = 1_000
"""Callbacks in one commit: some 50 ms of work for the database."""
WRITE_SECONDS = 10.0
"""For one commit. Providers give up on a callback after some 15 seconds."""
_UNSTORABLE = (DataError, IntegrityError, ProgramLimitExceeded, TypeError)
"""What says that the fault is in a receipt: a NUL in it, half a character pair, a number out of range, more than an index takes."""

Told = Callable[[Mode, str, int, Recorded], None]
"""Hears of every commit: mode, channel, how many receipts there were, and what came of them."""


class DatabaseAway(Unready):
    """The receipts were not stored, because the database does not answer."""

    def __init__(self) -> None:
        super().__init__("The database does not answer, so the receipts were not stored. Send them again in a moment.")


class Unstorable(Invalid):
    """A signed callback whose receipts no database takes."""

    def __init__(self) -> None:
        super().__init__("The receipts in this callback cannot be stored; sending them again will not help.")


class _Callback(NamedTuple):
    mode: Mode
    channel: str
    receipts: Sequence[Receipt | UnknownStatus]
    stored: asyncio.Future[None]

    def is_stored(self) -> None:
        if not self.stored.done():  # else whoever waited has gone
            self.stored.set_result(None)

    def is_refused(self, why: CrisisError) -> None:
        if not self.stored.done():
            self.stored.set_exception(why)


class Inbox:
    """One process's way into the inbox. ``told`` hears of every commit."""

    def __init__(self, db: Database, told: Told, *, write_seconds: float = WRITE_SECONDS) -> None:
        self._db, self._told, self._write_seconds = db, told, write_seconds
        self._arrived: list[_Callback] = []
        self._batch: list[_Callback] = []
        self._writer: asyncio.Task[None] | None = None

    async def put(self, mode: Mode, channel: str, receipts: Sequence[Receipt | UnknownStatus]) -> None:
        """Return when the receipts of one callback are committed. Raises :class:`DatabaseAway` and :class:`Unstorable`."""
        if not receipts:
            return
        stored = asyncio.get_running_loop().create_future()
        self._arrived.append(_Callback(mode, channel, receipts, stored))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await stored

    async def close(self) -> None:
        """Return when all that was put is stored or refused."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write(self) -> None:
        """Store until nothing is left. Whatever goes wrong, what it happened to is refused and not forgotten."""
        try:
            while self._arrived:
                try:
                    await self._store_all()
                except (SQLAlchemyError, OSError, TimeoutError) as error:
                    cause = getattr(error, "orig", None) or error
                    refused = self._batch or self._take()
                    log.error("%d callbacks were refused: %s", len(refused), type(cause).__name__)  # noqa: TRY400 - it may quote
                    self._refuse()
        finally:
            self._writer = None
            self._refuse()

    async def _store_all(self) -> None:
        line = self._db.line()
        try:
            while self._take():
                await self._store_batch(line)
        finally:
            await line.close()

    def _take(self) -> list[_Callback]:
        self._batch = self._arrived[:MOST_TOGETHER]
        del self._arrived[: len(self._batch)]
        return self._batch

    def _refuse(self) -> None:
        for each in self._batch:
            each.is_refused(DatabaseAway())
        self._batch = []

    async def _store_batch(self, line: Line) -> None:
        kinds: dict[tuple[Mode, str], list[_Callback]] = {}
        for each in self._batch:
            kinds.setdefault((each.mode, each.channel), []).append(each)
        held_up = {mode for (mode, channel), given in kinds.items() if await self._store(line, mode, channel, given)}
        for mode in held_up:
            async with asyncio.timeout(self._write_seconds):
                await apply_waiting(line, mode)

    async def _store(self, line: Line, mode: Mode, channel: str, given: list[_Callback]) -> int:
        """Store what came from one provider; return how many receipts wait for their delivery.

        What cannot be stored is found by halving, so that it takes nothing with it.
        """
        receipts = [receipt for each in given for receipt in each.receipts]
        try:
            async with asyncio.timeout(self._write_seconds):
                recorded = await record(line, mode, channel, receipts)
        except (DBAPIError, TypeError) as error:
            cause = getattr(error, "orig", None) or error
            if not isinstance(cause, _UNSTORABLE):
                raise
            if len(given) > 1:
                middle = len(given) // 2
                first = await self._store(line, mode, channel, given[:middle])
                return first + await self._store(line, mode, channel, given[middle:])
            what = (mode, channel, receipts[0].reference, type(cause).__name__)
            log.error("A receipt for %s.%s about %.80r cannot be stored: %s", *what)  # noqa: TRY400 - its text may quote it
            given[0].is_refused(Unstorable())
            return 0
        for each in given:
            each.is_stored()
        self._told(mode, channel, len(receipts), recorded)
        return recorded.waiting
