"""The duty: everything about levers that an activation asks for behind the gate, some seconds of it at a time.

See :mod:`crisis.locks.securer`, which runs it in every process that stands by; any number of them share the work.

Runbook, if no worker can be started after a stand-down: ``crisis lock restore`` gives back what was taken, from the database and the
keys alone. ``crisis lock saved`` prints what there was, so that it can be kept outside or given back by hand.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence

from crisis.channels import Channel
from crisis.db import Database
from crisis.deliveries.book import AccountOpener
from crisis.levers import claims
from crisis.levers.claims import Claimed
from crisis.levers.hands import Before, Hands, nothing
from crisis.levers.journal import Journal
from crisis.levers.plan import Planner
from crisis.mode import Mode

AT_ONCE = 32
ROUND_SECONDS = 10.0
"""No more is begun in a round that has lasted so long."""
LEASE_SECONDS = 30.0


class Levers:
    """The levers of one mode in one process."""

    name = "levers"

    def __init__(
        self,
        db: Database,
        mode: Mode,
        channels: Mapping[str, Channel],
        admin: AccountOpener,
        *,
        editors_unit: str,
        lease_seconds: float = LEASE_SECONDS,
        chance: random.Random | None = None,
        before: Before = nothing,
    ) -> None:
        self._db, self._mode, self._lease_seconds, self._before = db, mode, lease_seconds, before
        self._planner = Planner(db, mode, channels, admin, editors_unit)
        chance = chance or random.Random()  # noqa: S311 - jitter, not a secret
        self._hands = Hands(Journal(db, mode), channels, admin, chance=chance, before=before)
        self._held: dict[asyncio.Task[None], Claimed] = {}

    async def round(self) -> bool:
        """Plan, then pull and give back what is due; return whether there was any."""
        self._before("plan")
        await self._planner.give_back()
        await self._planner.plan()
        return await self.work()

    async def give_back(self, only: Sequence[int]) -> bool:
        """Give back what is due of these levers, and touch no other; return whether there was any."""
        await self._planner.give_back()
        return await self.work(only)

    async def work(self, only: Sequence[int] | None = None) -> bool:
        """Do what is due; return whether there was any. ``only``: give these back, and nothing else."""
        loop = asyncio.get_running_loop()
        end, renewed, any_done = loop.time() + ROUND_SECONDS, loop.time(), False
        try:
            while True:
                if loop.time() < end and (free := AT_ONCE - len(self._held)):
                    self._before("claim")
                    any_done = await self._begin(free, only) or any_done
                if not self._held:
                    return any_done
                done, _ = await asyncio.wait(
                    self._held, timeout=self._lease_seconds / 4, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    self._held.pop(task)
                    task.result()
                if self._held and loop.time() - renewed > self._lease_seconds / 4:
                    await claims.renew(self._db, self._held.values(), self._lease_seconds)
                    renewed = loop.time()
        finally:
            await self._let_go()

    async def _begin(self, free: int, only: Sequence[int] | None) -> bool:
        held = [row.id for row in self._held.values()]
        rows = await claims.claim(self._db, self._mode, free, seconds=self._lease_seconds, held=held, only=only)
        for row in rows:
            self._held[asyncio.create_task(self._hands.work(row))] = row
        return bool(rows)

    async def _let_go(self) -> None:
        """Nothing goes on behind the back of whoever ended the round. Those rows are taken up again when their lease is over."""
        held, self._held = list(self._held), {}
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
