"""Promise P3 against providers that misbehave: they throttle, fail before and after accepting, fall silent, drip, answer garbage
and 50 MB, or cannot be reached. Through a worker; the sandbox counts what it accepted."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis, database_of, engine_for
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from crisis.limits import service as limits
from crisis.mode import Mode
from tests.adapters.sandbox_server import free_port
from tests.faults.judge import (
    accepted,
    at_rest,
    broadcast,
    is_out,
    nothing_lost_and_no_blind_repeat,
    repeats,
    states,
)
from tests.faults.library import Library
from tests.faults.size import LONG, PEOPLE, SECONDS, TIMEOUT, either
from tests.faults.stack import LIMITS, Process, Stack, until

pytestmark = pytest.mark.timeout(TIMEOUT)
CALL_SECONDS = float(LIMITS["CRISIS_CALL_SECONDS"])
FEW = either(60, 2000)
"""Recipients where every call goes wrong."""
DOWN_SECONDS = either(3.0, 60.0)
MEGABYTES = 20
TOLD = {DeliveryState.ACCEPTED, DeliveryState.UNKNOWN_FINAL}
Note = Callable[[str, object], None]

DELIVER = """
from crisis.lanes import Lane
from crisis.worker import bridge

async def main(engine):
    await engine.deliver(Lane.SMS)
    await engine.deliver(Lane.PUBLIC)

bridge.run(main)
"""
WITHOUT_NAMES = ("unshare", "--mount", "sh", "-c", 'mount --bind /dev/null /etc/resolv.conf && exec "$@"', "sh")
"""A command that sees no name server."""


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Process:
    return stack.worker()


@pytest.fixture
async def library(stack: Stack, crisis: Crisis) -> Library:
    return await Library.of(stack, crisis)


@pytest.mark.fault(11)
@pytest.mark.parametrize("kind", ["429", "429_no_header"])
@pytest.mark.usefixtures("worker")
async def test_a_provider_that_throttles_is_sent_less_and_nothing_is_given_up(
    stack: Stack, crisis: Crisis, kind: str, record_property: Note
) -> None:
    await broadcast(crisis)
    await is_out(stack, PEOPLE // 4)
    stack.sandbox.fault("twilio", kind, times=either(30, 400), seconds=1)
    began, calls = time.monotonic(), creates(stack)
    await asyncio.sleep(SECONDS["slower"] + 1.1)
    calls += creates(stack)  # the sandbox soon forgets them
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, 0)
    assert set(found) == {DeliveryState.ACCEPTED}, "a text message was given up, or is not known of"
    assert repeats(stack) == 0
    times = {each["arrived_mono"] for each in calls}
    before, after = rate(times, began - 1.0, began), slowest_second(times, began, SECONDS["slower"])
    record_property("throttled", sum(fault["hits"] for fault in stack.sandbox.faults() if fault["kind"] == kind))
    record_property("calls a second before", before)
    record_property(f"slowest second of the next {SECONDS['slower']:g}", after)
    record_property("repeats", 0)
    assert not LONG or after < before / 2


@pytest.mark.fault(12)
@pytest.mark.fault(14)
@pytest.mark.parametrize("kind", ["5xx_after", "timeout_after"])
@pytest.mark.usefixtures("worker")
async def test_what_was_accepted_and_not_answered_is_looked_up_and_a_post_never_repeated(
    library: Library, kind: str, record_property: Note
) -> None:
    stack, crisis = library.stack, library.crisis
    stack.sandbox.fault("graph", kind, times=1)
    post = await library.post()
    await library.reaches(post, "accepted", "unknown_final", seconds=40)
    assert len(library.shown()) == 1, "a unit's post went out twice"
    hit = stack.sandbox.fault("twilio", kind, share=0.05, seed=12, times=either(8, 500))
    await broadcast(crisis)
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, others=3)
    assert set(found) <= TOLD
    hits = sum(each["hits"] for each in stack.sandbox.faults() if (each["provider"], each["kind"]) == ("twilio", kind))
    assert hits > 0, f"nothing was hit by {hit}"
    async with crisis.db.transaction() as session:
        doubted = await session.scalar(
            text("SELECT count(DISTINCT delivery_id) FROM attempts WHERE outcome = 'unknown'")
        )
    assert doubted >= hits
    assert accepted(stack) == PEOPLE
    record_property("accepted and not answered", hits)
    record_property("repeats, all flagged", repeats(stack))
    record_property("repeated posts of units", 0)


@pytest.mark.fault(13)
@pytest.mark.usefixtures("worker")
async def test_a_provider_that_fails_all_the_time_is_left_alone_and_holds_up_no_other(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    await broadcast(crisis, people=FEW)
    usual = await both_are_out(stack)
    await at_rest(crisis)
    async with stack.crisis() as emptied:
        stack.behave()
        # The worker knows the old account as warm, and may have good news of it to write: the new one is another.
        async with emptied.db.transaction() as session:
            await session.execute(text("SELECT setval(pg_get_serial_sequence('accounts', 'id'), 1000)"))
    stack.sandbox.fault("twilio", "5xx_before")
    began = time.monotonic()
    await broadcast(crisis, people=FEW)
    beside = await both_are_out(stack)
    sentence = await until(lambda: trouble(crisis), what="its breaker did not open")
    opened = len(creates(stack))
    await asyncio.sleep(DOWN_SECONDS)
    down, called = time.monotonic() - began, len(creates(stack))
    assert accepted(stack) == 0
    stack.sandbox.mend()
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, people=FEW)
    assert set(found) == {DeliveryState.ACCEPTED}, "a text message was given up"
    assert opened < 20, f"{opened} calls before the breaker opened"
    assert repeats(stack) == 0
    record_property("calls before the breaker opened", opened)
    record_property(f"calls in {down:.0f} s", called)
    record_property("Facebook and X usually, s", usual)
    record_property("Facebook and X beside it, s", beside)
    record_property("told", sentence)
    assert (
        not LONG or beside < 1.1 * usual + 0.25
    )  # two posts, by processes that may have been in the middle of something


@pytest.mark.fault(15)
@pytest.mark.usefixtures("worker")
async def test_an_answer_that_comes_byte_by_byte_is_ended_by_the_wall_clock(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    drips = either(5, 100)
    stack.sandbox.fault("twilio", "drip", share=0.2, seed=15, times=drips, seconds=1)
    await broadcast(crisis)
    found = await nothing_lost_and_no_blind_repeat(stack, crisis)
    assert set(found) <= TOLD
    longest = "SELECT max(extract(epoch FROM ended_at - started_at)) FROM attempts WHERE outcome = 'unknown'"
    async with crisis.db.transaction() as session:
        seconds = await session.scalar(text(longest))
        unknown = await session.scalar(text("SELECT count(*) FROM attempts WHERE outcome = 'unknown'"))
    assert unknown == drips, "an answer of many minutes was waited for, or taken for one"
    record_property("dripping answers", drips)
    record_property("longest call, s", float(seconds))
    record_property("repeats, all flagged", repeats(stack))
    assert not LONG or seconds < 2 * CALL_SECONDS


@pytest.mark.fault(16)
@pytest.mark.parametrize("kind", ["garbage", "huge", *either([], ["wrong_type"])])
async def test_garbage_for_an_answer_is_an_unknown_outcome_and_takes_no_memory(
    stack: Stack, crisis: Crisis, worker: Process, kind: str, record_property: Note
) -> None:
    bad = either(10, 100)
    await broadcast(crisis)
    async with largest(worker) as usual:
        await is_out(stack, PEOPLE // 2)
    stack.sandbox.fault("twilio", kind, share=0.2, seed=16, times=bad)
    async with largest(worker) as beside:
        found = await nothing_lost_and_no_blind_repeat(stack, crisis)
    assert set(found) <= TOLD
    async with crisis.db.transaction() as session:
        unknown = await session.scalar(text("SELECT count(*) FROM attempts WHERE outcome = 'unknown'"))
    assert unknown == bad, "garbage was taken for an answer"
    grown = (beside[0] - usual[0]) / 2**20
    record_property("bad answers", bad)
    record_property("memory grown by, MB", max(0.0, grown))
    record_property("repeats, all flagged", repeats(stack))
    assert grown < MEGABYTES, f"the largest process grew by {grown:.0f} MB"


@pytest.mark.fault(17)
@pytest.mark.parametrize("way", ["refused", *either([], ["TLS", "DNS"])])
async def test_a_provider_that_cannot_be_reached_was_sent_nothing_and_is_tried_again(
    stack: Stack, crisis: Crisis, way: str, record_property: Note
) -> None:
    stack.dismiss()  # whoever could reach them
    base, before = unreachable(stack, way)
    people = 20
    await broadcast(crisis, people=people)
    environment = {
        "CRISIS_TWILIO_URL": f"{base}/twilio",
        "CRISIS_GRAPH_URL": f"{base}/graph",
        "CRISIS_X_URL": f"{base}/x",
    }
    sender = stack.run([*before, sys.executable, "-c", DELIVER], CRISIS_WORKER_MODE="actual", **environment)
    assert await asyncio.to_thread(sender.process.wait, 60) == 0, sender.said()
    met = await states(crisis)
    assert met[DeliveryState.RETRY_WAIT] > 0, f"nothing met it: {met}"
    assert set(met) <= {DeliveryState.READY, DeliveryState.RETRY_WAIT}, f"a sender took it for something else: {met}"
    async with crisis.db.transaction() as session:
        outcomes = set(await session.scalars(text("SELECT DISTINCT outcome FROM attempts")))
        for account in await session.scalars(text("SELECT id FROM accounts")):
            await limits.try_now(session, account)
    assert outcomes == {"retry_wait"}
    assert stack.sandbox.records() == []
    await finish(stack, crisis)
    assert (accepted(stack), repeats(stack)) == (people, 0)
    record_property("tried and not reached", met[DeliveryState.RETRY_WAIT])
    record_property("unknown", 0)


def unreachable(stack: Stack, way: str) -> tuple[str, Sequence[str]]:
    """An address where the providers are not, and what goes before a command so that it does not find them."""
    if way == "refused":
        return f"http://127.0.0.1:{free_port()}", ()
    if way == "TLS":
        return stack.sandbox.url.replace("http:", "https:"), ()  # it does not speak it
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("taking the name server away takes root and unshare")
    if subprocess.run([*WITHOUT_NAMES, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace can be made here")
    return "https://leverandor.invalid", WITHOUT_NAMES


async def finish(stack: Stack, crisis: Crisis) -> None:
    """A sender that reaches them, until all is out."""
    engine = engine_for(Mode.ACTUAL, stack.settings, database_of(stack.settings))
    deadline = time.monotonic() + 60
    try:
        while set(await states(crisis)) != {DeliveryState.ACCEPTED}:
            assert time.monotonic() < deadline, await states(crisis)
            for lane in (Lane.PUBLIC, Lane.SMS):
                await engine.deliver(lane)
            await asyncio.sleep(0.2)
    finally:
        await engine.close()


def creates(stack: Stack) -> list[dict[str, Any]]:
    """The calls that were to make a text message, refused ones too; the last 2,000 requests are remembered."""
    return [each for each in stack.sandbox.requests("twilio") if each["method"] == "POST"]


def rate(times: Collection[float], since: float, until_: float) -> float:
    """Calls a second between two moments."""
    return sum(since <= each < until_ for each in times) / (until_ - since)


def slowest_second(times: Collection[float], since: float, within: float) -> float:
    """Calls in the quietest second that begins within so many seconds."""
    return min(rate(times, since + tenth / 10, since + tenth / 10 + 1) for tenth in range(int(within * 10) + 1))


async def both_are_out(stack: Stack) -> float:
    """Seconds until Facebook and X have it."""
    began = time.monotonic()

    async def found() -> bool:
        return bool(stack.sandbox.records("graph", "create") and stack.sandbox.records("x", "create"))

    await until(found, pause=0.02, what="Facebook and X were held up")
    return time.monotonic() - began


async def trouble(crisis: Crisis) -> str:
    """What editors are told about the SMS account; empty while nothing is wrong."""
    async with crisis.db.transaction() as session:
        found = await limits.troubles(session, Mode.ACTUAL)
    return next((each.sentences["nb"] for each in found if each.channel == "sms" and each.state != "closed"), "")


@asynccontextmanager
async def largest(worker: Process) -> AsyncIterator[list[int]]:
    """The most memory that any process of a worker has meanwhile, in bytes: the list's only member."""
    most = [0]

    async def watch() -> None:
        while True:
            for process in worker.family():
                try:
                    most[0] = max(most[0], process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    try:
        yield most
    finally:
        watching.cancel()
