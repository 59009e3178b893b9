"""Redis is the bell and nothing else: killed, empty, cut off or silent, it delays, and neither loses anything nor moves the lock."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

import pytest
from sqlalchemy import text

from crisis.activations import gate, service
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from crisis.broker import celery_app
from crisis.deliveries.states import DeliveryState
from crisis.embedded.readiness import works
from crisis.mode import Mode
from crisis.settings import Settings
from tests.faults.judge import (
    accepted,
    broadcast,
    is_out,
    longest_gap,
    mid_fan_out,
    nothing_lost_and_no_blind_repeat,
    repeats,
)
from tests.faults.proxy import FaultProxy, port_of
from tests.faults.size import LONG, PEOPLE, SECONDS, TIMEOUT, either
from tests.faults.stack import Process, Stack, until

pytestmark = pytest.mark.timeout(TIMEOUT)
RESET_SECONDS = either(0.5, 5.0)
Note = Callable[[str, object], None]


@pytest.fixture(scope="module")
def proxy(stack: Stack) -> Iterator[FaultProxy]:
    """Between this module's worker and beat, and the broker."""
    with FaultProxy(port_of(stack.environment["CRISIS_REDIS_URL"])) as between:
        yield between


@pytest.fixture(scope="module")
def worker(stack: Stack, proxy: FaultProxy) -> Process:
    through = proxy.instead_of(stack.environment["CRISIS_REDIS_URL"])
    stack.dismiss()
    stack.beat(CRISIS_REDIS_URL=through)
    return stack.worker(CRISIS_REDIS_URL=through)


@pytest.fixture(autouse=True)
async def mended(proxy: FaultProxy, worker: Process) -> AsyncIterator[None]:
    """Every test begins and ends with a broker that can be reached, and with the same worker."""
    yield
    proxy.mend()
    assert worker.process.poll() is None, worker.said()


@pytest.mark.fault(4)
async def test_a_broker_killed_and_back_empty_loses_nothing_and_leaves_the_lock_as_it_is(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    made = await broadcast(crisis)
    await mid_fan_out(stack)
    held = await confirmed(crisis, made.activation)
    stack.valkey.kill()
    await asyncio.sleep(2)
    stack.valkey.start()
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, 0)
    assert set(found) == {DeliveryState.ACCEPTED}
    assert await confirmed(crisis, made.activation) == held, "the lock moved"
    record_property("lost", 0)
    record_property("repeats", repeats(stack))
    record_property("longest standstill, s", longest_gap(stack))
    assert not LONG or longest_gap(stack) < SECONDS["broker"]


@pytest.mark.fault(4)
def test_a_worker_lets_go_of_a_broker_that_is_lost_with_work_it_has_not_answered_for(stack: Stack) -> None:
    """As Celery does it. Two channels, as a worker has: the first one's trouble keeps the second from being closed in time."""
    with FaultProxy(port_of(stack.environment["CRISIS_REDIS_URL"])) as between:
        url = between.instead_of(stack.environment["CRISIS_REDIS_URL"])
        app = celery_app(Settings(**stack.settings.model_dump() | {"redis_url": url}))
        taken = list[object]()
        with app.connection_for_write() as writer:
            app.send_task("crisis.nothing", queue="lost", connection=writer)
        connection = app.connection_for_read()
        for channel, queue in ((connection.default_channel, "lost"), (connection.channel(), "quiet")):
            app.amqp.TaskConsumer(channel, queues=[app.amqp.queues[queue]], on_message=taken.append).consume()
        while not taken:
            connection.drain_events(timeout=5)
        with suppress(TimeoutError):
            connection.drain_events(timeout=0.5)  # and both listen for the next
    connection.collect(socket_timeout=0.5)
    connection.close()
    assert len(taken) == 1


@pytest.mark.fault(4)
async def test_a_broker_that_never_comes_back_loses_nothing_and_keeps_nobody_from_activating(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    stack.valkey.kill()
    began = time.monotonic()
    try:
        made = await broadcast(crisis)
        await is_out(stack, 1)
        first = time.monotonic() - began
        found = await nothing_lost_and_no_blind_repeat(stack, crisis, 0)
        await confirmed(crisis, made.activation)
    finally:
        stack.valkey.start()
    assert set(found) == {DeliveryState.ACCEPTED}
    record_property("the standby's first message, s", first)
    assert not LONG or first < SECONDS["broker"]


@pytest.mark.fault(5)
async def test_a_broker_whose_connections_are_cut_all_the_time_holds_nothing_up(
    stack: Stack, crisis: Crisis, proxy: FaultProxy, record_property: Note
) -> None:
    before = proxy.resets
    proxy.reset_every(RESET_SECONDS)
    await broadcast(crisis)
    found = await nothing_lost_and_no_blind_repeat(stack, crisis)
    assert set(found) == {DeliveryState.ACCEPTED}
    cut = proxy.resets - before
    assert cut > 0, "nothing was cut"
    record_property("connections cut", cut)
    record_property("recipients", PEOPLE)
    record_property("longest standstill, s", longest_gap(stack))
    assert not LONG or longest_gap(stack) < SECONDS["silent"]


@pytest.mark.fault(5)
async def test_a_worker_that_hears_nothing_is_noticed_and_its_work_is_done(
    stack: Stack, crisis: Crisis, proxy: FaultProxy, record_property: Note
) -> None:
    await until(lambda: asyncio.to_thread(works, stack.settings, Mode.ACTUAL), what="the worker does not answer")
    proxy.silence()
    began = time.monotonic()
    await broadcast(crisis)
    await until(lambda: some(stack), seconds=90, pause=0.02, what="nobody noticed")
    noticed = time.monotonic() - began
    await nothing_lost_and_no_blind_repeat(stack, crisis)
    proxy.mend()
    await until(lambda: asyncio.to_thread(works, stack.settings, Mode.ACTUAL), seconds=90, what="it heard no more")
    record_property("noticed after, s", noticed)
    assert not LONG or noticed < SECONDS["silent"]


async def some(stack: Stack) -> bool:
    return accepted(stack) > 0


async def confirmed(crisis: Crisis, activation: int) -> object:
    """Wait until it is; what the gate and the activation say then."""

    async def found() -> object:
        async with crisis.db.transaction() as session:
            held = await service.get(session, activation)
            assert await gate.is_locked(session, Mode.ACTUAL), "the gate is open"
            row = (await session.execute(text("SELECT state, epoch FROM gate WHERE mode = 'actual'"))).one()
        return (held.id, held.epoch, held.confirmed_at, *row) if held.state is ActivationState.CONFIRMED else None

    return await until(found, what="the activation was not confirmed")
