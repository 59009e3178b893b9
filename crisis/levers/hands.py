"""Hands: what one lever goes through at its platform, pulled or given back, and what each answer makes of it.

::

    pull      inspect, SAVE, revoke, inspect, write
    restore   inspect (as it was already: done), TAKE, restore, inspect, write

``kill -9`` between any two of these is harmless: what was so is committed before anything is changed, everything begins with a
look, and every verb may be repeated. What is in capitals is refused where the opposite has been asked for meanwhile.

Runbook. *failed* names who can still publish: the platform refused the administrator's credentials, or said yes and did nothing.
It is tried again every minute; call those who are named. *by hand* says what to give back to whom: do it at the platform; within
ten minutes that is seen, or say so with ``crisis lock given-back``.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from crisis.channel_access import Access, Lever
from crisis.channels import (
    AccountRef,
    Channel,
    ChannelError,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Throttled,
    Unavailable,
    Unsupported,
)
from crisis.deliveries.book import AccountOpener
from crisis.deliveries.retry import jitter
from crisis.errors import Unready
from crisis.levers import reading
from crisis.levers.claims import Claimed
from crisis.levers.journal import Change, Journal
from crisis.levers.states import LeverState

log = logging.getLogger(__name__)
T = TypeVar("T")

PULL_TRIES, RESTORE_TRIES = 5, 8
"""Before a person is told: about a quarter of a minute, and two minutes."""
AGAIN_SECONDS = 60.0
"""Between tries of what has failed, while the activation lasts."""
READ_BACK_SECONDS = 300.0
"""Between looks at what was pulled: somebody with rights of their own may have given it back."""
BY_HAND_SECONDS = 600.0
CALLS_A_VERB = 3
"""A verb is a few calls; its hard limit is so many times that of a call."""
Before = Callable[[str], None]
"""Told each step before it is done. For tests that end the process there."""


def nothing(_step: str) -> None:
    """Nobody is told."""


class Hands:
    """Does one lever at a time; any number of them at once."""

    def __init__(
        self,
        journal: Journal,
        channels: Mapping[str, Channel],
        admin: AccountOpener,
        *,
        chance: random.Random,
        before: Before = nothing,
    ) -> None:
        self._journal, self._channels, self._admin = journal, channels, admin
        self._chance, self._before = chance, before

    async def work(self, row: Claimed) -> None:
        """Take a lever as far as it goes now, and write what it has come to."""
        try:
            lever, account, limit = self._opened(row)
            await (self._restore if row.gives_back else self._pull)(row, _Asked(lever, account, limit, row))
        except ChannelError as error:
            await self._end(row, error, None)

    async def _pull(self, row: Claimed, asked: "_Asked") -> None:
        self._before("inspect")
        seen = await asked.inspect()
        saved = reading.with_newcomers(row.saved, seen)
        grown = saved if saved != row.saved else None
        if not reading.removable(seen):
            await self._write(replace(self._pulled(row, seen, None), saved=grown, address=asked.account.address))
            return
        state = LeverState.FAILED if row.state is LeverState.FAILED and row.saved is not None else LeverState.PULLING
        self._before("save")
        if not await self._journal.write(
            Change(
                row,
                state,
                saved=grown,
                address=asked.account.address,
                found=seen,
                error=row.error,
                attempts=row.attempts,
                is_done=False,
                while_locked=True,
            )
        ):
            return
        self._before("revoke")
        try:
            said = await asked.refused(asked.lever.revoke(asked.account, seen))
            self._before("read back")
            seen = await asked.inspect(after=said)
        except ChannelError as error:
            await self._end(row, error, seen, changed=True)
            return
        self._before("write")
        again = row.state in {LeverState.PULLED, LeverState.INCOMPLETE}
        await self._write(replace(self._pulled(row, seen, said), again=again), changed=True)

    async def _restore(self, row: Claimed, asked: "_Asked") -> None:
        saved = row.saved or Access()
        self._before("inspect")
        seen = await asked.inspect()
        said: ChannelError | None = None
        if reading.lacking(saved, seen) and asked.lever.is_reversible:
            self._before("take")
            if not await self._journal.write(
                Change(
                    row, row.state, found=seen, error=row.error, attempts=row.attempts, is_done=False, while_last=True
                )
            ):
                return
            self._before("restore")
            try:
                said = await asked.refused(asked.lever.restore(asked.account, saved))
                self._before("read back")
                seen = await asked.inspect(after=said)
            except ChannelError as error:
                await self._end(row, error, seen, changed=True)
                return
        self._before("write")
        if lacking := reading.lacking(saved, seen):
            why = said or (
                OutcomeUnknown(f"The platform said yes, and reading back shows that {reading.names(lacking)} lacks it.")
                if asked.lever.is_reversible
                else Unsupported("No interface of the platform gives back what was taken.")
            )
            await self._end(row, why, seen, changed=asked.lever.is_reversible)
            return
        await self._write(Change(row, LeverState.RESTORED, found=seen), changed=True)

    def _pulled(self, row: Claimed, seen: Access, said: ChannelError | None) -> Change:
        """What a reading back has shown."""
        state = reading.state_of(seen)
        error = reading.still_open(seen, None if said is None else said.reason)
        detail = {"open_to": [each.name for each in seen.open_to]} if seen.open_to else {}
        attempts, wait = 0, self._chance.uniform(0.5, 1.0) * READ_BACK_SECONDS
        if state is LeverState.FAILED:
            attempts, wait = row.attempts + 1, self._chance.uniform(0.5, 1.0) * AGAIN_SECONDS
            if attempts < PULL_TRIES and row.state is not LeverState.FAILED and _may_pass(said):
                state, wait, detail = LeverState.PULLING, _wait(said, attempts, self._chance), {}
        return Change(row, state, found=seen, error=error, attempts=attempts, wait=wait, detail=detail)

    async def _end(self, row: Claimed, error: ChannelError, seen: Access | None, *, changed: bool = False) -> None:
        """What a lever comes to that was not done, or nobody knows."""
        ended = self._not_restored if row.gives_back else self._not_pulled
        await self._write(ended(row, error, seen, changed=changed), changed=changed)

    def _not_pulled(self, row: Claimed, error: ChannelError, seen: Access | None, *, changed: bool) -> Change:
        if isinstance(error, Gone):
            return Change(row, LeverState.ABSENT, found=seen, error=error.reason, wait=READ_BACK_SECONDS)
        said, attempts = error.reason, row.attempts + 1
        if seen is not None and reading.removable(seen):
            said = f"{said} When last seen, {reading.names(seen.open_to)} could publish."
        if (
            row.state in {LeverState.PULLED, LeverState.INCOMPLETE} and not changed
        ):  # a look that failed changes nothing
            wait = self._chance.uniform(0.5, 1.0) * AGAIN_SECONDS
            return Change(row, row.state, error=said, attempts=attempts, wait=wait)
        started = changed or row.saved is not None
        if row.state is not LeverState.FAILED and attempts < PULL_TRIES and _may_pass(error):
            state = LeverState.PULLING if started else LeverState.WANTED
            wait = _wait(error, attempts, self._chance)
            return Change(row, state, found=seen, error=said, attempts=attempts, wait=wait)
        wait = max(self._chance.uniform(0.5, 1.0) * AGAIN_SECONDS, _wait(error, 0, self._chance))
        detail = {"reason": error.reason}
        return Change(row, LeverState.FAILED, found=seen, error=said, attempts=attempts, wait=wait, detail=detail)

    def _not_restored(self, row: Claimed, error: ChannelError, seen: Access | None, *, changed: bool) -> Change:
        del changed
        saved, attempts = row.saved or Access(), row.attempts + 1
        if isinstance(error, Gone):
            return Change(row, LeverState.ABSENT, found=seen, error=error.reason)
        lacking = saved.rights if seen is None else reading.lacking(saved, seen)
        tries = attempts < RESTORE_TRIES and row.state is not LeverState.BY_HAND
        if tries and not isinstance(error, Unsupported):
            wait = _wait(error, attempts, self._chance)
            return Change(row, row.state, found=seen, error=error.reason, attempts=attempts, wait=wait)
        detail = {"to": [each.name for each in lacking], "reason": error.reason}
        said = reading.by_hand(lacking, error.reason)
        wait = self._chance.uniform(0.5, 1.0) * BY_HAND_SECONDS
        return Change(row, LeverState.BY_HAND, found=seen, error=said, attempts=attempts, wait=wait, detail=detail)

    async def _write(self, change: Change, *, changed: bool = False) -> None:
        if not await self._journal.write(change) and changed:
            await self._journal.stray(change.row)

    def _opened(self, row: Claimed) -> tuple[Lever, AccountRef, float]:
        """What it is done with. Raises a :class:`ChannelError` where it cannot be begun."""
        channel = self._channels.get(row.account.channel)
        if channel is None or not isinstance(channel, Lever):
            raise Unsupported(f"This process knows no lever of {row.account.channel}.")
        try:
            account = self._admin(row.account)
            account = account if row.address is None else replace(account, address=row.address)
            return channel, account, channel.capabilities.call_seconds * CALLS_A_VERB
        except Unready as error:
            raise Misconfigured(str(error)) from None


class _Asked:
    """One lever's platform: every call under a hard limit, every outcome a :class:`ChannelError` or none."""

    def __init__(self, lever: Lever, account: AccountRef, limit: float, row: Claimed) -> None:
        self.lever, self.account, self._limit, self._row = lever, account, limit, row

    async def inspect(self, *, after: ChannelError | None = None) -> Access:
        """Who can publish now. ``after``: what was said just before; it is what counts if this cannot be told."""
        try:
            return await self._call(self.lever.inspect(self.account))
        except Gone:
            raise
        except ChannelError as error:
            raise after or error from None

    async def refused(self, verb: Awaitable[None]) -> ChannelError | None:
        """What the platform said instead of yes. Raises :class:`Gone`, and what says that nothing was done yet."""
        try:
            await self._call(verb)
        except (Gone, Throttled, Unavailable):
            raise
        except ChannelError as error:
            return error
        return None

    async def _call(self, verb: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._limit):
                return await verb
        except TimeoutError:
            raise OutcomeUnknown(f"No answer within {self._limit:g} seconds.") from None
        except ChannelError:
            raise
        except Exception as error:
            where = (self._row.account.channel, self._row.account.id)
            log.exception("The %s adapter failed at the lever of account %s.", *where)
            raise OutcomeUnknown("The adapter failed in a way it should not; the log has the details.") from error


def _may_pass(error: ChannelError | None) -> bool:
    """Whether trying again soon makes sense; ``None``: it said yes, and did nothing or half."""
    return error is None or isinstance(error, Throttled | Unavailable | OutcomeUnknown)


def _wait(error: ChannelError | None, attempts: int, chance: random.Random) -> float:
    """Seconds, with full jitter; what the platform asked for is the least."""
    asked = error.retry_after if isinstance(error, Throttled) else None
    return (asked or 0.0) + jitter(attempts, chance)
