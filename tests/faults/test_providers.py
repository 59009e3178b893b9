"""Promise P3 against providers that will not take it: they throttle, fail all the time, or cannot be reached. Through a worker; the
sandbox counts what it accepted."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis, database_of, engine_for
from crisis.deliveries.states import DeliveryState
from crisis.embedded.port import free_port
from crisis.lanes import Lane
from crisis.limits import service as limits
from crisis.mode import Mode
from tests.faults.judge import accepted, at_rest, broadcast, is_out, nothing_lost_and_no_blind_repeat, repeats, states
from tests.faults.size import LONG, PEOPLE, SECONDS, TIMEOUT, either
from tests.faults.stack import Process, Stack, until

pytestmark = pytest.mark.timeout(TIMEOUT)
FEW = either(60, 2000)
"""Recipients where every call goes wrong."""
DOWN_SECONDS = either(3.0, 60.0)
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
