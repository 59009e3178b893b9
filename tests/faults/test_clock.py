"""A machine whose clock is an hour wrong: what is due, what has expired and how long a drain has lasted is the database's to
say. One worker is told another time; PostgreSQL and the provider have the right one.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.deliveries.states import DeliveryState
from tests import factories
from tests.faults import faketime
from tests.faults.judge import at_rest, broadcast, nothing_lost_and_no_blind_repeat, repeats, states, sweeps
from tests.faults.library import Library
from tests.faults.size import PEOPLE, TIMEOUT, either
from tests.faults.stack import LIMITS, Process, Stack, command_of

pytestmark = [pytest.mark.timeout(TIMEOUT), faketime.NEEDED]
DRAIN_SECONDS = float(LIMITS["CRISIS_DRAIN_SECONDS"])
AHEAD = 2.0  # seconds from asking for a post to its time
Note = Callable[[str, object], None]


@pytest.fixture(scope="module", params=either(["+1h"], ["+1h", "-1h"]))
def worker(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Process]:
    """A worker, its children and its standby, all of them wrong."""
    process = stack.worker(ready=False, concurrency=2, **faketime.wrong(request.param))
    yield process
    assert process.process.poll() is None, process.said()
    process.kill()


@pytest.fixture
async def library(stack: Stack, crisis: Crisis) -> Library:
    return await Library.of(stack, crisis)


def wrong_by(process: Process) -> float:
    """By how many hours the worker's own log is off."""
    stamps = [line[:19] for line in process.said().splitlines() if line[:2] == "20"]
    return round((datetime.fromisoformat(stamps[-1]).timestamp() - time.time()) / 3600)


@pytest.mark.fault(22)
async def test_a_worker_with_the_wrong_time_sends_no_post_early_or_late_and_drains_as_long_as_the_others(
    library: Library, worker: Process, record_property: Note
) -> None:
    due = time.time() + AHEAD
    post = await library.post(seconds=AHEAD)
    await library.reaches(post, "accepted", seconds=30)
    (record,) = library.shown()
    assert record["accepted"] >= due - 0.01, "it went out early"
    assert abs(wrong_by(worker)) == 1, "its time was right after all"
    record_property("hours off", wrong_by(worker))
    record_property("out after its time, s", record["accepted"] - due)

    library.stack.sandbox.fault("graph", "latency_after", seconds=1.2)
    await library.post("Lesestund")
    holder = await library.in_a_call()
    os.kill(holder.pid, signal.SIGSTOP)
    asked = time.monotonic()
    activation = await factories.activation(library.crisis.db)
    await library.stays_locking(holder, DRAIN_SECONDS, asked)
    await library.confirmed(activation.id, seconds=either(30.0, DRAIN_SECONDS + 10))
    assert holder.is_dead()
    assert await library.listed_at_confirmation() == ["Biblioteket"]


@pytest.mark.fault(22)
async def test_a_worker_with_the_wrong_time_sweeps_all_the_same(crisis: Crisis, worker: Process) -> None:
    """Its standby would do it too, and stands still here: whoever ends a frozen standby is the worker's own sweep."""
    (standby,) = [member for member in worker.family() if "standby" in command_of(member)]
    standby.suspend()
    try:
        assert await sweeps(crisis) == 3
    finally:
        standby.resume()


@pytest.mark.fault(22)
@pytest.mark.usefixtures("worker")
async def test_what_a_worker_with_the_wrong_time_looks_into_is_not_late_by_its_own_clock(
    stack: Stack, crisis: Crisis
) -> None:
    """What did not go out is sent again while it is still valid, and that is the database's to say too."""
    stack.sandbox.fault("twilio", "5xx_before", times=3)
    await broadcast(crisis, people=5, channels=())
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE deliveries SET deadline_at = now() + interval '30 minutes'"))
    await at_rest(crisis)
    assert await states(crisis) == {DeliveryState.ACCEPTED: 5}


@pytest.mark.fault(22)
async def test_a_worker_with_the_wrong_time_sends_to_everybody_once(
    stack: Stack, crisis: Crisis, worker: Process, record_property: Note
) -> None:
    await broadcast(crisis)
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, 0)
    assert set(found) == {DeliveryState.ACCEPTED}
    assert repeats(stack) == 0
    record_property("hours off", wrong_by(worker))
    record_property("recipients", PEOPLE)
    record_property("repeats", 0)
