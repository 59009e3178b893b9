"""The engine whole: over real sockets to the sandbox, and what it does about slots, slices and a bell that is silent."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy.exc import DBAPIError

from crisis.bootstrap import Crisis, openers_for
from crisis.channels import Channel
from crisis.db import Database
from crisis.deliveries.engine import Engine
from crisis.deliveries.pace import Pace
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from crisis.mode import Mode
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.deliveries.outlet import Door, Outlet
from tests.crisis.deliveries.workbench import Workbench

S = DeliveryState


def engine_of(crisis: Crisis, *channels: Channel, senders: int = 1, slice_seconds: float | None = None) -> Engine:
    pace = Pace(concurrency=4, batch=10, lease_seconds=5.0, call_seconds=2.0, slice_seconds=slice_seconds)
    return Engine(
        crisis.db,
        Mode.ACTUAL,
        {channel.name: channel for channel in channels},
        openers_for(Mode.ACTUAL, crisis.settings),
        dict.fromkeys(Lane, pace),
        drain_seconds=1.0,
        senders_per_host=senders,
    )


# Slots


@pytest.mark.parametrize("senders", [1, 2])
async def test_only_so_many_fan_out_text_messages_at_once_on_a_host(bench: Workbench, senders: int) -> None:
    await bench.alert("sms", "facebook", people=60)
    door, sms, facebook = Door(), Outlet("sms"), Outlet()
    sms.say = door
    engines = [engine_of(bench.crisis, sms, facebook, senders=senders) for _ in range(senders + 2)]
    busy = [asyncio.create_task(engine.deliver(Lane.SMS)) for engine in engines[:senders]]
    while len(sms.begun) < 4 * senders:
        await asyncio.sleep(0.01)
    assert await engines[-1].deliver(Lane.SMS) == Counter(), "no slot was left"
    assert await engines[-1].deliver(Lane.PUBLIC) == {S.ACCEPTED: 1}, "the other lanes need none"
    door.open.set()
    tallies = await asyncio.gather(*busy)
    assert sum(tally[S.ACCEPTED] for tally in tallies) == 60


async def test_a_slot_is_given_back_at_the_end_and_after_trouble(bench: Workbench) -> None:
    await bench.alert("sms", people=3)
    engine = engine_of(bench.crisis, Outlet("sms"))
    await bench.run("ALTER TABLE deliveries RENAME COLUMN due_at TO due")
    with pytest.raises(DBAPIError):
        await engine.deliver(Lane.SMS)
    await bench.run("ALTER TABLE deliveries RENAME COLUMN due TO due_at")
    assert await engine.deliver(Lane.SMS) == {S.ACCEPTED: 3}
    assert await engine.deliver(Lane.SMS) == {}


async def test_a_worker_without_an_adapter_for_a_channel_sends_nothing_there_and_goes_on(bench: Workbench) -> None:
    await bench.alert("facebook", "twitter")
    assert await engine_of(bench.crisis, Outlet()).deliver(Lane.PUBLIC) == {S.ACCEPTED: 1, S.RETRY_WAIT: 1}
    await bench.pass_time(60)
    assert await engine_of(bench.crisis, Outlet("twitter")).deliver(Lane.PUBLIC) == {S.ACCEPTED: 1}


# Going on


async def test_a_slice_that_ends_with_work_left_rings_for_the_next(bench: Workbench) -> None:
    rung: list[Lane] = []

    async def bell(_mode: Mode, lane: Lane) -> None:
        rung.append(lane)

    await bench.posts(25)
    engine = engine_of(bench.crisis, Outlet(), slice_seconds=0.0)
    engine.db = Database(bench.db.url, bell=bell)
    sent = 0
    while tally := await engine.deliver(Lane.UNIT):
        sent += tally[S.ACCEPTED]
        assert rung == [Lane.UNIT]
        rung.clear()
    assert sent == 25
    assert rung == []
    await engine.db.close()


async def test_without_a_bell_everything_due_is_done_in_one_go(bench: Workbench) -> None:
    await bench.posts(3)
    engine = engine_of(bench.crisis, Outlet(), Outlet("sms"), Outlet("twitter"))
    await engine.sweep_and_deliver()
    await bench.alert("facebook", "twitter", "sms", people=20)
    await engine.sweep_and_deliver()
    assert await bench.states() == {"accepted": 25}


async def test_what_is_unknown_is_looked_into_after_the_sending(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    outlet = Outlet(say=lambda _: TimeoutError())
    await engine_of(bench.crisis, outlet).deliver(Lane.PUBLIC)
    assert [each.key for each in outlet.looked] == [str(delivery)]


# Over real sockets


async def test_one_message_goes_to_every_channel_and_each_provider_got_it_once(
    bench: Workbench, live: Engine, server: SandboxServer
) -> None:
    ids = await bench.everywhere(server.url, people=40)
    await live.sweep_and_deliver()
    assert await bench.states(ids) == {"accepted": 44}
    counts = server.counts()
    assert {name: counts[name]["create"] for name in ("graph", "x", "twilio", "wordpress")} == {
        "graph": 1,
        "x": 1,
        "twilio": 40,
        "wordpress": 1,
    }
    assert counts["twilio"]["distinct_keys"] == 40
    assert {record["key"] for record in server.records("twilio")} <= {str(each) for each in ids}
    assert all(row.reference for row in await bench.rows(ids))


@pytest.mark.parametrize("when", ["after", "before"])
async def test_an_answer_that_was_lost_is_looked_up_and_nothing_goes_out_twice(
    bench: Workbench, live: Engine, server: SandboxServer, when: str
) -> None:
    ids = await bench.everywhere(server.url, people=10)
    for provider in ("graph", "x", "wordpress"):
        server.fault(provider, f"5xx_{when}", times=1, match={"verb": "create"})
    server.fault("twilio", f"5xx_{when}", times=4, match={"verb": "create"})
    await live.sweep_and_deliver()  # sends, then looks
    for _ in range(3):
        await bench.pass_time(60)
        await live.sweep_and_deliver()
    assert await bench.states(ids) == {"accepted": len(ids)}
    counts = server.counts()
    assert [counts[name]["create"] for name in ("graph", "x", "wordpress")] == [1, 1, 1]
    assert (counts["twilio"]["create"], counts["twilio"]["repeats"]) == (10, 0)
    repeated = sum(row.repeated for row in await bench.rows(ids))
    assert repeated == (0 if when == "after" else 7)


async def test_a_units_post_whose_answer_was_lost_is_not_sent_again(
    bench: Workbench, live: Engine, server: SandboxServer
) -> None:
    account = await factories.account(bench.crisis, "facebook", unit="biblioteket", address="1234")
    (post,) = await bench.posts(1, account)
    server.fault("graph", "drop_before", times=1, match={"verb": "create"})
    for _ in range(4):
        await live.sweep_and_deliver()
        await bench.pass_time(60)
    assert (await bench.row(post)).state == "unknown_final"
    assert server.counts()["graph"]["create"] == 0
    creating = [each for each in server.requests("graph") if each["method"] == "POST"]
    assert len(creating) == 1


async def test_a_provider_that_asks_for_patience_gets_it(bench: Workbench, live: Engine, server: SandboxServer) -> None:
    ids = await bench.everywhere(server.url, people=5)
    for provider in ("graph", "x", "wordpress", "twilio"):
        server.fault(provider, "429", times=1, seconds=20, match={"verb": "create"})
    await live.sweep_and_deliver()
    waiting = [row for row in await bench.rows(ids) if row.state == "retry_wait"]
    assert len(waiting) == 4
    assert all((row.due_at - row.changed_at).total_seconds() >= 18 for row in waiting)
    await bench.pass_time(90)
    await live.sweep_and_deliver()
    assert await bench.states(ids) == {"accepted": len(ids)}
    assert server.counts()["twilio"]["repeats"] == 0
