"""The streams behind those pages, without a server in between: when they end, and what they hold for whoever is slow."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from api.desk.live import Live, Look
from api.desk.stream import Reader, Stream
from crisis.bootstrap import Crisis
from crisis.errors import NotAllowed
from crisis.roles import Act, Actor, Role
from crisis.users import sessions
from crisis.users.models import How, User
from crisis.users.sessions import SignedIn


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
