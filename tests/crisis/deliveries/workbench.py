"""Workbench: what tests of the engine ask for again and again, through the product's own acts."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import DateTime, Row, text

from crisis.activations.holders import Holder
from crisis.bootstrap import Crisis, openers_for
from crisis.channels import Channel, Receipt, ReceiptStatus, UnknownStatus
from crisis.deliveries import receipts
from crisis.deliveries.book import Book
from crisis.deliveries.pace import Pace
from crisis.deliveries.reconcile import reconcile
from crisis.deliveries.sender import Sender
from crisis.deliveries.states import DeliveryState
from crisis.deliveries.sweep import sweep
from crisis.lanes import Lane
from crisis.limits.models import Flow
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.moves import Moves

LIBRARY = "biblioteket"
LIBRARIAN = Actor("Bibliotekaren", Role.UNIT, LIBRARY)
DRAIN_SECONDS = 0.2


class Workbench:
    """One municipality's engine, taken apart."""

    def __init__(self, crisis: Crisis, moves: Moves) -> None:
        self.crisis, self.db, self.moves = crisis, crisis.db, moves
        self.book = Book(openers_for(Mode.ACTUAL, crisis.settings))
        self.mode, self.chance = Mode.ACTUAL, random.Random(1)

    async def unit_account(self, channel: str = "facebook", name: str = "") -> int:
        """An account of the library's."""
        return await factories.account(self.crisis, channel, unit=LIBRARY, name=name)

    async def posts(self, count: int, account_id: int | None = None, *, audience_id: int | None = None) -> list[int]:
        """Posts of the library's, due now; the ids of their deliveries."""
        account_id = account_id or await self.unit_account()
        made = [
            await self.crisis.posts.publish(LIBRARIAN, account_id, f"Lesestund nummer {n}", audience_id=audience_id)
            for n in range(count)
        ]
        wanted = text(
            "SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE r.post_id = ANY(:posts) ORDER BY d.id"
        )
        async with self.db.transaction() as session:
            return list((await session.execute(wanted, {"posts": [post.id for post in made]})).scalars())

    async def alert(self, *channels: str, people: int = 0) -> list[int]:
        """An approved alert through the editors' accounts on these channels; the ids of its deliveries."""
        for channel in channels:
            await factories.account(self.crisis, channel)
        audience_id = await factories.audience(self.crisis, people) if people else None
        activation = await factories.activation(self.db)
        approved = await factories.approved_alert(self.crisis, activation.id, audience_id=audience_id)
        return await self.of_revision(approved.revision.id)

    async def everywhere(self, sandbox: str, people: int) -> list[int]:
        """An approved alert on every channel, for providers that the sandbox at this address plays."""
        await factories.account(self.crisis, "facebook", address="1234")
        await factories.account(self.crisis, "twitter", address="5678")
        await factories.account(self.crisis, "wordpress", address=f"{sandbox}/wp")
        await factories.account(self.crisis, "sms", address="Fjordvik")
        return await self.alert("website", people=people)

    async def of_revision(self, revision_id: int) -> list[int]:
        """The ids of a revision's deliveries."""
        wanted = text(
            "SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE r.revision_id = :id ORDER BY d.id"
        )
        async with self.db.transaction() as session:
            return list((await session.execute(wanted, {"id": revision_id})).scalars())

    def sender(self, lane: Lane, *channels: Channel, holder: Holder | None = None, **pace: Any) -> Sender:
        """A sender of a lane through these channels."""
        kept = Pace(**{"concurrency": 4, "batch": 10, "lease_seconds": 5.0, "call_seconds": 2.0} | pace)
        outlets = {channel.name: channel for channel in channels}
        return Sender(self.db, Mode.ACTUAL, lane, outlets, self.book, kept, holder=holder, chance=self.chance)

    async def send(self, lane: Lane, *channels: Channel, **pace: Any) -> Counter[DeliveryState]:
        """Send what is due in a lane."""
        return await self.sender(lane, *channels, **pace).run()

    async def look(self, lane: Lane, *channels: Channel) -> int:
        """Look into what is unknown in a lane and due to be looked into."""
        return (await reconcile(self.db, Mode.ACTUAL, lane, {c.name: c for c in channels}, self.book)).looked

    async def sweep(self) -> Counter[str]:
        """One pass of the sweep."""
        return await sweep(self.db, Mode.ACTUAL, drain_seconds=DRAIN_SECONDS)

    async def receive(self, channel: str, *given: Receipt | UnknownStatus, mode: Mode = Mode.ACTUAL) -> int:
        """Record receipts that came in together; return how many were new."""
        async with self.db.transaction() as session:
            return (await receipts.record(session, mode, channel, given)).new

    async def row(self, delivery_id: int) -> Row[Any]:
        """A delivery as it lies in the database."""
        (found,) = await self.rows([delivery_id])
        return found

    async def rows(self, ids: Sequence[int] | None = None) -> list[Row[Any]]:
        """Deliveries as they lie in the database: these, or all."""
        wanted = text("SELECT * FROM deliveries WHERE CAST(:ids AS bigint[]) IS NULL OR id = ANY(:ids) ORDER BY id")
        async with self.db.transaction() as session:
            return list(await session.execute(wanted, {"ids": None if ids is None else list(ids)}))

    async def states(self, ids: Sequence[int] | None = None) -> Counter[str]:
        """How many of them are in which state."""
        return Counter(row.state for row in await self.rows(ids))

    async def run(self, statement: str, **values: object) -> None:
        """A statement of the test's own, such as one that moves the clock."""
        async with self.db.transaction() as session:
            await session.execute(text(statement), values)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for every delivery and account, by moving what they wait for nearer."""
        moments = {
            "deliveries": ("due_at", "lease_until", "deadline_at"),
            "flows": [column.name for column in Flow.__table__.columns if isinstance(column.type, DateTime)],
        }
        for table, names in moments.items():
            moved = ", ".join(f"{name} = {name} - :by" for name in names)
            await self.run(f"UPDATE {table} SET {moved}", by=timedelta(seconds=seconds))

    async def open_permits(self) -> int:
        """How many permits are open."""
        async with self.db.transaction() as session:
            return (await session.execute(text("SELECT count(*) FROM permits WHERE closed_at IS NULL"))).scalar_one()


def receipt(delivery_id: int, status: ReceiptStatus, reference: str = "", **more: Mapping[str, str] | str) -> Receipt:
    """A receipt that names its delivery."""
    return Receipt(reference or f"ref-{delivery_id}", status, key=str(delivery_id), **more)  # type: ignore[arg-type]
