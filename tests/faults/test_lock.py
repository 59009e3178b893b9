"""Promise P1 under crashes: a unit's sender killed or stopped in the middle of a call, a process that dies right after it
activated. Confirmed means confirmed, or a post is listed by name; and nothing goes out by itself afterwards.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from sqlalchemy import text

from crisis.activations import drain, gate, service
from crisis.activations.holders import Holder
from crisis.activations.states import ActivationState
from crisis.bootstrap import SENDER_IDLE_SECONDS, Crisis
from crisis.mode import Mode
from tests import factories
from tests.faults.library import LIBRARY, POST, Library
from tests.faults.size import TIMEOUT
from tests.faults.stack import LIMITS, Process, Stack, until

pytestmark = pytest.mark.timeout(TIMEOUT)
DRAIN_SECONDS = float(LIMITS["CRISIS_DRAIN_SECONDS"])
CALL = 1.2  # seconds a call to Facebook takes here: long enough to meet it in the middle
ELSEWHERE = Holder("reserve-maskin 11111111-2222-3333-4444-555555555555 pid:[4026531836]", 4711, 99)

ACTIVATE_AND_DIE = """
import asyncio, os, signal
from crisis.activations.service import activate
from crisis.bootstrap import crisis_of
from crisis.mode import Mode
from crisis.roles import Actor, Role
from crisis.settings import Settings

async def main():
    await activate(crisis_of(Settings()).db, Actor("Kommunedirektøren", Role.DIRECTOR), Mode.ACTUAL, "Skred")
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""

ASK_FOR_A_PERMIT_AND_STAND_STILL = """
import asyncio, os, signal
from crisis.activations import gate
from crisis.mode import Mode
from crisis.worker import bridge

async def main(engine):
    async with engine.db.transaction() as session:
        await gate.share(session, Mode.ACTUAL)
        os.kill(os.getpid(), signal.SIGSTOP)

bridge.run(main)
"""


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Iterator[Process]:
    process = stack.worker(concurrency=2)
    yield process
    assert process.process.poll() is None, process.said()


@pytest.fixture
async def library(stack: Stack, crisis: Crisis) -> Library:
    return await Library.of(stack, crisis)


@pytest.mark.usefixtures("worker")
async def test_a_sender_killed_in_a_call_is_drained_and_its_post_listed_by_name(library: Library) -> None:
    library.stack.sandbox.fault("graph", "latency_after", seconds=CALL)
    post = await library.post()
    holder = await library.in_a_call()
    os.kill(holder.pid, signal.SIGKILL)
    activation = await factories.activation(library.crisis.db)
    assert await drain.drain(library.crisis.db, activation.id, DRAIN_SECONDS)
    assert holder.is_dead()
    (unresolved,) = await library.unresolved()
    assert (unresolved.account, unresolved.channel, unresolved.text) == ("Biblioteket", "facebook", POST)
    assert await library.listed_at_confirmation() == ["Biblioteket"]
    # It had gone out, as Facebook tells when it is asked; it goes out no second time.
    await library.reaches(post, "accepted")
    assert len(library.shown()) == 1


@pytest.mark.fault(8)
async def test_a_sender_stopped_in_a_call_is_killed_at_the_limit_and_its_post_listed(
    library: Library, worker: Process
) -> None:
    library.stack.sandbox.fault("graph", "latency_after", seconds=CALL)
    await library.post()
    holder = await library.in_a_call()
    assert holder.pid != worker.pid
    os.kill(holder.pid, signal.SIGSTOP)
    begun = time.monotonic()
    activation = await factories.activation(library.crisis.db)
    await library.stays_locking(holder, DRAIN_SECONDS, begun)
    await library.confirmed(activation.id)
    assert holder.is_dead()
    assert await library.permits() == []
    assert await library.listed_at_confirmation() == ["Biblioteket"]


@pytest.mark.usefixtures("worker")
async def test_a_holder_on_another_host_keeps_it_at_locking_and_crisis_messages_go_out(library: Library) -> None:
    db = library.crisis.db
    await library.post(seconds=3600)
    async with db.transaction() as session:
        (delivery,) = await session.scalars(
            text("UPDATE deliveries SET state = 'in_flight', attempts = 1, started_at = now() RETURNING id")
        )
        assert await gate.open_permits(session, Mode.ACTUAL, [delivery], ELSEWHERE) == {delivery}
    await factories.account(library.crisis, "facebook", name="Kommunen", address="1000")
    activation = await factories.activation(db)
    await factories.approved_alert(library.crisis, activation.id)

    async def out() -> bool:
        return any(record["account"] == "1000" for record in library.stack.sandbox.records("graph", "create"))

    await until(out, what="the crisis message waited for the drain")
    await asyncio.sleep(DRAIN_SECONDS + 1)
    (permit,) = await library.permits()
    assert permit.holder.host_name == "reserve-maskin"
    assert (await library.current()).state is ActivationState.LOCKING
    async with db.transaction() as session:
        await gate.close_permits(session, {delivery: "accepted"}, ELSEWHERE)
    await library.confirmed(activation.id)


@pytest.mark.usefixtures("worker")
async def test_the_sweep_ends_the_drain_of_a_process_that_died_right_after_it_activated(library: Library) -> None:
    library.stack.sandbox.fault("graph", "latency_after", seconds=CALL)
    post = await library.post()
    await library.in_a_call()
    died = library.stack.run([sys.executable, "-c", ACTIVATE_AND_DIE])
    assert died.process.wait(20) == -signal.SIGKILL, died.said()
    held = await library.current()
    await library.confirmed(held.id)
    assert await library.permits() == []
    assert await library.state(post) == "accepted", "the call was let to its end"
    assert await library.listed_at_confirmation() == []


@pytest.mark.usefixtures("worker")
async def test_a_sender_that_stands_still_while_it_asks_for_a_permit_cannot_keep_the_lock_from_falling(
    library: Library,
) -> None:
    still = library.stack.run([sys.executable, "-c", ASK_FOR_A_PERMIT_AND_STAND_STILL], CRISIS_WORKER_MODE="actual")

    async def stopped() -> bool:
        return psutil.Process(still.pid).status() == psutil.STATUS_STOPPED

    await until(stopped, what=still.said())
    begun = time.monotonic()
    activation = await factories.activation(library.crisis.db)
    assert time.monotonic() - begun < SENDER_IDLE_SECONDS + 2
    await library.confirmed(activation.id)
    os.kill(still.pid, signal.SIGCONT)
    assert still.process.wait(20) != 0, "the permit was lost, and it was not told"


@pytest.mark.fault(28)
@pytest.mark.usefixtures("worker")
async def test_a_post_that_waits_to_be_tried_again_is_not_sent_after_the_confirmation(library: Library) -> None:
    library.stack.sandbox.fault("graph", "429_no_header", times=1)
    post = await library.post()
    await library.reaches(post, "retry_wait")
    activation = await factories.activation(library.crisis.db)
    assert await drain.drain(library.crisis.db, activation.id, DRAIN_SECONDS)
    await library.reaches(post, "blocked", seconds=10)
    assert library.shown() == []


@pytest.mark.fault(28)
@pytest.mark.usefixtures("worker")
async def test_a_post_of_unknown_outcome_is_listed_and_not_sent_again_after_the_confirmation(library: Library) -> None:
    library.stack.sandbox.fault("graph", "5xx_before", times=1)
    post = await library.post()
    await library.reaches(post, "unknown")
    activation = await factories.activation(library.crisis.db)
    assert await drain.drain(library.crisis.db, activation.id, DRAIN_SECONDS)
    assert await library.listed_at_confirmation() == ["Biblioteket"]
    await library.reaches(post, "unknown_final")
    await asyncio.sleep(1)
    assert library.shown() == []
    assert [unresolved.account for unresolved in await library.unresolved()] == ["Biblioteket"]


@pytest.mark.fault(29)
async def test_nothing_that_met_the_lock_goes_out_by_itself_after_the_stand_down(
    library: Library, worker: Process
) -> None:
    library.stack.sandbox.fault("graph", "429", seconds=60, times=1)  # all the page's posts wait for so long
    branch = await factories.account(library.crisis, "facebook", unit="biblioteket", name="Filialen", address="4343")
    retrying = (await library.crisis.posts.publish(LIBRARY, branch, "Prøves igjen først etter at krisen er over")).id
    await library.reaches(retrying, "retry_wait")
    # Nobody takes the next one: the worker and its standby stand still while it comes due.
    family = worker.family()
    try:
        for process in family:
            process.suspend()
        unseen = await library.post("Falt mens ingen sender gikk", seconds=1)
        activation = await factories.activation(library.crisis.db)
        with pytest.raises(service.ActivationLocked):
            await library.post("Ville ut under krisen")
        await asyncio.sleep(1.2)
        assert await library.state(unseen) == "ready"
        await service.stand_down(library.crisis.db, factories.DIRECTOR, activation.id)
    finally:
        for process in family:
            process.resume()
    await asyncio.sleep(2)
    posts = await library.crisis.posts.list(LIBRARY)
    assert {post.text: post.state for post in posts} == {
        "Prøves igjen først etter at krisen er over": "blocked",
        "Falt mens ingen sender gikk": "blocked",
        "Ville ut under krisen": "blocked",
    }
    assert library.shown() == []
    await library.crisis.posts.decide(LIBRARY, unseen, publish=True)
    await library.reaches(unseen, "accepted")
    assert [record["text"] for record in library.shown()] == ["Falt mens ingen sender gikk"]
