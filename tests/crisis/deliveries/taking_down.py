"""Taking down: an outlet that says what a test tells it to, and the acts around it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, text

from crisis.bootstrap import openers_for
from crisis.channels import (
    AccountRef,
    Capabilities,
    ChannelError,
    Finding,
    Found,
)
from crisis.deliveries import withdrawals, withdrawer
from crisis.deliveries.book import Book
from crisis.deliveries.withdrawals import WithdrawnMessage
from crisis.mode import Mode
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import EDITOR

ABLE = {
    "facebook": Capabilities(withdraw=True),
    "twitter": Capabilities(withdraw=True),
    "sms": Capabilities(recipients=True),
}
Answer = ChannelError | None


class Wall(Outlet):
    """A channel whose posts can be taken down: ``answers`` one by one, the last for ever after; ``there`` is what is up."""

    def __init__(self, *answers: Answer, back: Found = Found.NO, name: str = "facebook", **more: Any) -> None:
        super().__init__(
            name,
            capabilities=Capabilities(
                withdraw=True, reconcile=True, settle_seconds=0.0, look_seconds=(0.0, 0.0), call_seconds=1.0
            ),
            **more,
        )
        self.answers, self.back = list(answers or [None]), back
        self.down: list[str] = []
        self.read: list[str] = []

    async def withdraw(self, account: AccountRef, reference: str) -> None:  # noqa: ARG002 - the port's
        self.down.append(reference)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            raise answer

    async def read_back(self, account: AccountRef, reference: str) -> Finding:  # noqa: ARG002
        self.read.append(reference)
        return Finding(self.back, reference)


async def take_down(bench: Workbench, *walls: Wall) -> int:
    book = Book(openers_for(Mode.ACTUAL, bench.crisis.settings))
    return await withdrawer.take_down(bench.db, Mode.ACTUAL, {wall.name: wall for wall in walls}, book)


async def pass_time(bench: Workbench, seconds: float) -> None:
    await bench.pass_time(seconds)
    await bench.run(
        "UPDATE withdrawals SET due_at = due_at - :by, lease_until = lease_until - :by", by=timedelta(seconds=seconds)
    )


async def message_of(bench: Workbench, delivery: int) -> int:
    wanted = """
        SELECT v.message_id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id
        JOIN revisions v ON v.id = r.revision_id WHERE d.id = :id
    """
    async with bench.db.transaction() as session:
        return int((await session.execute(text(wanted), {"id": delivery})).scalar_one())


async def withdraw(bench: Workbench, delivery: int, able: Any = None) -> WithdrawnMessage:
    """Take down the message that this delivery carries."""
    return await withdrawals.withdraw_message(bench.db, EDITOR, await message_of(bench, delivery), able or ABLE)


async def standing(bench: Workbench) -> list[Row[Any]]:
    async with bench.db.transaction() as session:
        return list(await session.execute(text("SELECT * FROM withdrawals ORDER BY delivery_id")))


async def record(bench: Workbench) -> list[tuple[str, str]]:
    """What the audit log says of withdrawals."""
    wanted = """
        SELECT record::json->>'action', record::json->>'subject' FROM audit
        WHERE record::json->>'action' LIKE '%withdraw%' ORDER BY seq
    """
    async with bench.db.transaction() as session:
        return [(action, subject) for action, subject in await session.execute(text(wanted))]
