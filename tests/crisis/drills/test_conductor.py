"""The conductor and what is around it: a world that fails or hangs, a database that hangs up, and another conductor."""

import asyncio
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.drills import service
from crisis.drills.clock import Clock
from crisis.drills.conductor import Conductor
from crisis.drills.models import Drill
from crisis.drills.states import InjectState
from crisis.errors import Unready
from tests.crisis.drills.stage import LEADER, Run, book, expectation, inject

PLAYBOOK = book(
    [inject("I1"), inject("I2", "PT5M")],
    [expectation("E9", "answer_press", "PT2H", check="manual")],
)


@dataclass
class Told:
    """A world that remembers what it was to be, and does as it is told: fail, or hang."""

    fails: bool = False
    hangs: bool = False
    drills: list[int | None] = field(default_factory=list)

    async def converge(self, drill: Drill | None, clock: Clock | None) -> None:
        assert (drill is None) is (clock is None)
        self.drills.append(None if drill is None else drill.id)
        if self.hangs:
            await asyncio.sleep(60)
        if self.fails:
            raise Unready("the sandbox is away")


async def fired(run: Run) -> list[str]:
    return [key for key, state in (await run.injects()).items() if state is InjectState.FIRED]


async def test_the_world_follows_and_is_cleared_once_at_the_end(crisis: Crisis) -> None:
    world = Told()
    run = Run(crisis, await service.start(crisis.db, LEADER, PLAYBOOK, sha256="5e"), Conductor(crisis, world))
    await run.look()
    await service.stop(crisis.db, LEADER, run.drill.id, "Ferdig")
    for _ in range(3):
        await run.look()
    assert world.drills == [run.drill.id, None]


async def test_a_world_that_fails_is_tried_again_and_holds_nothing_up(crisis: Crisis) -> None:
    world = Told(fails=True)
    run = Run(crisis, await service.start(crisis.db, LEADER, PLAYBOOK, sha256="5e"), Conductor(crisis, world))
    await (await run.look()).to(6)
    assert await fired(run) == ["I1", "I2"]
    await service.stop(crisis.db, LEADER, run.drill.id, "Ferdig")
    await run.look()
    world.fails = False
    for _ in range(3):
        await run.look()
    assert world.drills == [run.drill.id, run.drill.id, None, None]


async def test_a_world_that_hangs_holds_nothing_up(crisis: Crisis) -> None:
    world = Told(hangs=True)
    run = Run(crisis, await service.start(crisis.db, LEADER, PLAYBOOK, sha256="5e"), Conductor(crisis, world))
    async with asyncio.timeout(10):
        await (await run.look()).to(6)
    assert await fired(run) == ["I1", "I2"]
    assert world.drills == [run.drill.id]


@pytest.mark.parametrize("world", [None, Told()])
async def test_it_goes_on_when_the_database_hangs_up(crisis: Crisis, world: Told | None) -> None:
    stopped, looks = asyncio.Event(), list[int]()
    running = asyncio.create_task(Conductor(crisis, world).run(stopped, looked=lambda: looks.append(1)))
    run = Run(crisis, await service.start(crisis.db, LEADER, PLAYBOOK, sha256="5e"), Conductor(crisis))
    async with crisis.db.transaction() as session:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        await session.execute(text(ended))
    await service.put_forward(crisis.db, LEADER, run.drill.id, 400.0)
    async with asyncio.timeout(10):
        while await fired(run) != ["I1", "I2"]:
            await asyncio.sleep(0.05)
    stopped.set()
    async with asyncio.timeout(5):
        await running
    assert looks
