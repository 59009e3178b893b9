"""The only way to the network: what is refused, what is unsent and what is unknown, and what never shows in a text."""

import asyncio
import gzip
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

import aiohttp
import pytest
import requests
import urllib3

from adapters import blocking, guard
from adapters.threads import Threads
from adapters.transport import (
    ForbiddenHost,
    Guard,
    GuardedSession,
    from_aiohttp,
    from_requests,
    guarded_client,
    scrub,
)
from crisis.channels import ChannelError, Misconfigured, OutcomeUnknown, Unavailable
from tests.adapters.scripted import Answer, Reset, Scripted

Ask = Callable[..., Awaitable[bytes]]
"""Makes one request over one of the two stacks; what it raises is already an error of the port."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


@pytest.fixture(params=["requests", "aiohttp"])
async def ask(request: pytest.FixtureRequest) -> AsyncIterator[Ask]:
    """The same behaviour is wanted of both stacks, so every test that takes this runs over each."""
    closers: list[Callable[[], Awaitable[None] | None]] = []

    async def by_requests(
        url: str, method: str, allowed: frozenset[str] | None, seconds: float, headers: Mapping[str, str]
    ) -> bytes:
        session = GuardedSession(Guard(allowed), call_seconds=seconds)
        closers.append(session.close)
        try:
            return (await asyncio.to_thread(session.request, method, url, headers=headers)).content
        except (requests.RequestException, ChannelError) as error:
            raise from_requests(error) from None

    async def by_aiohttp(
        url: str, method: str, allowed: frozenset[str] | None, seconds: float, headers: Mapping[str, str]
    ) -> bytes:
        client = guarded_client(Guard(allowed), limit=4, call_seconds=seconds, headers=headers)
        closers.append(client.close)
        try:
            async with client.request(method, url) as response:
                return await response.read()
        except (aiohttp.ClientError, TimeoutError, ChannelError) as error:
            raise from_aiohttp(error) from None

    chosen = by_requests if request.param == "requests" else by_aiohttp

    async def ask(
        url: str,
        method: str = "POST",
        *,
        allowed: frozenset[str] | None = None,
        seconds: float = 4.0,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        return await chosen(url, method, allowed, seconds, headers or {})

    yield ask
    for close in closers:
        if (waiting := close()) is not None:
            await waiting


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A bare socket on loopback, for what happens below HTTP; ``serve`` gets each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def loop() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    serve(connection)

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(2)


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


# The guard


async def test_an_address_on_the_list_is_reached(ask: Ask, server: Scripted) -> None:
    server.script(Answer(200, {"a": 1}))
    assert await ask(server.url, allowed=frozenset({server.address})) == b'{"a": 1}'


async def test_an_address_off_the_list_is_refused_before_a_connection(
    ask: Ask, server: Scripted, other: Scripted
) -> None:
    with pytest.raises(ForbiddenHost, match=server.address) as caught:
        await ask(server.url, allowed=frozenset({other.address}))
    assert isinstance(caught.value, Misconfigured)
    assert server.requests == []


async def test_an_empty_list_allows_nothing(ask: Ask, server: Scripted) -> None:
    with pytest.raises(ForbiddenHost):
        await ask(server.url, allowed=frozenset())
    assert server.requests == []


async def test_the_right_host_on_another_port_is_refused(ask: Ask, server: Scripted) -> None:
    with pytest.raises(ForbiddenHost):
        await ask(server.url, allowed=frozenset({"127.0.0.1:1"}))
    assert server.requests == []


async def test_another_name_for_an_allowed_address_is_refused(ask: Ask, server: Scripted) -> None:
    with pytest.raises(ForbiddenHost):
        await ask(server.url.replace("127.0.0.1", "localhost"), allowed=frozenset({server.address}))
    assert server.requests == []


async def test_a_redirect_of_a_read_to_a_forbidden_host_is_refused(ask: Ask, server: Scripted, other: Scripted) -> None:
    server.script(Answer(302, headers={"Location": other.url}))
    with pytest.raises(ForbiddenHost, match=other.address):
        await ask(server.url, "GET", allowed=frozenset({server.address}))
    assert len(server.requests) == 1
    assert other.requests == []


async def test_a_redirect_of_a_read_within_the_list_is_followed(ask: Ask, server: Scripted, other: Scripted) -> None:
    server.script(Answer(302, headers={"Location": other.url}))
    other.script(Answer(200, "there"))
    assert await ask(server.url, "GET", allowed=frozenset({server.address, other.address})) == b"there"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirected_write_is_never_followed(ask: Ask, server: Scripted, method: str, status: int) -> None:
    server.script(Answer(status, headers={"Location": f"{server.url}/elsewhere?access_token=t0ken"}), Answer(200))
    expected = Misconfigured if status in {307, 308} else OutcomeUnknown
    with pytest.raises(expected, match="/elsewhere") as caught:
        await ask(server.url, method)
    assert "t0ken" not in str(caught.value)
    assert len(server.requests) == 1


async def test_proxies_of_the_environment_are_ignored_when_there_is_a_list(
    ask: Ask, server: Scripted, other: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, other.url)
    server.script(Answer(200, "direct"))
    assert await ask(server.url, allowed=frozenset({server.address})) == b"direct"
    assert other.requests == []


async def test_proxies_of_the_environment_serve_where_there_is_no_list(
    ask: Ask, server: Scripted, other: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", other.url)
    monkeypatch.setenv("no_proxy", "")
    other.script(Answer(200, "by proxy"))
    assert await ask(server.url) == b"by proxy"
    assert server.requests == []


def test_a_proxy_set_on_the_session_is_ignored_too(server: Scripted, other: Scripted) -> None:
    server.script(Answer(200, "direct"))
    with GuardedSession(Guard(frozenset({server.address})), call_seconds=2) as session:
        session.proxies = {"http": other.url}
        assert session.get(server.url, proxies={"http": other.url}).text == "direct"
    assert other.requests == []


async def test_a_proxy_given_to_one_aiohttp_request_must_be_on_the_list(server: Scripted, other: Scripted) -> None:
    async with guarded_client(Guard(frozenset({server.address})), limit=1, call_seconds=2) as client:
        with pytest.raises(ForbiddenHost, match=other.address):
            await client.get(server.url, proxy=other.url)
    assert other.requests == []


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://Graph.Example/x?y", True),
        ("https://graph.example:443/", True),
        ("https://graph.example./", True),
        ("http://graph.example/", False),
        ("https://graph.example:444/", False),
        ("https://graph.example@evil.example/", False),
        ("https://evil.example/graph.example:443", False),
        ("http://[::1]:8080/", True),
        ("ftp://graph.example/", False),
        ("https://graph.example:port/", False),
        ("", False),
    ],
)
def test_the_guard_compares_host_and_port_and_nothing_else(url: str, is_allowed: bool) -> None:
    strict = Guard(frozenset({"graph.example:443", "[::1]:8080"}))
    if is_allowed:
        strict.check(url)
    else:
        with pytest.raises(ForbiddenHost):
            strict.check(url)
    Guard(None).check(url)


def test_a_list_that_is_not_host_and_port_is_refused_at_once() -> None:
    with pytest.raises(Misconfigured, match="host:port"):
        Guard(frozenset({"graph.example"}))


# Unsent or unknown


async def test_a_refused_connection_is_unsent(ask: Ask) -> None:
    with pytest.raises(Unavailable, match="nothing was sent"):
        await ask(f"http://{free_address()}/")


async def test_a_name_that_does_not_resolve_is_unsent(ask: Ask) -> None:
    with pytest.raises(Unavailable):
        await ask("http://nobody.invalid/")


async def test_tls_to_a_server_that_does_not_speak_it_is_unsent(ask: Ask, server: Scripted) -> None:
    with pytest.raises(Unavailable):
        await ask(server.url.replace("http:", "https:"))


async def test_a_reset_in_the_tls_handshake_is_unsent(ask: Ask) -> None:
    """Without our own connection class, requests shows this as the reset of a request that was sent."""

    def reset(connection: socket.socket) -> None:
        connection.recv(1)

    with listening(reset) as address, pytest.raises(Unavailable):
        await ask(f"https://{address}/")


async def test_a_tls_handshake_that_hangs_is_unsent(ask: Ask) -> None:
    """Without our own connection class, requests shows this as a read timeout."""
    with listening(lambda _: time.sleep(0.8)) as address, pytest.raises(Unavailable):
        await ask(f"https://{address}/", seconds=0.6)


async def test_a_reset_after_the_request_is_unknown(ask: Ask, server: Scripted) -> None:
    server.script(Reset())
    with pytest.raises(OutcomeUnknown, match="may have been processed"):
        await ask(server.url)
    assert len(server.requests) == 1


async def test_a_connection_closed_without_an_answer_is_unknown(ask: Ask, server: Scripted) -> None:
    server.script(Reset(rude=False))
    with pytest.raises(OutcomeUnknown):
        await ask(server.url)


async def test_no_answer_in_time_is_unknown(ask: Ask, server: Scripted) -> None:
    server.script(Answer(200, after=1.0))
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        await ask(server.url, seconds=0.4)
    assert time.monotonic() - began < 0.8


async def test_an_answer_cut_short_is_unknown(ask: Ask, server: Scripted) -> None:
    server.script(Answer(200, "x" * 100, cut=5))
    with pytest.raises(OutcomeUnknown):
        await ask(server.url)


async def test_garbage_in_place_of_http_is_unknown(ask: Ask) -> None:
    def garbage(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(b"\x00\x01 what?\r\n\r\n")

    with listening(garbage) as address, pytest.raises(OutcomeUnknown):
        await ask(f"http://{address}/")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
async def test_a_lost_answer_is_never_asked_for_again(server: Scripted, method: str) -> None:
    """Left to itself, aiohttp repeats PUT and DELETE when a kept-alive connection is lost."""
    server.script(Answer(200), Reset(rude=False), Answer(200))
    async with guarded_client(Guard(None), limit=1, call_seconds=2) as client:
        await (await client.request(method, server.url)).read()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await client.request(method, server.url)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_an_error_status_is_never_asked_for_again(ask: Ask, server: Scripted, status: int) -> None:
    server.script(Answer(status, "sorry", headers={"Retry-After": "0"}), Answer(200))
    assert await ask(server.url) == b"sorry"
    assert len(server.requests) == 1


async def test_no_free_connection_in_time_is_unsent(server: Scripted) -> None:
    server.script(Answer(200, after=0.7), Answer(200))
    async with guarded_client(Guard(None), limit=1, call_seconds=1.0) as client:

        async def one() -> int:
            async with client.post(server.url) as response:
                return response.status

        busy = asyncio.create_task(one())
        await asyncio.sleep(0.05)
        with pytest.raises(TimeoutError) as caught:
            await one()
        assert isinstance(from_aiohttp(caught.value), Unavailable)
        assert await busy == 200
    assert len(server.requests) == 1


def test_a_full_pool_of_urllib3_is_unsent() -> None:
    pool = urllib3.HTTPConnectionPool("127.0.0.1")
    empty = requests.ConnectionError(urllib3.exceptions.EmptyPoolError(pool, "no free connection"))
    assert isinstance(from_requests(empty), Unavailable)


def test_what_nobody_thought_of_counts_as_sent() -> None:
    for translate in (from_requests, from_aiohttp):
        assert isinstance(translate(KeyError("content-type")), OutcomeUnknown)
        assert isinstance(translate(json.JSONDecodeError("bad", "x", 0)), OutcomeUnknown)
        assert isinstance(translate(ssl.SSLError("bad record mac")), OutcomeUnknown)


def test_cancellation_is_not_translated() -> None:
    for translate in (from_requests, from_aiohttp):
        with pytest.raises(asyncio.CancelledError):
            translate(asyncio.CancelledError())


def test_an_error_of_the_port_stays_as_it_is() -> None:
    error = Unavailable("as it was")
    assert from_requests(error) is error
    assert from_aiohttp(error) is error


async def test_an_address_that_is_none_is_misconfigured(ask: Ask) -> None:
    with pytest.raises(Misconfigured):
        await ask("no address at all")


# Size and cookies


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "identity"}])
async def test_an_answer_over_the_cap_is_not_read_to_its_end(
    ask: Ask, server: Scripted, headers: dict[str, str]
) -> None:
    server.script(Answer(200, b"x" * (guard.MAX_ANSWER_BYTES + 1), headers))
    with pytest.raises(OutcomeUnknown, match="longer than"):
        await ask(server.url)


async def test_a_small_answer_that_unpacks_to_a_large_one_is_not_unpacked(ask: Ask, server: Scripted) -> None:
    server.script(Answer(200, gzip.compress(bytes(guard.MAX_ANSWER_BYTES * 8)), {"Content-Encoding": "gzip"}))
    with pytest.raises(OutcomeUnknown, match="longer than"):
        await ask(server.url)


async def test_a_packed_answer_under_the_cap_is_read(ask: Ask, server: Scripted) -> None:
    server.script(Answer(200, gzip.compress(b"hello"), {"Content-Encoding": "gzip"}))
    assert await ask(server.url) == b"hello"


def test_cookies_of_one_account_are_not_sent_with_another_ones(server: Scripted) -> None:
    server.script(Answer(200, headers={"Set-Cookie": "who=me"}), Answer(200))
    with GuardedSession(Guard(None), call_seconds=2) as session:
        session.get(server.url)
        session.get(server.url)
    assert "cookie" not in server.requests[1].headers


# Rewriting


def test_a_built_in_address_is_rewritten_before_signing(server: Scripted) -> None:
    signed = []

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        signed.append(request.url)
        return request

    server.script(Answer(200))
    rewrite = {"https://api.example": f"{server.url}/base/"}
    with GuardedSession(Guard(frozenset({server.address})), call_seconds=2, rewrite=rewrite) as session:
        session.get("https://api.example/2/tweets?a=b", auth=sign)
    assert signed == [f"{server.url}/base/2/tweets?a=b"]
    assert server.requests[0].target == "/base/2/tweets?a=b"


def test_only_the_whole_built_in_host_is_rewritten(server: Scripted) -> None:
    rewrite = {"https://api.example": server.url}
    with GuardedSession(Guard(frozenset({server.address})), call_seconds=2, rewrite=rewrite) as session:
        for url in ("https://api.example.org/", "https://api.example@evil.example/"):
            with pytest.raises(ForbiddenHost):
                session.get(url)
    assert server.requests == []


async def test_credentials_in_a_header_do_not_follow_a_redirect_to_another_host(
    ask: Ask, server: Scripted, other: Scripted
) -> None:
    server.script(Answer(302, headers={"Location": other.url}))
    other.script(Answer(200))
    await ask(server.url, "GET", headers={"Authorization": "Bearer t0ken"})
    assert server.requests[0].headers["authorization"] == "Bearer t0ken"
    assert "authorization" not in other.requests[0].headers


# Threads


async def test_a_call_that_hangs_is_given_up_and_its_thread_comes_free(server: Scripted) -> None:
    server.script(Answer(200, "x" * 50, drip=0.2), Answer(200, "quick"))
    session, threads = GuardedSession(Guard(None), call_seconds=0.5), Threads(1, call_seconds=0.5, name="test")
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="may have processed"):
        await threads.run(lambda: session.post(server.url))
    assert 0.4 < time.monotonic() - began < 0.7
    assert (await threads.run(lambda: session.post(server.url))).text == "quick"
    threads.close()
    session.close()


async def test_a_call_given_up_before_it_sent_never_sends(server: Scripted) -> None:
    """A slow name server must not put a post out after its delivery was settled."""
    session, threads = GuardedSession(Guard(None), call_seconds=5), Threads(1, call_seconds=0.3, name="test")
    ended = threading.Event()

    def slow_to_start() -> None:
        time.sleep(0.5)
        try:
            session.post(server.url)
        finally:
            ended.set()

    with pytest.raises(Unavailable, match="Nothing was sent"):
        await threads.run(slow_to_start)
    assert await asyncio.to_thread(ended.wait, 2)
    assert server.requests == []
    threads.close()
    session.close()


async def test_a_cancelled_call_never_sends_either(server: Scripted) -> None:
    session, threads = GuardedSession(Guard(None), call_seconds=5), Threads(1, call_seconds=5, name="test")
    ended = threading.Event()

    def slow_to_start() -> None:
        time.sleep(0.3)
        try:
            session.post(server.url)
        finally:
            ended.set()

    task = asyncio.create_task(threads.run(slow_to_start))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 2)
    assert server.requests == []
    threads.close()
    session.close()


async def test_a_call_still_waiting_for_a_thread_is_unsent(server: Scripted) -> None:
    server.script(Answer(200, after=0.35), Answer(200))
    session, threads = GuardedSession(Guard(None), call_seconds=2), Threads(1, call_seconds=0.5, name="test")
    first = asyncio.create_task(threads.run(lambda: session.post(server.url)))
    await asyncio.sleep(0.02)
    hurried = asyncio.create_task(asyncio.wait_for(threads.run(lambda: session.post(server.url)), 0.1))
    with pytest.raises(TimeoutError):
        await hurried
    assert (await first).status_code == 200
    assert len(server.requests) == 1
    threads.close()
    session.close()


# Secrets


@pytest.mark.parametrize(
    "text",
    [
        "GET /v26.0/1?access_token=s3cr3t&fields=id",
        "Max retries exceeded with url: /me?fields=id&access_token=s3cr3t (Caused by",
        '{"access_token": "s3cr3t", "a": 1}',
        "{'access_token': 's3cr3t'}",
        "access_token%3Ds3cr3t",
        "Authorization: Bearer s3cr3t",
        "{'Authorization': 'Bearer s3cr3t', 'b': 'c'}",
        "authorization=Basic s3cr3t==",
        'Authorization: OAuth oauth_token="s3cr3t", oauth_signature="s3cr3t"',
        "appsecret_proof=s3cr3t",
        "https://user:s3cr3t@example.org/x",
        "oauth_token=s3cr3t",
    ],
)
def test_tokens_are_blotted_out(text: str) -> None:
    assert "s3cr3t" not in scrub(text)
    assert "[hidden]" in scrub(text)


def test_given_secrets_are_blotted_out_in_every_notation() -> None:
    secret = 'a b/"ø|c'
    text = f"plain {secret} url a%20b%2F%22%C3%B8%7Cc form a+b%2F%22%C3%B8%7Cc json {json.dumps(secret)}"
    assert scrub(text, [secret]) == 'plain [hidden] url [hidden] form [hidden] json "[hidden]"'


def test_an_empty_secret_blots_out_nothing() -> None:
    assert scrub("as it was", ["", " "]) == "as it was"


def test_exceptions_of_both_stacks_are_scrubbed() -> None:
    url = f"http://{free_address()}/x?access_token=s3cr3t&other=h1dden"
    with GuardedSession(Guard(None), call_seconds=2) as session, pytest.raises(requests.ConnectionError) as caught:
        session.get(url)
    assert "s3cr3t" in str(caught.value)  # what is being guarded against
    said = str(from_requests(caught.value, ["h1dden"]))
    assert "s3cr3t" not in said
    assert "h1dden" not in said
    error = aiohttp.InvalidURL("http:///?access_token=s3cr3t", "h1dden")
    assert "s3cr3t" not in str(from_aiohttp(error, ["h1dden"]))
    assert "h1dden" not in str(from_aiohttp(error, ["h1dden"]))


def test_a_token_that_cannot_be_a_header_is_not_shown(server: Scripted) -> None:
    with GuardedSession(Guard(None), call_seconds=2) as session, pytest.raises(requests.RequestException) as caught:
        session.get(server.url, headers={"Authorization": "Bearer s3cr3t\n"})
    error = from_requests(caught.value)
    assert isinstance(error, Misconfigured)
    assert "s3cr3t" not in str(error)


def test_nothing_is_logged_that_holds_a_header(server: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.script(Answer(200))
    with GuardedSession(Guard(None), call_seconds=2) as session:
        session.post(server.url, headers={"Authorization": "Bearer s3cr3t"})
    assert "s3cr3t" not in caplog.text


def test_the_session_mounts_its_own_connections_for_both_schemes() -> None:
    with GuardedSession(Guard(None), call_seconds=1) as session:
        for scheme in ("http", "https"):
            adapter = session.get_adapter(f"{scheme}://x")
            assert isinstance(adapter, blocking.MarkingAdapter)
            assert adapter.max_retries.total == 0
