"""Promises P2 and P3: whatever is killed in the middle of 2,000 text messages, each of them comes to its end, and the only
ones that anybody got twice were in flight at that moment and were looked into first."""

import asyncio
from collections.abc import AsyncIterator

import psutil
import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.deliveries.states import DeliveryState
from tests.faults.judge import (
    AT_REST,
    CONCURRENCY,
    at_rest,
    broadcast,
    holding,
    mid_fan_out,
    nothing_lost_and_no_blind_repeat,
    states,
)
from tests.faults.stack import Process, Stack, until


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


async def test_a_worker_killed_with_all_its_children_loses_nothing(
    stack: Stack, crisis: Crisis, worker: Process, workers: list[Process]
) -> None:
    await broadcast(crisis)
    await mid_fan_out(stack)
    worker.kill()
    in_flight = sum((await holding(crisis)).values())
    assert in_flight > 0
    workers.append(stack.worker())
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, in_flight)
    assert set(found) == {DeliveryState.ACCEPTED}


async def test_a_pool_child_killed_with_calls_in_flight_loses_nothing(
    stack: Stack, crisis: Crisis, worker: Process
) -> None:
    await broadcast(crisis)
    await mid_fan_out(stack)
    child = await sender_among(crisis, worker)
    assert child.pid != worker.pid
    (lease,) = await holding(crisis)
    child.kill()
    in_flight = (await holding(crisis)).get(lease, 0)
    assert in_flight > 0
    assert worker.process.poll() is None, "the worker itself was to live"
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, in_flight)
    assert set(found) == {DeliveryState.ACCEPTED}


async def test_a_sender_that_stands_still_holds_nobody_up_and_repeats_nothing_when_it_goes_on(
    stack: Stack, crisis: Crisis, worker: Process
) -> None:
    await broadcast(crisis)
    await mid_fan_out(stack)
    for _ in range(
        20
    ):  # a sender may just have come to the end of its slice, with nothing left that waits to be called
        child = await sender_among(crisis, worker)
        child.suspend()
        if sum((await holding(crisis)).values()) > CONCURRENCY:
            break
        child.resume()
        await asyncio.sleep(0.1)
    try:
        assert sum((await holding(crisis)).values()) > CONCURRENCY, "nothing waited to be called"
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
    assert any("standby" in member.cmdline() for member in family)
    worker.process.kill()
    worker.process.wait()
    in_flight = sum((await holding(crisis)).values())
    workers.append(stack.worker())
    await nothing_lost_and_no_blind_repeat(stack, crisis, in_flight)
    assert psutil.wait_procs(family, timeout=5)[1] == []


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


async def test_a_broker_killed_and_back_empty_loses_nothing(stack: Stack, crisis: Crisis, worker: Process) -> None:
    await broadcast(crisis)
    await mid_fan_out(stack)
    stack.valkey.kill()
    await asyncio.sleep(2)
    stack.valkey.start()
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, 0)
    assert set(found) == {DeliveryState.ACCEPTED}
    assert worker.process.poll() is None


async def test_a_broker_that_never_comes_back_loses_nothing(stack: Stack, crisis: Crisis, worker: Process) -> None:
    stack.valkey.kill()
    try:
        await broadcast(crisis)
        found = await nothing_lost_and_no_blind_repeat(stack, crisis, 0)
    finally:
        stack.valkey.start()
    assert set(found) == {DeliveryState.ACCEPTED}
    assert worker.process.poll() is None


async def test_a_database_stopped_at_once_and_started_again_loses_nothing(
    stack: Stack, crisis: Crisis, worker: Process
) -> None:
    await broadcast(crisis)
    await mid_fan_out(stack)
    stack.postgres.stop("immediate")
    await asyncio.sleep(1)
    stack.postgres.start()
    found = await nothing_lost_and_no_blind_repeat(stack, crisis)
    assert set(found) == {DeliveryState.ACCEPTED}
    assert worker.process.poll() is None
