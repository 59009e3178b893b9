"""What lies ready is handed out at once, in the plain case only, and nobody can tell by the answer which way it came."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.types import Message, Receive, Scope, Send

from api.front import AT_ONCE, WHOLE, Headers, Ready
from crisis.settings import Settings
from tests.api.server import ApiServer, Served

HOST = b"Host: krise.example.no\r\n"
LAST = b"GET /inside HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
LARGE = 1 << 20


def get(path: bytes = b"/page", more: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + more + b"\r\n"


class App:
    """Hands out "ready" under /page and answers "inside" to whatever reaches it, so that an answer tells its way."""

    def __init__(self) -> None:
        self.handed_out, self.inside = 0, 0

    def at_once(self, method: str, path: str, headers: Headers) -> Ready | None:  # noqa: ARG002 - a hatch's three
        if path == "broken":
            raise RuntimeError("what a hatch should never do")
        if path not in {"page", "large"} or method != "GET":
            return None
        self.handed_out += 1
        body = b"ready" if path == "page" else bytes(LARGE)
        return Ready(200, [(b"content-length", b"%d" % len(body))], body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(scope, receive, send)
            return
        self.inside += 1
        if scope["path"] == "/slow":
            await asyncio.sleep(0.1)
        body = bytes(LARGE) if scope["path"] == "/large" else b"inside"
        if scope["path"] == "/body":
            body = b"whole" if WHOLE in scope["state"] else b"in part"
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def live(self, scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message: Message = await receive()
            if message["type"] == "lifespan.startup":
                scope["state"][AT_ONCE] = self.at_once
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def served(app: App) -> Iterator[Served]:
    with Served(app, idle=1) as server:
        yield server


async def connect(server: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = server.url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


async def say(server: Served, *parts: bytes) -> bytes:
    """Send the parts, each by itself, and read until the server closes the connection."""
    reader, writer = await connect(server)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        said = await reader.read()
    writer.close()
    return said


def ways(said: bytes) -> list[bytes]:
    """Which way each of the answers came."""
    return re.findall(rb"\r\n\r\n(ready|inside)", said)


PLAIN = {
    "a page": get(),
    "with a query": get(b"/page?fbclid=1"),
    "with headers": get(more=b"Accept: */*\r\nUser-Agent: x\r\n"),
}
OTHERS = {
    "closes": get(more=b"Connection: close\r\n"),
    "HTTP/1.0": b"GET /page HTTP/1.0\r\n\r\n",
    "HTTP/1.0 that would stay": b"GET /page HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "a body": get(more=b"Content-Length: 4\r\n") + b"body",
    "a body in chunks": get(more=b"Transfer-Encoding: chunked\r\n") + b"4\r\nbody\r\n0\r\n\r\n",
    "a body to be waited for": get(more=b"Content-Length: 4\r\nExpect: 100-continue\r\n") + b"body",
    "a body of nothing": get(more=b"Content-Length: 0\r\n"),
    "another protocol": get(more=b"Connection: upgrade\r\nUpgrade: h2c\r\n"),
    "in full": get(b"http://krise.example.no/page"),
    "written otherwise": get(b"/p%61ge"),
    "not there": get(b"/other"),
    "another method": get().replace(b"GET", b"DELETE"),
    "a hatch that breaks": get(b"/broken"),
}


@pytest.mark.parametrize("request_", PLAIN.values(), ids=PLAIN)
async def test_the_plain_case_is_handed_out(served: Served, app: App, request_: bytes) -> None:
    said = await say(served, request_, request_, LAST)
    assert ways(said) == [b"ready", b"ready", b"inside"]
    assert app.inside == 1


@pytest.mark.parametrize("request_", OTHERS.values(), ids=OTHERS)
async def test_everything_else_goes_in(served: Served, app: App, request_: bytes) -> None:
    assert ways(await say(served, request_, LAST))[0] == b"inside"
    assert app.handed_out == 0


async def test_requests_sent_together_are_answered_in_their_order(served: Served, app: App) -> None:
    slow = get(b"/slow")
    assert ways(await say(served, get() + get() + slow + get() + get() + LAST)) == [b"ready"] * 2 + [b"inside"] * 4
    assert app.handed_out == 2


async def test_after_a_slow_answer_the_next_is_handed_out_again(served: Served) -> None:
    reader, writer = await connect(served)
    for request_, way in ((get(b"/slow"), b"inside"), (get(), b"ready"), (get(b"/slow"), b"inside"), (get(), b"ready")):
        writer.write(request_)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-length: %d" % len(way) in head
        assert await reader.readexactly(len(way)) == way
    writer.close()


async def test_a_request_in_pieces_is_one(served: Served) -> None:
    whole = get(more=b"Accept: */*\r\n")
    assert ways(await say(served, whole[:3], whole[3:9], whole[9:-2], whole[-2:], LAST)) == [b"ready", b"inside"]


async def test_who_does_not_read_fills_no_memory(served: Served, app: App) -> None:
    """A connection takes what the kernel holds and one answer more; the rest is asked for when there is room again."""
    asked = 60
    reader, writer = await connect(served)
    writer.write(get(b"/large") * asked + LAST)
    await writer.drain()
    await asyncio.sleep(0.3)
    assert app.handed_out + app.inside < asked / 2
    async with asyncio.timeout(20):
        said = await reader.read()
    assert said.count(b"HTTP/1.1 200 OK") == asked + 1
    assert len(said) > asked * LARGE
    writer.close()


async def test_who_asks_no_more_is_let_go_and_who_asks_is_not(served: Served) -> None:
    reader, writer = await connect(served)
    for _ in range(4):
        writer.write(get())
        await reader.readuntil(b"ready")
        await asyncio.sleep(0.4)
    async with asyncio.timeout(2):
        assert await reader.read() == b""
    writer.close()


async def test_a_connection_that_waits_holds_no_server_up(app: App) -> None:
    with Served(app, idle=60) as server:
        reader, writer = await connect(server)
        writer.write(get())
        await reader.readuntil(b"ready")
    assert await reader.read() == b""
    writer.close()


def test_a_header_is_one_line() -> None:
    with pytest.raises(ValueError, match="line break"):
        Ready(200, [(b"x-page", b"a\r\nset-cookie: b")], b"")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, api_settings: Settings) -> Iterator[tuple[Served, Served]]:
    """The service on our protocol and on uvicorn's, on the same files and without a database."""
    nowhere = SecretStr("postgresql://x@127.0.0.1:9/x")
    home: Path = tmp_path_factory.mktemp("both")
    settings = api_settings.model_copy(update={"database_url": nowhere, "home": home})
    settings.crisis_page_dir.mkdir()
    (settings.crisis_page_dir / "index.html").write_text("<h1>Skred ved Moen</h1>" * 100, encoding="utf-8")
    with ApiServer(settings) as ours, ApiServer(settings, http="httptools") as theirs:
        yield ours, theirs


@pytest.mark.parametrize(
    "request_",
    [
        get(b"/crisis-page/"),
        get(b"/crisis-page"),
        get(b"/crisis-page/index.html?utm=1"),
        get(b"/crisis-page/").replace(b"GET", b"HEAD"),
        get(b"/crisis-page/", b"Accept-Encoding: gzip\r\n"),
        get(b"/crisis-page/", b"If-None-Match: *\r\n"),
        get(b"/crisis-page/", b"If-None-Match: *\r\nAccept-Encoding: br, gzip\r\n").replace(b"GET", b"HEAD"),
        get(b"/crisis-page/", b"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n"),
        get(b"/crisis-page/none.html"),
        get(b"/crisis-page/\xe6.html"),
        get(b"/crisis-page/../keys.json"),
        get(b"/crisis-page/.hidden"),
        get(b"/crisis-page/").replace(b"GET", b"POST"),
        get(b"/nowhere"),
        b"GET /crisis-page/ HTTP/1.1\r\nno header\r\n\r\n",
    ],
    ids=lambda request_: request_.decode("latin-1").split(" HTTP")[0],
)
async def test_the_bytes_are_the_same_either_way(both: tuple[Served, Served], request_: bytes) -> None:
    last = LAST.replace(b"/inside", b"/crisis-page/")
    ours, theirs = [re.sub(rb"(?m)^date: .*\r$", b"", await say(server, request_ + last)) for server in both]
    assert ours == theirs
    assert ours.startswith(b"HTTP/1.1 ")


# Bodies

POST = b"POST /body HTTP/1.1\r\n" + HOST + b"Connection: close\r\nContent-Length: 8\r\n\r\n"
ARRIVED = {
    "all at once": ([POST + b"deliver="], b"whole"),
    "the body after its head": ([POST, b"deliver="], b"in part"),
    "half of it later": ([POST + b"deli", b"ver="], b"in part"),
}


@pytest.mark.parametrize("parts", ARRIVED)
async def test_the_application_is_told_when_a_body_has_all_arrived(served: Served, parts: str) -> None:
    sent, expected = ARRIVED[parts]
    assert (await say(served, *sent)).endswith(b"\r\n\r\n" + expected)
