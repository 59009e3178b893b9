"""Taking down, over real sockets: what the sandbox's providers and the crisis page show afterwards, in both modes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from crisis.bootstrap import engine_for
from crisis.deliveries.engine import Engine
from crisis.deliveries.withdrawals import WithdrawnMessage, withdraw_message
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import EDITOR

PROVIDERS = ("graph", "x", "wordpress")
HEADLINE = factories.SLIDE["nb"]["headline"]


def shown(server: SandboxServer) -> dict[str, set[str]]:
    """The posts that each provider still shows to the public, by its own ids."""
    found = {}
    for provider in PROVIDERS:
        made, gone = (
            {str(each["reference"]) for each in server.records(provider, verb)} for verb in ("create", "delete")
        )
        found[provider] = made - gone
    return found


def nothing() -> dict[str, set[str]]:
    return {provider: set() for provider in PROVIDERS}


async def message_of(bench: Workbench) -> int:
    async with bench.db.transaction() as session:
        return int((await session.execute(text("SELECT max(id) FROM messages"))).scalar_one())


async def withdraw(bench: Workbench) -> WithdrawnMessage:
    return await withdraw_message(bench.db, EDITOR, await message_of(bench), bench.crisis.capabilities)


async def withdrawals(bench: Workbench) -> dict[str, str]:
    """By channel, where the taking down is."""
    wanted = text(
        "SELECT r.channel, w.state FROM withdrawals w JOIN deliveries d ON d.id = w.delivery_id JOIN renditions r ON r.id = d.rendition_id"
    )
    async with bench.db.transaction() as session:
        return {row.channel: row.state for row in await session.execute(wanted)}


async def pass_time(bench: Workbench, seconds: float) -> None:
    await bench.pass_time(seconds)
    await bench.run(
        "UPDATE withdrawals SET due_at = due_at - :by, lease_until = lease_until - :by", by=timedelta(seconds=seconds)
    )


def page(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


async def test_everything_public_of_a_message_is_gone_afterwards(
    bench: Workbench, live: Engine, server: SandboxServer, settings: Settings
) -> None:
    await bench.everywhere(server.url, people=5)
    await live.sweep_and_deliver()
    assert all(shown(server).values())
    assert HEADLINE in page(settings.crisis_page_dir)
    done = await withdraw(bench)
    assert done.taking_down == {"facebook": 1, "twitter": 1, "wordpress": 1, "website": 1}
    assert done.beyond_recall == {"sms": 5}
    await live.sweep_and_deliver()
    assert set((await withdrawals(bench)).values()) == {"done"}
    assert shown(server) == nothing()
    assert HEADLINE not in page(settings.crisis_page_dir)
    retracted = await bench.crisis.desk.retract(EDITOR, done.message_id)
    assert retracted.deliveries == {"facebook": 1, "twitter": 1, "wordpress": 1, "website": 1, "sms": 5}
    await live.sweep_and_deliver()
    assert all(len(posts) == 1 for posts in shown(server).values()), "each says that it was a false alarm, and once"
    assert "Falsk alarm" in page(settings.crisis_page_dir)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_answer_that_was_lost_is_read_back(
    bench: Workbench, live: Engine, server: SandboxServer, when: str
) -> None:
    await bench.everywhere(server.url, people=1)
    await live.sweep_and_deliver()
    for provider in PROVIDERS:
        server.fault(provider, f"5xx_{when}", times=1, match={"verb": "delete"})
    await withdraw(bench)
    for _ in range(6):
        await live.sweep_and_deliver()
        await pass_time(bench, 120)
    assert set((await withdrawals(bench)).values()) == {"done"}
    assert shown(server) == nothing()


async def test_a_withdrawal_during_the_call_takes_down_what_that_call_put_out(
    bench: Workbench, live: Engine, server: SandboxServer
) -> None:
    await bench.everywhere(server.url, people=1)
    server.fault("graph", "latency", times=1, seconds=1.0, match={"verb": "create"})
    sending = asyncio.create_task(live.deliver(Lane.PUBLIC))
    while (await bench.states())["in_flight"] != 1:
        await asyncio.sleep(0.02)
    assert (await withdraw(bench)).waited_for >= 1
    await sending
    await live.sweep_and_deliver()
    assert set((await withdrawals(bench)).values()) == {"done"}
    assert shown(server) == nothing()


@pytest.fixture
async def exercise(settings: Settings, bench: Workbench, server: SandboxServer) -> AsyncIterator[Engine]:
    """An exercise's engine: the same providers, played by the sandbox, and no secret."""
    server.clear()
    pointed = settings.model_copy(update={"sandbox_url": server.url, "call_seconds": 2.0})
    engine = engine_for(Mode.EXERCISE, pointed, bench.db)
    yield engine
    for channel in engine.channels.values():
        await channel.close()


async def test_an_exercise_takes_down_through_its_own_channels_and_no_other_worker_does(
    bench: Workbench, live: Engine, exercise: Engine, server: SandboxServer, settings: Settings
) -> None:
    for channel in ("facebook", "website"):
        await factories.account(bench.crisis, channel, address="1234")
    drill = await factories.activation(bench.db, Mode.EXERCISE)
    await factories.approved_alert(bench.crisis, drill.id)
    await exercise.sweep_and_deliver()
    assert HEADLINE in page(settings.exercise_page_dir)
    await withdraw(bench)
    await live.sweep_and_deliver()
    assert set((await withdrawals(bench)).values()) == {"waiting"}, "the actual worker leaves it alone"
    await exercise.sweep_and_deliver()
    assert set((await withdrawals(bench)).values()) == {"done"}
    assert HEADLINE not in page(settings.exercise_page_dir)
    assert shown(server)["graph"] == set()
