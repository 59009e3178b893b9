"""The book: what one batch has asked for is there for it, whatever another asks for meanwhile."""

import asyncio
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.bootstrap import openers_for
from crisis.deliveries import book as books
from crisis.deliveries.book import Book
from crisis.mode import Mode
from tests.crisis.deliveries.workbench import Workbench

RENDITIONS = text(
    """
    WITH made AS (
        INSERT INTO posts (mode, account_id, text, language, publish_at, created_by)
        SELECT 'actual', :account, 'Lesestund ' || n, 'nb', now(), 'test' FROM generate_series(1, :count) AS n
        RETURNING id, text
    )
    INSERT INTO renditions (mode, post_id, channel, language, kind, title, text, length, thread, issued_at)
    SELECT 'actual', id, 'facebook', 'nb', 'post', '', text, 12, '', now() FROM made RETURNING id
    """
)


class Slow:
    """A session whose database answers when it is told to."""

    def __init__(self, session: AsyncSession) -> None:
        self._session, self.asked, self.answer = session, asyncio.Event(), asyncio.Event()

    async def execute(self, *statement: Any) -> Any:
        self.asked.set()
        await self.answer.wait()
        return await self._session.execute(*statement)

    async def scalars(self, *statement: Any) -> Any:
        return await self._session.scalars(*statement)


async def test_a_batch_keeps_its_renditions_while_another_pushes_them_out(bench: Workbench) -> None:
    account = await bench.unit_account()
    async with bench.db.transaction() as session:
        made = sorted((await session.scalars(RENDITIONS, {"account": account, "count": 2 * books.MOST})).all())
    book = Book(openers_for(Mode.ACTUAL, bench.crisis.settings))
    known, missing, others = made[0], made[1], set(made[2 : books.MOST + 2])
    async with bench.db.transaction() as first, bench.db.transaction() as second:
        await book.fetch(first, {account}, {known})
        slow = Slow(first)
        waiting = asyncio.create_task(book.fetch(slow, {account}, {known, missing}))  # type: ignore[arg-type]
        await slow.asked.wait()
        await book.fetch(second, {account}, others)
        assert book.known({account}, {known}) is None, "it was pushed out, or this test shows nothing"
        slow.answer.set()
        found = await waiting
    assert {number: each.text for number, each in found.items()} == {known: "Lesestund 1", missing: "Lesestund 2"}
    assert book.known({account}, {known, missing}) == found
