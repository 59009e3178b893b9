"""Posts over libcurl, below what the contract sees: connections, forks, what was sent and what ends early."""

import asyncio
import gc
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvloop

from adapters.curl_posts import LONGEST_ANSWER, LONGEST_IDLE, Answer
from crisis.channels import ChannelError, Misconfigured, OutcomeUnknown, Unavailable
from tests.adapters.posting import SECRET, WELL, answer_of, one_answer, posts_to
from tests.adapters.scripted import Answer as Scripting
from tests.adapters.scripted import Reset, Scripted
from tests.adapters.sockets import free_address, listening
from tests.adapters.waiting import eventually


@contextmanager
def counting(*answers: bytes) -> Iterator[tuple[str, list[int]]]:
    """A server that gives one connection these answers, and ends it at an empty one: what came, by connection."""
    seen: list[int] = []

    def serve(connection: socket.socket) -> None:
        number = len(seen)
        seen.append(0)
        for answer in answers:
            if not connection.recv(1 << 16):
                return
            seen[number] += 1
            if not answer:
                return
            connection.sendall(answer)

    with listening(serve) as address:
        yield f"http://{address}/", seen


async def test_a_post_is_never_sent_twice_although_libcurl_would() -> None:
    """Left to itself, libcurl sends the second one again on a new connection: the provider would get three."""
    with counting(WELL, b"") as (url, seen):
        posts = posts_to(url)
        assert isinstance(await answer_of(posts), Answer)
        lost = await answer_of(posts)
        assert isinstance(lost, OutcomeUnknown)
        posts.close()
        await asyncio.sleep(0.1)
    assert sum(seen) == 2


async def test_a_connection_that_ended_while_idle_is_not_used_again() -> None:
    with counting(WELL) as (url, seen):
        posts = posts_to(url)
        for pause in (1.2, 1.2, 0):
            assert isinstance(await answer_of(posts), Answer)
            await asyncio.sleep(pause)  # libcurl looks after its idle connections once a second
        posts.close()
    assert seen == [1, 1, 1]


async def test_a_connection_that_was_idle_for_long_is_not_trusted() -> None:
    with counting(WELL, WELL, WELL) as (url, seen):
        posts = posts_to(url)
        for pause in (0.0, 0.5, LONGEST_IDLE + 1.5):
            await asyncio.sleep(pause)
            answer = await answer_of(posts)
            assert isinstance(answer, Answer)
        posts.close()
    assert seen == [2, 1]


async def test_connections_are_kept_and_there_are_no_more_than_allowed(server: Scripted) -> None:
    server.script(*(Scripting(201, "{}") for _ in range(20)))
    ends: list[str] = []
    posts = posts_to(server.url, limit=2, call_seconds=5.0)
    for number in range(20):
        posts.post(str(number), b"a=b", lambda key, outcome: ends.append(key if isinstance(outcome, Answer) else ""))
    async with asyncio.timeout(5):
        while len(ends) < 20:
            await asyncio.sleep(0.01)
    posts.close()
    assert sorted(ends, key=int) == [str(number) for number in range(20)]
    assert len(server.requests) == 20


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_it_runs_on_either_loop(server: Scripted, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    server.script(Scripting(201, {"sid": "SM1"}, {"Retry-After": "7"}))
    with asyncio.Runner(loop_factory=loop) as runner:
        answer = runner.run(one_answer(server.url))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.headers["Retry-After"]) == (201, b'{"sid": "SM1"}', "7")


# What was surely not sent, and what may have been


@pytest.mark.parametrize("address", [lambda: "nobody.invalid", free_address], ids=["no name", "nobody there"])
async def test_without_a_connection_nothing_was_sent(address: Callable[[], str]) -> None:
    assert isinstance(await one_answer(f"http://{address()}/"), Unavailable)


async def test_a_tls_handshake_that_fails_or_hangs_was_not_a_request() -> None:
    with listening(lambda connection: connection.recv(1)) as address:
        assert isinstance(await one_answer(f"https://{address}/"), Unavailable)
    with listening(lambda _: time.sleep(0.8)) as address:
        assert isinstance(await one_answer(f"https://{address}/", call_seconds=0.6), Unavailable)


async def test_no_free_connection_in_time_is_unsent(server: Scripted) -> None:
    server.script(Scripting(201, after=8.0), Scripting(201))
    posts = posts_to(server.url, limit=1, call_seconds=1.0)
    both = await asyncio.gather(answer_of(posts), answer_of(posts))
    posts.close()
    assert [type(each) for each in both] == [OutcomeUnknown, Unavailable]
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["no address at all", "ftp://127.0.0.1/"])
async def test_an_address_that_is_none_is_misconfigured(url: str) -> None:
    assert isinstance(await one_answer(url), Misconfigured)


async def test_an_answer_in_drips_is_not_waited_for_beyond_the_limit(server: Scripted) -> None:
    server.script(Scripting(201, "x" * 100, drip=0.1))
    began = time.monotonic()
    assert isinstance(await one_answer(server.url, call_seconds=0.5), OutcomeUnknown)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("is_announced", [True, False])
async def test_an_answer_of_fifty_megabytes_costs_no_memory(is_announced: bool) -> None:
    sent: list[int] = []

    def serve(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        length = b"Content-Length: 52428800\r\n" if is_announced else b""
        try:
            connection.sendall(b"HTTP/1.1 201 Created\r\n" + length + b"\r\n")
            for _ in range(800):
                connection.sendall(b" " * (1 << 16))
                sent.append(1 << 16)
        except OSError:
            return

    with listening(serve) as address:
        outcome = await one_answer(f"http://{address}/")
    assert isinstance(outcome, OutcomeUnknown)
    assert str(LONGEST_ANSWER) in outcome.reason
    assert sum(sent) < 20_000_000, "it was read on"  # what the kernel's buffers took, at most


@pytest.mark.parametrize("answer", [b"\x00\x01 what?\r\n\r\n", b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{"])
async def test_garbage_and_half_an_answer_are_unknown(answer: bytes) -> None:
    with counting(answer) as (url, _):
        assert isinstance(await one_answer(url), OutcomeUnknown)


async def test_no_error_shows_a_secret(server: Scripted) -> None:
    server.script(Reset())
    for url in (server.url, f"http://crisis:{SECRET}@nobody.invalid/{SECRET}"):
        outcome = await one_answer(url)
        assert isinstance(outcome, ChannelError)
        assert SECRET not in repr(outcome) + str(outcome)
    posts = posts_to(server.url)
    assert SECRET not in repr(posts)
    posts.close()


# What ends early


async def test_what_is_abandoned_is_not_told_and_leaves_the_others_alone(server: Scripted) -> None:
    server.script(Scripting(201, after=0.3), Scripting(201, after=0.3))
    told: list[str] = []
    posts = posts_to(server.url)
    gone = posts.post("gone", b"a=b", lambda key, _: told.append(key))
    posts.post("stays", b"a=b", lambda key, _: told.append(key))
    await asyncio.sleep(0.1)
    posts.abandon(gone)
    posts.abandon(gone)
    await eventually(lambda: told)
    await asyncio.sleep(0.2)
    assert told == ["stays"]
    posts.close()


async def test_one_told_may_abandon_another_that_has_ended_in_the_same_turn(server: Scripted) -> None:
    server.script(*(Scripting(201) for _ in range(4)))
    told: list[str] = []
    posts = posts_to(server.url)

    def ended(key: str, _: Answer | ChannelError) -> None:
        told.append(key)
        for post in started:
            posts.abandon(post)

    started = [posts.post(str(number), b"a=b", ended) for number in range(3)]
    time.sleep(0.3)  # noqa: ASYNC251 - all three are answered before the loop looks
    await eventually(lambda: told)
    await asyncio.sleep(0.1)
    assert len(told) == 1
    assert isinstance(await answer_of(posts), Answer)
    posts.close()


async def test_closing_tells_everybody_once_what_it_means(server: Scripted) -> None:
    server.script(Scripting(201, after=1.0))
    told: dict[str, list[Answer | ChannelError]] = {"asked": [], "waits": []}
    posts = posts_to(server.url, limit=1)
    for key in ("asked", "waits"):
        posts.post(key, b"a=b", lambda key, outcome: told[key].append(outcome))
    await eventually(lambda: server.requests)
    posts.close()
    posts.close()
    assert [type(each) for each in told["asked"]] == [OutcomeUnknown]
    assert [type(each) for each in told["waits"]] == [Unavailable]
    with pytest.raises(Unavailable):
        posts.post("late", b"a=b", lambda *_: None)
    await asyncio.sleep(1.2)  # the answer has come by now
    assert {len(each) for each in told.values()} == {1}


async def test_one_that_fails_to_take_its_answer_in_takes_no_other_with_it(
    server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    server.script(Scripting(201), Scripting(201))
    posts = posts_to(server.url)
    posts.post("bad", b"a=b", lambda *_: 1 / 0)
    assert isinstance(await answer_of(posts), Answer)
    await eventually(lambda: caplog.text)
    posts.close()
    assert "bad could not be taken in" in caplog.text


def test_a_loop_that_ended_without_closing_leaks_nothing(server: Scripted) -> None:
    descriptors = Path(f"/proc/{os.getpid()}/fd")
    if not descriptors.is_dir():
        pytest.skip("this system does not list a process's descriptors")

    async def left_open() -> None:
        posts = posts_to(server.url)
        await answer_of(posts)
        posts.post("left", b"a=b", lambda *_: None)
        await asyncio.sleep(0.05)

    def kept() -> int:
        return len(list(descriptors.iterdir()))

    server.script(*(Scripting(201) for _ in range(40)))
    asyncio.run(left_open())
    gc.collect()
    time.sleep(0.2)
    before = kept()
    for _ in range(10):
        asyncio.run(left_open())
    gc.collect()
    time.sleep(0.3)
    assert kept() <= before + 2
