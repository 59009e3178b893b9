"""How much of callbacks is taken in at once: who comes when it is full is told to come again, and nobody holds a place for ever."""

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import text
from starlette.types import Receive, Scope, Send
from twilio.request_validator import RequestValidator

from api.receipts import Receipts, Room
from crisis.bootstrap import Crisis, database_of
from crisis.settings import Settings
from tests.api.conftest import PUBLIC_URL, TWILIO_TOKEN
from tests.api.server import Served

PATH = "/receipts/actual/sms?delivery=1"
ROOM = Room(callbacks=2, body_bytes=1_000, body_seconds=0.5)


class Door:
    """Nothing of the API but where providers report back."""

    def __init__(self, settings: Settings, room: Room) -> None:
        self._settings, self._room = settings, room
        self.registry = CollectorRegistry()
        self.counter = Counter("receipts", "what came of them", ["mode", "channel", "result"], registry=self.registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._receipts.door(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        db = database_of(self._settings)
        self._receipts = Receipts(self._settings, db, self.counter, self._room)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._receipts.close()
        await db.close()
        await send({"type": "lifespan.shutdown.complete"})

    def refused(self) -> float | None:
        return self.registry.get_sample_value(
            "receipts_total", {"mode": "actual", "channel": "sms", "result": "refused"}
        )


@pytest.fixture
def door(api_settings: Settings, crisis: Crisis) -> Door:  # noqa: ARG001 - on an empty database
    return Door(api_settings, ROOM)


@pytest.fixture
def served(door: Door) -> Iterator[Served]:
    with Served(door) as server:
        yield server


async def call_back(session: aiohttp.ClientSession, served: Served, sid: str) -> tuple[int, str]:
    """One signed callback; its answer's status and text."""
    fields = {"MessageSid": sid, "MessageStatus": "delivered"}
    signature = RequestValidator(TWILIO_TOKEN).compute_signature(PUBLIC_URL + PATH, fields)
    async with (
        asyncio.timeout(10),
        session.post(served.url + PATH, data=fields, headers={"X-Twilio-Signature": signature}) as answer,
    ):
        return answer.status, await answer.text()


async def say(served: Served, head: bytes, body: bytes = b"") -> bytes:
    """A request that goes no further than this; what came of it."""
    host, port = served.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: krise.example.no\r\n" + head + b"\r\n\r\n" + body)
    async with asyncio.timeout(10):
        answer = await reader.readline()
    writer.close()
    return answer


async def test_who_comes_when_it_is_full_is_told_at_once_to_come_again(
    session: aiohttp.ClientSession, served: Served, door: Door, crisis: Crisis
) -> None:
    async with crisis.db.transaction() as holding:
        await holding.execute(text("LOCK TABLE receipts"))
        inside = [asyncio.create_task(call_back(session, served, f"SM{number}")) for number in range(2)]
        await asyncio.sleep(0.5)
        status, said = await call_back(session, served, "SM2")
        assert (status, "Send it again in a moment" in said) == (503, True)
        assert not any(task.done() for task in inside), "they wait for their commit"
    assert [await task for task in inside] == [(204, "")] * 2
    assert (await call_back(session, served, "SM2"))[0] == 204
    assert door.refused() == 1


async def test_a_body_that_does_not_come_gives_its_place_back(session: aiohttp.ClientSession, served: Served) -> None:
    half = [say(served, b"Content-Length: 100", b"MessageSid=") for _ in range(ROOM.callbacks)]
    assert set(await asyncio.gather(*half)) == {b"HTTP/1.1 408 Request Timeout\r\n"}
    assert (await call_back(session, served, "SM1"))[0] == 204


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 1001", b""),
        (b"Content-Length: 1001", b"x" * 1001),
        (b"Transfer-Encoding: chunked", b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n"),
    ],
    ids=["announced", "there already", "unannounced"],
)
async def test_more_than_any_provider_sends_is_not_read(served: Served, head: bytes, body: bytes) -> None:
    assert (await say(served, head, body)).startswith(b"HTTP/1.1 413 ")
