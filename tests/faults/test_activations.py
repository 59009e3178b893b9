"""Promise P1 where two things happen in the same instant: two activations, an activation and a post that comes due, a sender
that stands still between its permit and its call. Without a worker: the engine's own acts, driven here."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable

import psutil
import pytest
from sqlalchemy import text

from crisis.activations import drain, service
from crisis.bootstrap import Crisis, database_of, engine_for
from crisis.deliveries.engine import Engine
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.faults.library import Library
from tests.faults.size import TIMEOUT, either
from tests.faults.stack import LIMITS, Stack, until

pytestmark = pytest.mark.timeout(TIMEOUT)
PAIRS, MEETINGS = either(40, 1000), either(8, 200)
DRAIN_SECONDS = float(LIMITS["CRISIS_DRAIN_SECONDS"])
DEPUTY = Actor("Varakommunedirektøren", Role.DIRECTOR)
AHEAD = 0.4  # seconds from asking for a post to its time: enough for both to be ready
CLOSE = 0.006  # seconds by which the activation may miss the post's time
Note = Callable[[str, object], None]

STOP_BETWEEN_PERMIT_AND_CALL = """
import asyncio, os, signal
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.worker import bridge

class StandsStill:
    def __init__(self, channel):
        self._channel, self.capabilities = channel, channel.capabilities

    def __getattr__(self, name):
        return getattr(self._channel, name)

    async def publish(self, account, outgoing):
        os.kill(os.getpid(), signal.SIGSTOP)
        return await self._channel.publish(account, outgoing)

async def main(engine):
    engine.channels = {name: StandsStill(channel) for name, channel in engine.channels.items()}
    await engine.deliver(Lane.UNIT)

bridge.run(main)
"""


@pytest.fixture
async def library(stack: Stack, crisis: Crisis) -> Library:
    return await Library.of(stack, crisis)


@pytest.fixture
async def engine(stack: Stack) -> AsyncIterator[Engine]:
    """A unit's sender, here."""
    made = engine_for(Mode.ACTUAL, stack.settings, database_of(stack.settings))
    yield made
    await made.close()


@pytest.mark.fault(25)
async def test_of_two_activations_at_once_exactly_one_wins(stack: Stack, crisis: Crisis, record_property: Note) -> None:
    other = database_of(stack.settings)
    first_wins = 0
    for number in range(PAIRS):
        pair = [
            service.activate(crisis.db, factories.DIRECTOR, Mode.ACTUAL, f"Skred {number}"),
            service.activate(other, DEPUTY, Mode.ACTUAL, f"Flom {number}"),
        ]
        one, two = await asyncio.gather(*(pair if number % 2 else reversed(pair)))
        assert one.created != two.created, "none of them won, or both did"
        told = {(each.activation.id, each.activation.epoch, each.activation.title) for each in (one, two)}
        assert len(told) == 1, "they were told different things"
        first_wins += one.created
        async with crisis.db.transaction() as session:
            gate = (await session.execute(text("SELECT state, epoch FROM gate WHERE mode = 'actual'"))).one()
            begun = await session.scalar(text("SELECT count(*) FROM activations WHERE state <> 'stood_down'"))
        assert gate == ("locked", one.activation.epoch)
        assert begun == 1
        await service.stand_down(crisis.db, factories.DIRECTOR, one.activation.id)
    await other.close()
    async with crisis.db.transaction() as session:
        acts = text('SELECT count(*) FROM audit WHERE record LIKE \'%"action":"activate"%\'')
        assert await session.scalar(acts) == PAIRS, (
            "an activation that did not happen is on record, or one that did is not"
        )
    record_property("rounds", PAIRS)
    record_property("with one winner", PAIRS)
    record_property("won by the first to ask", first_wins)


@pytest.mark.fault(27)
async def test_an_activation_in_the_millisecond_a_post_is_due_comes_before_it_or_after_it_and_says_which(
    library: Library, engine: Engine, record_property: Note
) -> None:
    chance, out, blocked = random.Random(27), 0, 0
    for _ in range(MEETINGS):
        due = time.monotonic() + AHEAD
        post = await library.post(seconds=AHEAD)
        over = asyncio.Event()

        async def send(over: asyncio.Event = over) -> None:
            while not over.is_set():
                await engine.deliver(Lane.UNIT)

        senders = [asyncio.create_task(send()) for _ in range(2)]
        await asyncio.sleep(due + chance.uniform(-CLOSE, CLOSE) - time.monotonic())
        activation = await factories.activation(library.crisis.db)
        assert await drain.drain(library.crisis.db, activation.id, DRAIN_SECONDS)
        confirmed = time.monotonic()
        shown = [record["published_mono"] for record in library.shown()]
        assert all(published <= confirmed for published in shown)
        await library.reaches(post, "accepted", "blocked")
        over.set()
        await asyncio.gather(*senders)
        state = await library.state(post)
        assert len(library.shown()) == len(shown), "it went out after the confirmation"
        assert len(shown) == (state == "accepted")
        assert await library.unresolved() == []
        out, blocked = out + (state == "accepted"), blocked + (state == "blocked")
        await service.stand_down(library.crisis.db, factories.DIRECTOR, activation.id)
        library.stack.sandbox.clear()
    assert out + blocked == MEETINGS
    record_property("meetings", MEETINGS)
    record_property("out before", out)
    record_property("blocked", blocked)
    record_property("out after the confirmation", 0)


@pytest.mark.fault(8)
async def test_a_sender_that_stands_still_between_its_permit_and_its_call_never_makes_it(
    library: Library, record_property: Note
) -> None:
    post = await library.post()
    script = [sys.executable, "-c", STOP_BETWEEN_PERMIT_AND_CALL]
    still = library.stack.run(script, CRISIS_WORKER_MODE="actual")

    async def stopped() -> bool:
        assert still.process.poll() is None, still.said()
        return psutil.Process(still.pid).status() == psutil.STATUS_STOPPED

    await until(stopped, what="it did not get as far as its call")
    (permit,) = await library.permits()
    assert permit.holder.pid == still.pid
    activation = await factories.activation(library.crisis.db)
    began = time.monotonic()
    assert await drain.drain(library.crisis.db, activation.id, DRAIN_SECONDS)
    confirmed = time.monotonic()
    assert permit.holder.is_dead()
    assert still.process.wait(10) == -signal.SIGKILL
    assert await library.listed_at_confirmation() == ["Biblioteket"]
    assert await library.state(post) == "unknown"
    await asyncio.sleep(2)
    assert library.shown() == [], "it went out all the same"
    record_property("killed after, s", confirmed - began)
    record_property("late posts", 0)
    with pytest.raises(ProcessLookupError):
        os.kill(still.pid, signal.SIGCONT)
