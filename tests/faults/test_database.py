"""PostgreSQL stopped at once, which is what a crash looks like to it, and started again: under a fan-out, under a drain, and
right after the answer to an activation."""

import asyncio
import os
import signal
import time
from collections.abc import Callable

import pytest

from crisis.activations import service
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from crisis.deliveries.states import DeliveryState
from crisis.mode import Mode
from tests import factories
from tests.faults.judge import (
    broadcast,
    flying,
    is_out,
    left_by_lost_senders,
    longest_gap,
    nothing_lost_and_no_blind_repeat,
    repeats,
)
from tests.faults.library import Library
from tests.faults.size import LONG, PEOPLE, SECONDS, TIMEOUT, either
from tests.faults.stack import LIMITS, Process, Stack

pytestmark = pytest.mark.timeout(TIMEOUT)
STOPS = either(1, 5)
CRASHES = either(3, 20)
DRAIN_SECONDS = float(LIMITS["CRISIS_DRAIN_SECONDS"])
Note = Callable[[str, object], None]


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Process:
    return stack.worker()


@pytest.fixture
async def library(stack: Stack, crisis: Crisis) -> Library:
    return await Library.of(stack, crisis)


@pytest.mark.fault(6)
async def test_a_database_stopped_at_once_and_started_again_loses_nothing(
    stack: Stack, crisis: Crisis, worker: Process, record_property: Note
) -> None:
    made = await broadcast(crisis)
    in_flight, resumed = set[tuple[int, int]](), list[float]()
    for number in range(STOPS):
        await is_out(stack, int(PEOPLE * (number + 1) / (STOPS + 2)))
        stack.postgres.stop("immediate")
        await asyncio.sleep(1)
        stack.postgres.start()
        back = time.monotonic()
        in_flight |= await flying(crisis)
        async with crisis.db.transaction() as session:
            held = await service.find_current(session, Mode.ACTUAL)
        assert held is not None, "the activation was lost"
        assert held.id == made.activation
        done = len(stack.sandbox.records("twilio", "create"))
        await is_out(stack, min(PEOPLE, done + 1))
        resumed.append(time.monotonic() - back)
    found = await nothing_lost_and_no_blind_repeat(stack, crisis, len(in_flight))
    assert set(found) == {DeliveryState.ACCEPTED}
    assert await left_by_lost_senders(crisis) <= in_flight, "unknown, and was not in flight"
    assert worker.process.poll() is None, "the worker was to stay, and to find the database again"
    record_property("stops", STOPS)
    record_property("in flight", len(in_flight))
    record_property("repeats, all flagged", repeats(stack))
    record_property("longest until it went on, s", max(resumed))
    record_property("longest standstill, s", longest_gap(stack))
    assert not LONG or max(resumed) < SECONDS["reconnect"]


@pytest.mark.fault(6)
@pytest.mark.usefixtures("worker")
async def test_an_activation_survives_a_crash_of_the_database_right_after_the_answer(
    library: Library, record_property: Note
) -> None:
    for _ in range(CRASHES):
        answered = await service.activate(library.crisis.db, factories.DIRECTOR, Mode.ACTUAL, "Skred")
        library.stack.postgres.stop("immediate")
        library.stack.postgres.start()
        held = await library.current()
        assert (held.id, held.epoch) == (answered.activation.id, answered.activation.epoch)
        with pytest.raises(service.ActivationLocked):
            await library.post()
        await library.confirmed(held.id)
        await service.stand_down(library.crisis.db, factories.DIRECTOR, held.id)
    await asyncio.sleep(1.5)
    assert library.shown() == []
    record_property("crashes right after the answer", CRASHES)
    record_property("activations lost", 0)


@pytest.mark.fault(7)
@pytest.mark.usefixtures("worker")
async def test_a_database_started_again_during_a_drain_never_makes_a_confirmation_of_it(
    library: Library, record_property: Note
) -> None:
    library.stack.sandbox.fault("graph", "latency_after", seconds=1.2)
    await library.post()
    holder = await library.in_a_call()
    os.kill(holder.pid, signal.SIGSTOP)  # so that the drain cannot end before its limit
    activation = await factories.activation(library.crisis.db)
    library.stack.postgres.stop("immediate")
    library.stack.postgres.start()
    held = await library.current()
    assert held.id == activation.id
    if not holder.is_dead():  # a slow start may take longer than the drain's limit
        assert held.state is ActivationState.LOCKING, "confirmed while a sender that may still send is only stopped"
        assert len(await library.permits()) == 1, "the permit was lost"
    confirmed = await library.confirmed(activation.id)
    assert holder.is_dead(), "confirmed, and the holder lives"
    assert (confirmed.confirmed_at - confirmed.activated_at).total_seconds() >= DRAIN_SECONDS
    assert await library.listed_at_confirmation() == ["Biblioteket"]
    assert await library.permits() == []
    record_property("confirmed without the drain", 0)
