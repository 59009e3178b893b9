"""The limiter: what the engine asks before it claims and before it starts, and tells when it has settled.

::

    takes    at claim    which accounts to claim for, how many of each, and whose rows the standby carries
    admit    at start    which of these may start now
    learn    at settle   what came of calls, by account

Truth is in ``flows``, which all processes share. An account that nothing holds back costs a look at a few rows every half
second, and one update a second; one that is held back is decided under a lock on its row.
"""

import asyncio
import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import ChannelError, Usage
from crisis.limits import breaker, budget, failover, pace
from crisis.limits.known import FRESH_SECONDS, Known
from crisis.limits.models import BreakerState
from crisis.limits.pace import Ceiling
from crisis.limits.standing import Standing, Standings
from crisis.limits.takes import Takes, planned
from crisis.mode import Mode


class Candidate(Protocol):
    """A claimed row that wants to start."""

    @property
    def id(self) -> int: ...
    @property
    def account_id(self) -> int: ...
    @property
    def attempts(self) -> int:
        """Attempts before this one."""
        ...


class Limiter:
    """Of one mode, in one process. ``hold_seconds``: how long a call may go unheard before another may find out."""

    def __init__(
        self,
        mode: Mode,
        ceilings: Mapping[str, Ceiling] | None = None,
        *,
        hold_seconds: float = 30.0,
        chance: random.Random | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._standings = Standings(mode, ceilings or {})
        self._hold_seconds = hold_seconds
        self._chance = chance or random.Random()  # noqa: S311 - spreads tries; guards nothing
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._accounts: dict[int, Known] = {}
        self._nothing_slow_until = 0.0
        self.shut_at = -math.inf
        """When an account that was free was last found to be held back; the loop's time."""

    async def takes(self, session: AsyncSession) -> Takes:
        """What to claim now, and for whom. Tokens and room are counted here, and taken by :meth:`admit`."""
        if self._clock() < self._nothing_slow_until:
            return Takes()
        slow = await self._standings.slow(session)
        broken = {each.flow.account_id for each in slow if each.flow.state is not BreakerState.CLOSED}
        for each in sorted(slow, key=lambda each: each.flow.account_id):  # all lock rows in one order
            await failover.settle_direction(session, each, standby_broken=each.standby in broken)
        held = {each.flow.account_id: each for each in slow if not each.is_free}
        if not held:
            self._nothing_slow_until = self._clock() + FRESH_SECONDS
            return Takes()
        in_flight = await self._standings.in_flight(session, list(held))
        return planned(held, in_flight)

    async def admit(self, session: AsyncSession, candidates: Sequence[Candidate], *, crisis: bool) -> dict[int, float]:
        """Which of these rows may not start now: their ids, with the seconds until they should be claimed again.

        New ones go before retries. Those that may start are counted as begun; the rows must be in flight when the
        transaction commits.
        """
        wanted: dict[int, list[Candidate]] = {}
        for each in candidates:
            wanted.setdefault(each.account_id, []).append(each)
        now = self._clock()
        asked = {account for account in wanted if not self._known(account).is_free(now)}
        refused: dict[int, float] = {}
        if asked:
            refused = await self._ask(session, {account: wanted[account] for account in sorted(asked)}, crisis=crisis)
        for account, rows in wanted.items():
            known = self._known(account)
            if account not in asked and known.retries_left < sum(1 for row in rows if row.attempts):
                refused |= await self._ask(session, {account: rows}, crisis=crisis)
            for row in rows:
                if row.id not in refused:
                    known.begin(retry=row.attempts > 0)
        return refused

    def admits_all(self, candidates: Sequence[Candidate]) -> bool:
        """:meth:`admit` without a look at the database: true, and all of them counted as begun, where every account is known
        to be free and nobody's retries are over the budget; else false, and :meth:`admit` decides.
        """
        now, accounts = self._clock(), self._accounts
        retries: dict[int, int] = {}
        for each in candidates:
            known = accounts.get(each.account_id)
            if known is None or not known.is_free(now):
                return False
            if each.attempts:
                retries[each.account_id] = retries.get(each.account_id, 0) + 1
        if any(accounts[account].retries_left < count for account, count in retries.items()):
            return False
        self.begin(candidates)
        return True

    async def free(self, session: AsyncSession) -> list[int]:
        """The accounts known here and held back by nothing: first attempts may begin as they come, each told to :meth:`begin`."""
        now = self._clock()
        stale = sorted(account for account, known in self._accounts.items() if known.is_stale(now))
        for account, standing in (await self._standings.of(session, stale)).items():
            self._remember(account, standing)
        return self.still_free() or []

    def still_free(self) -> list[int] | None:
        """:meth:`free` without a look at the database; ``None`` where one is due."""
        now = self._clock()
        if any(known.is_stale(now) for known in self._accounts.values()):
            return None
        return sorted(account for account, known in self._accounts.items() if known.is_free(now))

    def begin(self, candidates: Sequence[Candidate]) -> None:
        """These begin, through accounts that are :meth:`free`."""
        for each in candidates:
            self._accounts[each.account_id].begin(retry=each.attempts > 0)

    def was_shut(self, account_id: int, since: float) -> bool:
        """Whether the account, which was free when a call through it was begun at ``since``, has been found to be held back."""
        return self._known(account_id).was_shut(since)

    def take_back(self, candidate: Candidate) -> None:
        """It was counted as begun, and was not called."""
        self._known(candidate.account_id).take_back(retry=candidate.attempts > 0)

    def note(
        self,
        account_id: int,
        error: ChannelError | None,
        usage: Usage | None = None,
        *,
        retry: bool = False,
        counts: bool = True,
        began: float = math.inf,
    ) -> None:
        """A call through an account has ended; ``error`` is ``None`` for a receipt. Kept until :meth:`learn`.

        ``counts`` is false for what failed on our own side before the provider was asked; ``began`` is when it was, by the
        loop's clock.
        """
        self._known(account_id).end(self._clock(), error, usage, retry=retry, counts=counts, began=began)

    @property
    def has_news(self) -> bool:
        """Whether :meth:`learn` has something to write now."""
        now = self._clock()
        return any(known.has_news(now) for known in self._accounts.values())

    async def learn(self, session: AsyncSession) -> None:
        """Write what was noted: bad news and news of an account we know nothing of at once, good news once a second."""
        now = self._clock()
        tallies = {account: known.tell(now) for account, known in self._accounts.items() if known.has_news(now)}
        if not tallies:
            return
        for account, standing in (await self._standings.of(session, sorted(tallies), hold=True)).items():
            tally = tallies[account]
            broken = await self._is_broken(session, standing.standby) if standing.flow.diverted else None
            breaker.fade(standing.flow, tally, standing.now)
            pace.learn(standing.flow, tally, standing.now)
            breaker.learn(standing.flow, tally, standing.now, self._chance, standby_broken=broken)
            budget.learn(standing.flow, tally, standing.now)
            self._remember(account, standing)

    async def held(self, session: AsyncSession) -> list[int]:
        """Accounts whose provider has asked us to wait, or is not tried again yet: not to be read through either, since such
        calls count too, and would wait in vain.
        """
        if self._clock() < self._nothing_slow_until:
            return []
        slow = await self._standings.slow(session)
        return [each.flow.account_id for each in slow if each.is_held]

    async def _ask(
        self, session: AsyncSession, wanted: Mapping[int, list[Candidate]], *, crisis: bool
    ) -> dict[int, float]:
        """Decide for accounts that are not known to be free; under a lock for those that are not."""
        found = await self._standings.of(session, list(wanted))
        for account, standing in found.items():
            self._remember(account, standing)
        slow = [account for account in wanted if account not in found or not found[account].is_free]
        in_flight: dict[int, int] = {}
        rushed: set[int] = set()
        if slow:
            self._nothing_slow_until = 0.0
            found |= await self._standings.of(session, slow, hold=True)
            in_flight = await self._standings.in_flight(session, slow)
            if not crisis:
                rushed = await self._standings.in_a_rush(session, slow)
        refused: dict[int, float] = {}
        for account, rows in wanted.items():
            standing = found[account]
            if account not in slow:
                refused |= self._over_budget(standing, rows)
            elif account in rushed:
                refused |= dict.fromkeys((row.id for row in rows), FRESH_SECONDS)
            else:
                refused |= self._decide(standing, rows, in_flight.get(account, 0))
        return refused

    def _decide(self, standing: Standing, rows: list[Candidate], in_flight: int) -> dict[int, float]:
        flow, now = standing.flow, standing.now
        refused = self._over_budget(standing, rows)
        room = standing.room(in_flight)
        may = sorted((row for row in rows if row.id not in refused), key=lambda row: row.attempts > 0)
        calls = int(min(len(may), room.calls))
        broken = flow.diverted or flow.state is not BreakerState.CLOSED
        # Where a standby is, the next claim may divert them.
        wait = 0.01 if broken and standing.standby is not None else max(room.wait, 0.01)
        refused |= {row.id: min(wait, pace.LONGEST_HOLD) for row in may[calls:]}
        if pace.is_cold(flow, now):
            flow.tried_at = now
        if calls and flow.state is not BreakerState.CLOSED:
            breaker.begin_probe(flow, now, self._hold_seconds)
        elif calls:
            pace.take(flow, standing.ceiling, calls, now)
        return refused

    def _over_budget(self, standing: Standing, rows: list[Candidate]) -> dict[int, float]:
        retries = [row for row in rows if row.attempts > 0]
        known = self._known(standing.flow.account_id)
        known.retries_left = budget.left(standing.flow, standing.now, known.tally)
        if len(retries) <= known.retries_left or standing.flow.state is not BreakerState.CLOSED:
            return {}
        most = min(budget.wait(standing.flow, standing.now), budget.PATIENCE)
        return {row.id: self._chance.uniform(0.0, most) for row in retries[known.retries_left :]}

    async def _is_broken(self, session: AsyncSession, standby: int | None) -> bool | None:
        if standby is None:
            return None
        found = await self._standings.of(session, [standby])
        return standby in found and found[standby].flow.state is not BreakerState.CLOSED

    def _remember(self, account: int, standing: Standing) -> None:
        now = self._clock()
        if self._known(account).found(now, free=standing.is_free):
            self.shut_at = now
        if not standing.is_free:
            self._nothing_slow_until = 0.0

    def _known(self, account: int) -> Known:
        known = self._accounts.get(account)
        return self._accounts.setdefault(account, Known()) if known is None else known
