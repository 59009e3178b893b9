"""Promises P2 and P3: whatever becomes of a worker in the middle of a fan-out, each message comes to its end, and the only ones
that anybody got twice were in flight at that moment and were looked into first."""

import asyncio
import math
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable

import psutil
import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.deliveries.frailty import SET_ASIDE
from crisis.deliveries.states import DeliveryState
from crisis.deliveries.sweep import sweep
from crisis.mode import Mode
from tests.faults.judge import (
    AT_REST,
    CONCURRENCY,
    accepted,
    at_rest,
    broadcast,
    flying,
    holding,
    is_out,
    left_by_lost_senders,
    longest_gap,
    mid_fan_out,
    nothing_lost_and_no_blind_repeat,
    repeats,
    states,
)
from tests.faults.scarcity import scarcity
from tests.faults.size import LONG, PEOPLE, SECONDS, TIMEOUT, either
from tests.faults.stack import LIMITS, Process, Stack, command_of, until

pytestmark = pytest.mark.timeout(TIMEOUT)
KILLS, CHILDREN_KILLED, RESTARTS = either(1, 50), either(1, 10), either(1, 20)
OWN_MIB = 64  # 45 here; 75 where the collector looks at what the worker has imported
TOLD = {DeliveryState.ACCEPTED, DeliveryState.UNKNOWN_FINAL}
Note = Callable[[str, object], None]

DIES_OF_ONE = """
import os, signal
from crisis.lanes import Lane
from crisis.worker import bridge

class Deadly:
    def __init__(self, channel):
        self._channel, self.name, self.capabilities = channel, channel.name, channel.capabilities

    async def publish(self, account, outgoing):
        if outgoing.key == os.environ["POISON"]:
            os.kill(os.getpid(), signal.SIGKILL)
        return await self._channel.publish(account, outgoing)

    async def reconcile(self, account, outgoing, since):
        return await self._channel.reconcile(account, outgoing, since)

    async def close(self):
        await self._channel.close()

async def main(engine):
    engine.channels = dict(engine.channels) | {"sms": Deadly(engine.channels["sms"])}
    await engine.deliver(Lane.SMS)

bridge.run(main)
"""


@pytest.fixture(scope="module")
def workers() -> list[Process]:
    """The workers of this module, the latest last."""
    return []


@pytest.fixture
async def worker(stack: Stack, crisis: Crisis, workers: list[Process]) -> AsyncIterator[Process]:
    """A worker: the one that the last test left, if it lives and has nothing more to do."""
    if not workers or workers[-1].process.poll() is not None:
        workers.append(stack.worker())
    yield workers[-1]
    if set(await states(crisis)) - AT_REST:
        workers[-1].kill()


@pytest.mark.fault(1)
@pytest.mark.usefixtures("worker")
async def test_a_worker_killed_with_all_its_children_loses_nothing(
    stack: Stack, crisis: Crisis, workers: list[Process], record_property: Note
) -> None:
    await broadcast(crisis)
    chance, in_flight, resumed = random.Random(1), set[tuple[int, int]](), list[float]()
    for number in range(KILLS):
        await is_out(stack, 1 + int(PEOPLE * (number + chance.uniform(0.3, 1.0)) / (KILLS + 1)))
        workers[-1].kill()
        killed, out = time.monotonic(), accepted(stack)
        in_flight |= await flying(crisis)
        workers.append(stack.worker())
        await is_out(stack, min(out + 1, PEOPLE))
        resumed.append(time.monotonic() - killed)
    assert in_flight, "nothing was in flight at any of the kills"
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, len(in_flight))
    assert set(found) <= TOLD
    assert await left_by_lost_senders(crisis) <= in_flight, "unknown, and was not in flight at a kill"
    record_property("kills", KILLS)
    record_property("lost", 0)
    record_property("in flight at the kills", len(in_flight))
    record_property("repeats, all flagged", repeats(stack))
    record_property("longest until it went on, s", max(resumed))
    assert not LONG or max(resumed) < SECONDS["resume"]


@pytest.mark.fault(2)
async def test_a_pool_child_killed_with_calls_in_flight_loses_nothing(
    stack: Stack, crisis: Crisis, worker: Process, record_property: Note
) -> None:
    await broadcast(crisis)
    in_flight = set[tuple[int, int]]()
    for number in range(CHILDREN_KILLED):
        await is_out(stack, 1 + int(PEOPLE * (number + 0.3) / (CHILDREN_KILLED + 1)))
        child = await stopped_in_the_middle(crisis, worker)
        assert child.pid != worker.pid
        in_flight |= await flying(crisis)
        child.kill()
    assert worker.process.poll() is None, "the worker itself was to live"
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, len(in_flight))
    assert set(found) <= TOLD
    record_property("kills", CHILDREN_KILLED)
    record_property("in flight at the kills", len(in_flight))
    record_property("repeats, all flagged", repeats(stack))
    record_property("longest standstill, s", longest_gap(stack))


@pytest.mark.fault(9)
async def test_a_sender_out_of_memory_loses_nothing(
    stack: Stack, crisis: Crisis, worker: Process, record_property: Note
) -> None:
    with scarcity() as group:
        await broadcast(crisis)
        await mid_fan_out(stack)
        child = await stopped_in_the_middle(crisis, worker)
        (group / "cgroup.procs").write_text(str(child.pid), encoding="ascii")
        child.resume()
        assert psutil.wait_procs([child], timeout=30)[1] == [], "it lived on with next to no memory"
    await nothing_lost_and_no_blind_repeat(stack, crisis)
    left = await left_by_lost_senders(crisis)
    record_property("left in flight", len(left))
    record_property("repeats, all flagged", repeats(stack))
    assert left or not LONG, "it died with nothing in flight"
    assert worker.process.poll() is None


@pytest.mark.fault(10)
async def test_workers_asked_to_end_one_after_the_other_under_load_leave_nothing_behind(
    stack: Stack, crisis: Crisis, worker: Process, workers: list[Process], record_property: Note
) -> None:
    await broadcast(crisis)
    old = worker
    for number in range(RESTARTS):
        await is_out(stack, int(PEOPLE * (number + 1) / (RESTARTS + 2)))
        workers.append(stack.worker(ready=False))
        await until(lambda: all_there(workers[-1]), what=workers[-1].said())
        old.process.terminate()
        assert await asyncio.to_thread(old.process.wait, 60) == 0, old.said()
        old = workers[-1]
    await nothing_lost_and_no_blind_repeat(stack, crisis, 0)
    assert await left_by_lost_senders(crisis) == set()
    assert repeats(stack) == 0
    record_property("restarts", RESTARTS)
    record_property("repeats", 0)
    record_property("unknown", 0)
    record_property("longest standstill, s", longest_gap(stack))


async def all_there(worker: Process) -> bool:
    """The worker, its three children and its standby."""
    return len(worker.family()) >= 1 + 3 + 1


async def test_a_sender_that_stands_still_holds_nobody_up_and_repeats_nothing_when_it_goes_on(
    stack: Stack, crisis: Crisis, worker: Process
) -> None:
    await broadcast(crisis)
    await mid_fan_out(stack)
    child = await stopped_in_the_middle(crisis, worker, at_least=CONCURRENCY + 1)  # some wait to be called
    try:
        await at_rest(crisis)
    finally:
        child.resume()
    await asyncio.sleep(2)
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, in_flight=CONCURRENCY)
    assert set(found) == {DeliveryState.ACCEPTED}


async def test_a_worker_killed_without_its_children_leaves_none_behind(
    stack: Stack, crisis: Crisis, worker: Process, workers: list[Process]
) -> None:
    await broadcast(crisis)
    await mid_fan_out(stack)
    family = worker.family()
    assert any("standby" in command_of(member) for member in family)
    worker.process.kill()
    worker.process.wait()
    workers.append(stack.worker())
    await nothing_lost_and_no_blind_repeat(stack, crisis)
    assert psutil.wait_procs(family, timeout=5)[1] == []


@pytest.mark.skipif(
    not LONG, reason="waits for three lost senders; the short form has the rule in tests/crisis/deliveries"
)
@pytest.mark.fault(9)
async def test_a_text_message_that_ends_its_senders_is_set_aside_and_takes_next_to_no_other_with_it(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    stack.dismiss()
    people, deaths = either(40, 1000), 0
    await broadcast(crisis, people=people, channels=())
    async with crisis.db.transaction() as session:
        poison = int(await session.scalar(text("SELECT max(id) FROM deliveries")) or 0)
    ends = time.monotonic() + TIMEOUT / 2
    while set(await states(crisis)) - AT_REST:
        assert time.monotonic() < ends, await states(crisis)
        sender = stack.run(
            [sys.executable, "-c", DIES_OF_ONE],
            CRISIS_WORKER_MODE="actual",
            POISON=str(poison),
            CRISIS_CALL_SECONDS="0.8",
            CRISIS_LEASE_SECONDS="1.5",
        )
        ended = await asyncio.to_thread(sender.process.wait, 60)
        assert ended in {0, -signal.SIGKILL}, sender.said()
        deaths += ended != 0
        await asyncio.sleep(0.3)
        await sweep(crisis.db, Mode.ACTUAL, drain_seconds=1.0)
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, people=people, others=0)
    async with crisis.db.transaction() as session:
        aside = set(await session.scalars(text("SELECT id FROM deliveries WHERE state = 'unknown_final'")))
    assert poison in aside
    assert set(found) == {DeliveryState.ACCEPTED, DeliveryState.UNKNOWN_FINAL}
    assert 1 < deaths <= SET_ASIDE
    # Who was in a lost sender's hands twice and has got nothing has had the one repeat: a person is asked about those too.
    assert len(aside) <= math.isqrt(int(LIMITS["CRISIS_SMS_BATCH"])), f"it took {len(aside) - 1} others with it"
    record_property("senders it ended", deaths)
    record_property("others that a person is asked about", len(aside) - 1)
    record_property("repeats, all flagged", repeats(stack))


async def stopped_in_the_middle(crisis: Crisis, worker: Process, *, at_least: int = 1) -> psutil.Process:
    """The process that sends the text messages, stopped with so many of them in flight."""
    for _ in range(100):  # it may just have come to the end of its slice
        child = await sender_among(crisis, worker)
        child.suspend()
        if sum((await holding(crisis)).values()) >= at_least:
            return child
        child.resume()
        await asyncio.sleep(0.05)
    raise AssertionError(f"there were never {at_least} in flight")


async def sender_among(crisis: Crisis, worker: Process) -> psutil.Process:
    """The process that holds this host's place for SMS: PostgreSQL knows the port it is connected from."""
    statement = text(
        """
        SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND a.state = 'idle'
        """
    )

    async def found() -> psutil.Process | None:
        async with crisis.db.transaction() as session:
            ports = set(await session.scalars(statement))
        for process in worker.family():
            if any(c.laddr and c.laddr.port in ports for c in process.net_connections("tcp")):
                return process
        return None

    process: psutil.Process = await until(found, pause=0.02, what="nobody holds the place for SMS")
    return process


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what is shared")
async def test_a_child_that_has_sent_shares_most_of_what_it_holds_with_its_worker(
    crisis: Crisis, worker: Process
) -> None:
    await broadcast(crisis)
    await at_rest(crisis)
    children = [each for each in psutil.Process(worker.pid).children() if "celery" in command_of(each)]
    assert max(each.memory_full_info().uss for each in children) < OWN_MIB << 20
