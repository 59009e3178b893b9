"""Blocking calls end in time, and never send for somebody who has stopped waiting."""

import asyncio
import threading
import time

import pytest

from adapters.threads import Threads
from adapters.transport import (
    Guard,
    GuardedSession,
)
from crisis.channels import OutcomeUnknown, Unavailable
from tests.adapters.scripted import Answer, Scripted


async def test_a_call_that_hangs_is_given_up_and_its_thread_comes_free(server: Scripted) -> None:
    server.script(Answer(200, "x" * 50, drip=0.2), Answer(200, "quick"))
    session, threads = GuardedSession(Guard(None), call_seconds=0.5), Threads(1, call_seconds=0.5, name="test")
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="may have processed"):
        await threads.run(lambda: session.post(server.url))
    assert 0.4 < time.monotonic() - began < 4
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
    session, threads = GuardedSession(Guard(None), call_seconds=9), Threads(1, call_seconds=9, name="test")
    first = asyncio.create_task(threads.run(lambda: session.post(server.url)))
    await asyncio.sleep(0.02)
    hurried = asyncio.create_task(asyncio.wait_for(threads.run(lambda: session.post(server.url)), 0.1))
    with pytest.raises(TimeoutError):
        await hurried
    assert (await first).status_code == 200
    assert len(server.requests) == 1
    threads.close()
    session.close()
