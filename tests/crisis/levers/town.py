"""A town of accounts on the tests' platform, its levers, and what the database says of them."""

import random
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from crisis.accounts.models import Account
from crisis.activations.models import Activation
from crisis.activations.service import stand_down
from crisis.db import Database
from crisis.levers.duty import Levers
from crisis.mode import Mode
from tests import factories
from tests.crisis.levers.platform import Platform
from tests.crisis.levers.remote_lever import RemoteLever, admin

EDITORS = factories.EDITORS
ALL_PULLED = {"library": "pulled", "school": "pulled", "pool": "pulled"}
ALL_BACK = {"library": "restored", "school": "restored", "pool": "restored"}


class Town:
    """The accounts of a platform, each of a unit with its own name; and a securer's duty over them."""

    def __init__(self, db: Database, platform: Platform, lever: RemoteLever | None = None) -> None:
        self.db, self.platform = db, platform
        self.lever = lever or RemoteLever(platform.url)
        self.levers = self.duty()
        self.ids: dict[str, int] = {}

    def duty(self, **more: Any) -> Levers:
        """One process's duty."""
        return Levers(
            self.db, Mode.ACTUAL, {"facebook": self.lever}, admin, editors_unit=EDITORS, chance=random.Random(1), **more
        )

    async def build(self, *, unit: Mapping[str, str] | None = None) -> None:
        """Every account of the platform in the register, with an administrator's credentials."""
        for address in self.platform.accounts:
            await self.add(address, unit=(unit or {}).get(address, address))

    async def add(self, address: str, *, unit: str, name: str = "", has_admin: bool = True) -> int:
        """One more account; its id."""
        async with self.db.transaction() as session:
            row = Account(channel="facebook", name=name or address, unit=unit, address=address)
            row.admin_credentials = b"sealed" if has_admin else None
            session.add(row)
            await session.flush()
            self.ids[name or address] = row.id
        return row.id

    async def activate(self) -> Activation:
        """Set the crisis staff."""
        return await factories.activation(self.db)

    async def stand_down(self, activation: Activation) -> None:
        """It is over."""
        await stand_down(self.db, factories.DIRECTOR, activation.id)

    async def settle(self, rounds: int = 10) -> None:
        """Do what is due now."""
        for _ in range(rounds):
            if not await self.levers.round():
                return

    async def later(self, rounds: int = 10) -> None:
        """Let all waiting be over, and do what is due then."""
        for _ in range(rounds):
            await self.run("UPDATE levers SET due_at = now(), lease_until = least(lease_until, now())")
            await self.levers.round()

    async def run(self, statement: str, **values: Any) -> list[Any]:
        """A statement of the test's own; its rows."""
        async with self.db.transaction() as session:
            found = await session.execute(text(statement), values)
            return list(found.all()) if found.returns_rows else []  # type: ignore[attr-defined]

    async def states(self, activation: Activation | None = None) -> dict[str, str]:
        """The state of each lever, by account; of one activation, or of all."""
        rows = await self.run(
            "SELECT a.name, l.state FROM levers l JOIN accounts a ON a.id = l.account_id"
            " WHERE CAST(:of AS int) IS NULL OR l.activation_id = :of ORDER BY l.activation_id",
            of=activation and activation.id,
        )
        return dict(tuple(row) for row in rows)

    async def row(self, account: str) -> Any:
        """An account's newest lever."""
        return (
            await self.run(
                "SELECT l.* FROM levers l JOIN accounts a ON a.id = l.account_id WHERE a.name = :name"
                " ORDER BY l.activation_id DESC LIMIT 1",
                name=account,
            )
        )[0]

    async def on_record(self) -> list[tuple[str, str]]:
        """What the system itself put on record about levers: the act, and what it came to."""
        rows = await self.run(
            "SELECT record::jsonb ->> 'action', record::jsonb -> 'detail' ->> 'state' FROM audit"
            " WHERE record::jsonb ->> 'action' IN ('pull_lever', 'restore_lever') ORDER BY seq"
        )
        return [(row[0], row[1]) for row in rows]
