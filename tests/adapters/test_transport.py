"""What is unsent and what is unknown, what is cut off, and what is never repeated."""

import asyncio
import gzip
import json
import socket
import ssl
import time

import aiohttp
import pytest
import requests
import urllib3

from adapters import guard
from adapters.transport import (
    ForbiddenHost,
    Guard,
    GuardedSession,
    from_aiohttp,
    from_requests,
    guarded_client,
)
from crisis.channels import Misconfigured, OutcomeUnknown, Unavailable
from tests.adapters.conftest import Ask
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.sockets import free_address, listening


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
    server.script(Answer(200, after=8.0))
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        await ask(server.url, seconds=0.4)
    assert time.monotonic() - began < 4


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
