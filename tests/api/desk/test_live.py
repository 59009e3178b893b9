"""Pages that change while somebody looks: what everybody sees, what it costs, and how it ends."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

from sqlalchemy import event

from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.settings import Settings
from tests.api.desk.browser import Browser
from tests.api.desk.conftest import SignIn
from tests.api.desk.stream import watching
from tests.api.desk.test_status import move, sent
from tests.api.server import ApiServer
from tests.factories import DIRECTOR

COUNTED = "count(*) AS deliveries, count(*) FILTER"
"""Of the statement that counts the deliveries: one for each look."""


async def test_what_changes_comes_by_itself_in_each_readers_language(sign_in: SignIn, crisis: Crisis) -> None:
    message = await sent(crisis, "facebook")
    norwegian, english = await sign_in(Role.EDITOR), await sign_in(Role.SWITCHBOARD, language="en")
    path = f"/messages/{message}/live"
    async with watching(norwegian, path) as ours, watching(english, path) as theirs:
        assert "i kø" in await ours.next("rows")
        assert "Facebook" in await theirs.next("rows")
        await move(crisis, "true", "in_flight", "accepted")
        assert "Meldingen er ute overalt" in await ours.next("summary")
        assert "sendt" in await ours.next("rows")
        assert "sendt" not in await theirs.next("rows")


async def test_the_board_comes_by_itself_with_the_log_for_those_who_may_read_it(
    sign_in: SignIn, crisis: Crisis
) -> None:
    await sent(crisis, "facebook")
    editor, switchboard = await sign_in(Role.EDITOR), await sign_in(Role.SWITCHBOARD)
    async with watching(editor, "/board/1/live") as ours, watching(switchboard, "/board/1/live") as theirs:
        first = await ours.next("standing")
        assert "0 av 1 sendt" in first
        assert "sendte ut: «" in first
        assert "csrf" not in first, "what many read has nothing of anybody's session"
        assert "sendte ut: «" not in await theirs.next("standing")
        await move(crisis, "true", "in_flight", "unknown", "unknown_final")
        assert 'href="/deliveries/1"' in await theirs.next("standing")
        await service.stand_down(crisis.db, DIRECTOR, 1)
        assert "Låst opp" in await ours.next("standing") + await ours.next("standing")
    page = await editor.get("/board/99/live")
    assert page.status == 404


async def test_who_may_not_read_it_gets_no_stream_and_who_is_not_signed_in_is_told_not_to_come_back(
    sign_in: SignIn, crisis: Crisis
) -> None:
    message = await sent(crisis, "website")
    assert (await (await sign_in(Role.UNIT)).get(f"/messages/{message}/live")).status == 403
    assert (await (await sign_in(Role.EDITOR)).get("/messages/99/live")).status == 404
    nobody = await (await sign_in(None)).get(f"/messages/{message}/live")
    assert "event: ended" in nobody.body


async def test_a_hundred_readers_cost_the_database_what_one_does(
    sign_in: SignIn, crisis: Crisis, server: ApiServer
) -> None:
    message = await sent(crisis, "facebook", "sms", people=10)
    editor, path = await sign_in(Role.EDITOR), f"/messages/{message}/live"
    statements: list[str] = []
    engine = server.app.state.crisis.db.engine.sync_engine

    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    async def two_looks() -> int:
        """How many statements two looks at the database take."""
        statements.clear()
        async with asyncio.timeout(30):
            while len(begun := [at for at, each in enumerate(statements) if COUNTED in each]) < 3:
                await asyncio.sleep(0.02)
        return begun[2] - begun[0]

    async with AsyncExitStack() as stack:
        stream = await stack.enter_async_context(watching(editor, path))
        await stream.next("rows")
        event.listen(engine, "before_cursor_execute", count)
        try:
            one = await two_looks()
            many = await asyncio.gather(*(stack.enter_async_context(watching(editor, path)) for _ in range(99)))
            await asyncio.gather(*(each.next("rows") for each in many))
            hundred = await two_looks()
        finally:
            event.remove(engine, "before_cursor_execute", count)
        assert hundred <= one + 2, "but for the question whose session is still in force"
        await move(crisis, "true", "in_flight", "accepted")
        await asyncio.gather(*(each.next("summary") for each in many))


async def test_streams_end_at_once_when_the_server_stops(
    api_settings: Settings, crisis: Crisis, sign_in: SignIn
) -> None:
    message = await sent(crisis, "website")
    editor = await sign_in(Role.EDITOR)
    with ApiServer(api_settings, patience=18) as stopping:
        other = Browser(editor._session, stopping.url, "", editor.csrf)
        other.cookies = editor.cookies
        async with watching(other, f"/messages/{message}/live") as stream:
            await stream.next("rows")
            begun = time.monotonic()
            await asyncio.to_thread(stopping.__exit__, None, None, None)
            assert time.monotonic() - begun < 9, "it does not wait until its patience is over"
            assert "event: ended" not in await stream.rest(), "the browser is to come back"
