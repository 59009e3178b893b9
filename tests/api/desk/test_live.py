"""Pages that change while somebody looks: what everybody sees, what it costs, and how it ends."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from api.desk.live import Live, Look
from api.desk.stream import Reader, Stream
from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.errors import NotAllowed
from crisis.roles import Act, Actor, Role
from crisis.settings import Settings
from crisis.users import sessions
from crisis.users.models import How, User
from crisis.users.sessions import SignedIn
from tests.api.desk.browser import HERE, Browser
from tests.api.desk.conftest import SignIn
from tests.api.desk.test_status import move, sent
from tests.api.server import ApiServer
from tests.factories import DIRECTOR

COUNTED = "count(*) AS deliveries, count(*) FILTER"
"""Of the statement that counts the deliveries: one for each look."""


class Events:
    """What a stream sends, event by event."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self, name: str) -> str:
        """The next event of this name."""
        async with asyncio.timeout(10):
            while True:
                said, data = await self._one()
                if said == name:
                    return data

    async def _one(self) -> tuple[str, str]:
        name, data = "", []
        while line := (await self._response.content.readline()).decode():
            line = line.rstrip("\n")
            if not line and name:
                return name, "\n".join(data)
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data.append(line.removeprefix("data: "))
        return "", ""

    async def rest(self) -> str:
        """Everything until it ends."""
        async with asyncio.timeout(10):
            return (await self._response.read()).decode()


@asynccontextmanager
async def watching(browser: Browser, path: str) -> AsyncIterator[Events]:
    headers = {**HERE, "Accept": "text/event-stream", "Cookie": "; ".join(browser.cookies.values())}
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session,
        session.get(f"{browser.url}{path}", headers=headers) as response,
    ):
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        yield Events(response)


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
    with ApiServer(api_settings) as stopping:
        other = Browser(editor._session, stopping.url, "", editor.csrf)
        other.cookies = editor.cookies
        async with watching(other, f"/messages/{message}/live") as stream:
            await stream.next("rows")
            begun = time.monotonic()
            await asyncio.to_thread(stopping.__exit__, None, None, None)
            assert time.monotonic() - begun < 1.5, "it does not wait until its patience is over"
            assert "event: ended" not in await stream.rest(), "the browser is to come back"


def plain(_language: str) -> Any:
    """What renders nothing."""


@dataclass(frozen=True)
class Number:
    """A topic of a test's own."""

    held: list[Any] = field(default_factory=lambda: [0], hash=False, compare=False)
    act: Act = Act.READ_CRISIS

    async def read(self, look: Look) -> Any:
        assert look.session is not None
        if isinstance(self.held[0], Exception):
            raise self.held[0]
        return self.held[0]

    def fragments(self, found: Any, render: Any) -> Mapping[str, str]:  # noqa: ARG002 - renders nothing
        return {"number": str(found)}


async def someone(crisis: Crisis) -> tuple[SignedIn, User]:
    user = User(name="Kari", role=Role.EDITOR, unit="nettredaksjonen", language="nb", created_by="vakt")
    async with crisis.db.transaction() as session:
        session.add(user)
    secret = await sessions.begin(crisis.db, user, How.PASSKEY, agent="", address="")
    found = await sessions.find(crisis.db, secret)
    assert found is not None
    return found, user


class Wire:
    """The server's end of one answer. ``stuck``: the browser takes nothing any more."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.stuck, self.gone = asyncio.Event(), asyncio.Event()
        self.most_waiting = 0

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.stuck.is_set():
            await asyncio.Event().wait()
        self.sent.append(message.get("body", b"").decode())

    async def until(self, wanted: str) -> None:
        async with asyncio.timeout(10):
            while wanted not in "".join(self.sent):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(crisis: Crisis, topic: Number) -> AsyncIterator[tuple[Live, Wire, SignedIn, "asyncio.Task[None]"]]:
    """Somebody watches a number, without a server in between."""
    live = Live(crisis, plain, pause=0.02, check=0.1)
    who, _ = await someone(crisis)
    wire = Wire()
    stream = live.watch(who, "nb", topic)
    task = asyncio.create_task(stream({"type": "http"}, wire.receive, wire.send))
    await wire.until("event: number")
    yield live, wire, who, task
    wire.gone.set()
    await live.close()
    async with asyncio.timeout(5):
        await asyncio.gather(task, return_exceptions=True)


async def test_a_stream_ends_with_its_session(crisis: Crisis) -> None:
    async with running(crisis, Number()) as (live, wire, who, task):
        await sessions.end(crisis.db, who)
        await wire.until("event: ended")
        await task
        assert live.readers == []


async def test_a_stream_ends_when_its_reader_may_not_read_it_any_more(crisis: Crisis) -> None:
    async with running(crisis, Number()) as (_live, wire, _who, _task):
        async with crisis.db.transaction() as session:
            await session.execute(text("UPDATE users SET role = 'unit'"))
        await wire.until("event: ended")
        assert "".join(wire.sent).index("event: number") < "".join(wire.sent).index("event: ended")


async def test_only_what_changed_is_sent_and_a_database_that_is_away_is_said(crisis: Crisis) -> None:
    topic = Number()
    async with running(crisis, topic) as (_live, wire, _who, _task):
        await asyncio.sleep(0.2)
        assert "".join(wire.sent).count("event: number") == 1
        topic.held[0] = OperationalError("SELECT", {}, Exception("away"))
        await wire.until("event: away")
        topic.held[0] = 7
        await wire.until("data: 7")
        assert "".join(wire.sent).count("event: away") == 1
        assert "event: back" in "".join(wire.sent)


async def test_who_goes_is_forgotten_and_nothing_is_read_any_more(crisis: Crisis) -> None:
    async with running(crisis, Number()) as (live, wire, _who, task):
        wire.gone.set()
        await task
        assert live.readers == []
        async with asyncio.timeout(5):
            while live._poller is not None:
                await asyncio.sleep(0.02)


async def test_a_slow_reader_holds_the_newest_alone_and_is_let_go() -> None:
    reader, wire, left = Reader(1), Wire(), asyncio.Event()
    stream = Stream(reader, left.set, heartbeat=60, slow=0.3)
    task = asyncio.create_task(stream({"type": "http"}, wire.receive, wire.send))
    reader.offer({"number": "0"})
    await wire.until("data: 0")
    wire.stuck.set()
    reader.offer({"number": "1"})
    await asyncio.sleep(0.05)
    for number in range(2, 1000):
        reader.offer({"number": str(number)})
    assert reader.take().count(b"event: number") == 1
    async with asyncio.timeout(5):
        await task
    assert left.is_set()


async def test_a_quiet_stream_says_that_it_is_there() -> None:
    reader, wire = Reader(1), Wire()
    task = asyncio.create_task(Stream(reader, lambda: None, heartbeat=0.05)({"type": "http"}, wire.receive, wire.send))
    await wire.until(": still here")
    reader.end("")
    await task
    assert "event:" not in "".join(wire.sent).split(": still here")[0]


async def test_a_watcher_must_be_allowed_to(crisis: Crisis) -> None:
    live = Live(crisis, plain)
    who, _ = await someone(crisis)
    unit = dataclasses.replace(who, user_id=None, actor=Actor("x", Role.UNIT, "biblioteket"))
    with pytest.raises(NotAllowed):
        live.watch(unit, "nb", Number())
