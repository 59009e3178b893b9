"""The world: the stand-ins are what the drill's clock says, again after a restart, and as if there had been no drill when it is over."""

from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from crisis.bootstrap import Crisis, crisis_of
from crisis.db import Database
from crisis.drills import faults, service
from crisis.drills.conductor import Conductor
from crisis.drills.world import World
from crisis.errors import Unready
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.playbooks.models import SystemFault
from crisis.settings import Settings
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.drills.stage import LEADER, MINUTE, Run, book, inject

FAULTY = book(
    [
        inject("I1", "PT5M", via="channel_fault", channel="facebook", fault="down", **{"for": "PT8M"}),
        inject("I2", "PT6M", via="channel_fault", channel="sms", fault="rate_limited", **{"for": "PT2M"}),
        inject("I3", "PT20M", via="system_fault", fault="website_down", **{"for": "PT10M"}),
        inject("I4", "PT21M", via="system_fault", fault="redis_gone", **{"for": "PT5M"}),
        inject("I5", "PT22M", via="system_fault", fault="idp_down"),
        inject("I6", "PT23M", via="social", text={"nb": "Har demningen røket?"}, **{"from": "Innbygger"}),
        inject("I7", "PT24M", via="social", channel="twitter", text={"nb": "Stemmer det?"}, **{"from": {"nb": "Per"}}),
    ]
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    server = SandboxServer()
    yield server
    server.stop()


@pytest.fixture
async def run(crisis: Crisis, sandbox: SandboxServer) -> Run:
    """A drill, with a world."""
    world = World(crisis.db, sandbox.url)
    await world.converge(None, None)
    made = await Run.of(crisis, FAULTY)
    made.conductor = Conductor(crisis, world)
    return made


async def ask(sandbox: SandboxServer, path: str, method: str = "GET", **more: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as client, client.request(method, f"{sandbox.url}/{path}", **more) as answer:
        said = await answer.read()
        return answer.status, await answer.json(content_type=None) if said.startswith(b"{") else said.decode()


async def kinds(sandbox: SandboxServer) -> set[tuple[str, str]]:
    _, found = await ask(sandbox, "sandbox/faults")
    return {(each["provider"], each["kind"]) for each in found["faults"]}


async def test_faults_come_and_go_by_the_drills_clock(run: Run, sandbox: SandboxServer) -> None:
    await run.to(4)
    assert await kinds(sandbox) == set()
    await run.to(5)
    assert await kinds(sandbox) == {("graph", "5xx_before")}
    status, _ = await ask(sandbox, "graph/v26.0/1000/feed", "POST", data={"message": "x"})
    assert status == 503
    await run.to(6.5)
    assert await kinds(sandbox) == {("graph", "5xx_before"), ("twilio", "429")}
    await run.to(9)
    assert await kinds(sandbox) == {("graph", "5xx_before")}
    await run.to(13.1)
    assert await kinds(sandbox) == set()
    await run.to(20)
    status, said = await ask(sandbox, "crisis-page/")
    assert (status, "503" in said) == (503, True)
    await run.to(31)
    assert (await ask(sandbox, "crisis-page/"))[0] in {200, 404}, (
        "the website answers again, whether a page was written or not"
    )


async def test_looking_again_changes_nothing_and_a_sandbox_that_starts_anew_is_told_again(
    run: Run, sandbox: SandboxServer
) -> None:
    await run.to(5)
    await ask(sandbox, "graph/v26.0/1000/feed", "POST", data={"message": "x"})
    for _ in range(3):
        await run.look()
    _, found = await ask(sandbox, "sandbox/faults")
    assert [(each["id"], each["hits"]) for each in found["faults"]] == [(f"drill-{run.drill.id}-I1-graph", 1)]
    sandbox.stop()
    await run.look()  # the drill goes on without it
    sandbox.start()
    assert await kinds(sandbox) == set()
    await run.look()
    assert await kinds(sandbox) == {("graph", "5xx_before")}


async def test_what_residents_write_is_passed_on_ever_more(run: Run, sandbox: SandboxServer) -> None:
    await run.to(24)
    _, page = await ask(sandbox, "")
    assert "Har demningen røket?" in page
    assert "Øvelse · kl." in page
    _, found = await ask(sandbox, "sandbox/residents")
    first = {each["who"]: (each["channel"], each["shares"]) for each in found["residents"]}
    assert {who: channel for who, (channel, _) in first.items()} == {"Innbygger": "facebook", "Per": "twitter"}
    await run.to(40)
    _, found = await ask(sandbox, "sandbox/residents")
    assert len(found["residents"]) == 2
    for each in found["residents"]:
        assert each["shares"] > first[each["who"]][1]


async def test_when_the_drill_is_over_everything_of_its_is_gone_and_what_others_put_there_stays(
    run: Run, sandbox: SandboxServer
) -> None:
    sandbox.fault("x", "latency", seconds=0.01)
    for minutes in (6, 20, 24):
        await run.to(minutes)
    assert {provider for provider, _ in await kinds(sandbox)} == {"x", "crisis-page"}
    await service.stop(run.crisis.db, LEADER, run.drill.id, "nok")
    await run.look()
    assert await kinds(sandbox) == {("x", "latency")}
    assert (await ask(sandbox, "sandbox/residents"))[1] == {"residents": []}
    sandbox.clear()


async def test_what_of_our_own_is_gone_is_told_by_the_clock(run: Run) -> None:
    async def gone() -> frozenset[SystemFault]:
        async with run.crisis.db.transaction() as session:
            return await faults.now(session)

    assert await gone() == frozenset()
    for minutes in (20, 21, 22):
        await run.to(minutes)
    assert await gone() == {SystemFault.WEBSITE_DOWN, SystemFault.REDIS_GONE, SystemFault.IDP_DOWN}
    await run.to(31)
    assert await gone() == {SystemFault.IDP_DOWN}, "without an end it lasts as long as the drill"
    await service.stop(run.crisis.db, LEADER, run.drill.id, "nok")
    assert await gone() == frozenset()


async def test_while_redis_is_gone_in_the_exercise_its_bell_is_quiet_and_the_real_one_rings(
    settings: Settings, db: Database
) -> None:
    rung: list[tuple[Mode, Lane]] = []

    async def bell(mode: Mode, lane: Lane) -> None:
        rung.append((mode, lane))

    crisis = crisis_of(settings, bell=bell)
    both = [(Mode.ACTUAL, Lane.PUBLIC), (Mode.EXERCISE, Lane.PUBLIC)]
    for mode, lane in both:
        await crisis.db.bell(mode, lane)
    assert rung == both
    run = await Run.of(crisis, FAULTY)
    await run.to(21)
    rung.clear()
    for mode, lane in both:
        await crisis.db.bell(mode, lane)
    assert rung == both[:1]
    await service.put_forward(crisis.db, LEADER, run.drill.id, 27 * MINUTE)
    await crisis.db.bell(Mode.EXERCISE, Lane.SMS)
    assert rung[-1] == (Mode.EXERCISE, Lane.SMS)
    await crisis.db.close()
    await db.close()


async def test_a_sandbox_that_is_not_there_is_said_so(crisis: Crisis) -> None:
    with pytest.raises(Unready, match="does not answer"):
        await World(crisis.db, "http://127.0.0.1:9").converge(None, None)
