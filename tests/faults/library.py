"""A unit that posts on Facebook, beside an activation: what it asks for, what its deliveries and permits say, what shows."""

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from crisis import clock
from crisis.activations import drain, holders, service
from crisis.activations.holders import Holder
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.faults.stack import Stack, until

LIBRARY = Actor("Biblioteket", Role.UNIT, "biblioteket")
ADDRESS = "4242"
POST = "Barselkafé på biblioteket i morgen kl. 11"


@dataclass
class Library:
    """A unit's account, what it posts, and what Facebook's stand-in then shows."""

    stack: Stack
    crisis: Crisis
    account: int

    @classmethod
    async def of(cls, stack: Stack, crisis: Crisis) -> "Library":
        """One whose page is connected."""
        account = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket", address=ADDRESS)
        return cls(stack, crisis, account)

    async def post(self, body: str = POST, *, seconds: float | None = None) -> int:
        """Publish at once, or so many seconds from now."""
        at = None if seconds is None else clock.now() + timedelta(seconds=seconds)
        return (await self.crisis.posts.publish(LIBRARY, self.account, body, publish_at=at)).id

    async def state(self, post: int) -> str:
        return (await self.crisis.posts.get(LIBRARY, post)).state

    async def reaches(self, post: int, *states: str, seconds: float = 20.0) -> None:
        async def reached() -> bool:
            return await self.state(post) in states

        await until(reached, seconds=seconds, what=f"the post did not come to {states}")

    async def in_a_call(self) -> Holder:
        """Wait until Facebook has a post of ours and has not answered yet; say who holds its permit."""

        async def found() -> Holder | None:
            permits = await self.permits()
            return permits[0].holder if permits and self.shown() else None

        holder: Holder = await until(found, pause=0.02, what="no call began")
        return holder

    async def permits(self) -> list[drain.OpenPermit]:
        async with self.crisis.db.transaction() as session:
            return await drain.open_permits(session, Mode.ACTUAL)

    async def unresolved(self) -> list[drain.Unresolved]:
        async with self.crisis.db.transaction() as session:
            return await drain.unresolved(session, Mode.ACTUAL)

    async def current(self) -> Any:
        async with self.crisis.db.transaction() as session:
            return await service.find_current(session, Mode.ACTUAL)

    async def stays_locking(self, holder: Holder, seconds: float, since: float) -> None:
        """Until so many seconds after ``since`` (monotonic) it is not confirmed, and its holder, who stands still, not killed."""
        while True:
            held, lives = await self.current(), holders.started(holder.pid) == holder.pid_started
            if time.monotonic() - since > seconds:
                return
            assert held.state is ActivationState.LOCKING, "confirmed while a sender that may still send is only stopped"
            assert lives, "killed before its time"
            await asyncio.sleep(0.1)

    async def confirmed(self, activation: int, seconds: float = 20.0) -> Any:
        """Wait for it; the activation as it then is."""

        async def found() -> Any:
            async with self.crisis.db.transaction() as session:
                held = await service.get(session, activation)
            return held if held.state is ActivationState.CONFIRMED else None

        return await until(found, seconds=seconds, pause=0.02, what="the activation was not confirmed")

    async def listed_at_confirmation(self) -> list[str]:
        """The accounts that the audit log says may have a post out."""
        async with self.crisis.db.transaction() as session:
            records = await session.scalars(text("SELECT record FROM audit ORDER BY seq"))
            entries = [json.loads(record) for record in records]
        confirmations = [entry for entry in entries if entry["action"] == "confirm"]
        return [post["account"] for entry in confirmations for post in entry["detail"]["unresolved"]]

    def shown(self) -> list[dict[str, Any]]:
        """What Facebook's stand-in accepted of ours."""
        return [record for record in self.stack.sandbox.records("graph", "create") if record["account"] == ADDRESS]
