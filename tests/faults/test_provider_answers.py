"""Promise P3 against providers whose answer is of no use: it is lost after they accepted, drips, or is garbage and 50 MB. Through a
worker; the sandbox counts what it accepted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psutil
import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.deliveries.states import DeliveryState
from tests.faults.judge import accepted, broadcast, is_out, nothing_lost_and_no_blind_repeat, repeats
from tests.faults.library import Library
from tests.faults.size import LONG, PEOPLE, TIMEOUT, either
from tests.faults.stack import LIMITS, Process, Stack

pytestmark = pytest.mark.timeout(TIMEOUT)
CALL_SECONDS = float(LIMITS["CRISIS_CALL_SECONDS"])
MEGABYTES = 20
TOLD = {DeliveryState.ACCEPTED, DeliveryState.UNKNOWN_FINAL}
Note = Callable[[str, object], None]


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Process:
    return stack.worker()


@pytest.fixture
async def library(stack: Stack, crisis: Crisis) -> Library:
    return await Library.of(stack, crisis)


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
