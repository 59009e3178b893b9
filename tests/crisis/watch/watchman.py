"""Watchman: looks when a test says so, and tells what was found."""

from sqlalchemy import Row, text

from crisis.mode import Mode
from crisis.watch import breaches
from crisis.watch.breaches import Standing
from crisis.watch.duty import WatchDuty
from tests.crisis.deliveries.workbench import Workbench


class Watchman:
    """One duty of watching, and the clock that makes it due."""

    def __init__(self, bench: Workbench, duty: WatchDuty) -> None:
        self.bench, self.duty = bench, duty

    async def look(self) -> list[Standing]:
        """Every account's time has come: look, and say what breaches there are by now."""
        await self.bench.run("UPDATE watches SET next_at = now() WHERE lease IS NULL")
        await self.settle()
        return await self.breaches()

    async def settle(self) -> None:
        """Do what is due, and no more."""
        while await self.duty.round():
            pass

    async def breaches(self, mode: Mode = Mode.ACTUAL) -> list[Standing]:
        async with self.bench.db.transaction() as session:
            return await breaches.list_breaches(session, mode)

    async def watches(self) -> list[Row]:
        async with self.bench.db.transaction() as session:
            return list(
                await session.execute(text("SELECT *, next_at - now() AS wait FROM watches ORDER BY account_id"))
            )

    async def entries(self, action: str) -> list[Row]:
        """What is on record of this."""
        async with self.bench.db.transaction() as session:
            wanted = text(
                "SELECT record::json AS record FROM audit WHERE record::json ->> 'action' = :action ORDER BY seq"
            )
            return [row.record for row in await session.execute(wanted, {"action": action})]
