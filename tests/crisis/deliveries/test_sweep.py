"""The sweep mends, from the database alone, what dead senders and lost bells left."""

import asyncio
import subprocess
import sys
from uuid import uuid4

import pytest

from crisis.activations.holders import Holder, started, this_host
from crisis.activations.service import get
from crisis.db import Database
from crisis.deliveries import claims, sweep
from crisis.lanes import Lane
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import Workbench


async def leave(bench: Workbench, lane: Lane, *, in_flight: bool, holder: Holder | None = None) -> None:
    """Do what a sender does until it dies: claim, and perhaps start."""
    lease = uuid4()
    async with bench.db.transaction() as session:
        claimed = await claims.claim(session, Mode.ACTUAL, lane, lease, most=9, hold_seconds=5)
    if in_flight:
        ids, holder = [each.id for each in claimed], holder or Holder.this_process()
        async with bench.db.transaction() as session:
            await claims.start(session, Mode.ACTUAL, lane, lease, ids, holder=holder, hold_seconds=5)


def ended_process() -> Holder:
    """A process that has really lived and died."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    holder = Holder(this_host(), child.pid, started(child.pid) or 0)
    child.communicate()
    return holder


async def test_an_expired_lease_is_ready_again_and_a_living_one_is_left(bench: Workbench) -> None:
    await bench.posts(3)
    await leave(bench, Lane.UNIT, in_flight=False)
    assert (await bench.sweep())["returned"] == 0
    assert await bench.states() == {"leased": 3}
    await bench.pass_time(6)
    assert (await bench.sweep())["returned"] == 3
    assert await bench.states() == {"ready": 3}
    assert all(row.lease is None for row in await bench.rows())


@pytest.mark.parametrize("lane", [Lane.UNIT, Lane.PUBLIC])
async def test_what_was_in_flight_becomes_unknown_and_never_ready(bench: Workbench, lane: Lane) -> None:
    await (bench.posts(1) if lane is Lane.UNIT else bench.alert("facebook"))
    await leave(bench, lane, in_flight=True)
    assert (await bench.sweep())["doubted"] == 0
    await bench.pass_time(6)
    assert (await bench.sweep())["doubted"] == 1
    (row,) = await bench.rows()
    assert (row.state, row.error) == ("unknown", "the sender was lost during the call")
    assert (await bench.sweep())["doubted"] == 0


async def test_the_permit_of_a_silent_holder_stays_open_and_that_of_a_dead_one_is_taken(bench: Workbench) -> None:
    await bench.posts(1)
    await leave(bench, Lane.UNIT, in_flight=True)
    await bench.pass_time(60)
    await bench.sweep()
    assert await bench.open_permits() == 1
    await bench.posts(1, await bench.unit_account(name="en annen"))
    await leave(bench, Lane.UNIT, in_flight=True, holder=ended_process())
    assert await bench.open_permits() == 2
    await bench.sweep()
    assert await bench.open_permits() == 1
    assert await bench.states() == {"unknown": 2}


async def test_the_drain_goes_on_when_the_process_that_began_it_is_gone(bench: Workbench) -> None:
    await bench.posts(1)
    await leave(bench, Lane.UNIT, in_flight=True, holder=ended_process())
    activation = await factories.activation(bench.db)
    assert activation.state == "locking"
    await bench.sweep()
    async with bench.db.transaction() as session:
        assert (await get(session, activation.id)).state == "confirmed"


async def test_what_is_too_late_is_buried_and_counted(bench: Workbench) -> None:
    await bench.alert("facebook", "twitter")
    await bench.send(Lane.PUBLIC, Outlet(), Outlet("twitter", say=lambda _: TimeoutError()))
    await bench.pass_time(7 * 3600)
    assert (await bench.sweep())["buried"] == 0, "what went out, or may have, is not buried"
    await bench.pass_time(-7 * 3600)
    await bench.look(Lane.PUBLIC, Outlet("twitter"))
    await bench.pass_time(7 * 3600)
    assert (await bench.sweep())["buried"] == 1
    assert await bench.states() == {"accepted": 1, "dead": 1}


async def test_the_bell_rings_for_the_lanes_that_have_work_and_for_no_others(bench: Workbench) -> None:
    rung: list[tuple[Mode, Lane]] = []

    async def bell(mode: Mode, lane: Lane) -> None:
        rung.append((mode, lane))

    db = Database(bench.db.url, bell=bell)
    await sweep.sweep(db, Mode.ACTUAL, drain_seconds=1)
    assert rung == []
    await bench.posts(1)
    await bench.alert("facebook", "sms", people=1)
    await bench.send(Lane.PUBLIC, Outlet(say=lambda _: TimeoutError()))
    await sweep.sweep(db, Mode.EXERCISE, drain_seconds=1)
    assert rung == []
    await sweep.sweep(db, Mode.ACTUAL, drain_seconds=1)
    assert sorted(rung) == [(Mode.ACTUAL, Lane.PUBLIC), (Mode.ACTUAL, Lane.SMS), (Mode.ACTUAL, Lane.UNIT)]
    await db.close()


async def test_a_bell_that_is_broken_breaks_nothing(bench: Workbench) -> None:
    async def bell(_mode: Mode, _lane: Lane) -> None:
        raise ConnectionError

    db = Database(bench.db.url, bell=bell)
    await bench.posts(1)
    assert (await sweep.sweep(db, Mode.ACTUAL, drain_seconds=1))["kicked"] == 1
    await db.close()


async def test_the_two_modes_are_swept_apart(bench: Workbench) -> None:
    await bench.posts(1)
    await leave(bench, Lane.UNIT, in_flight=True)
    await bench.pass_time(60)
    await sweep.sweep(bench.db, Mode.EXERCISE, drain_seconds=1)
    assert await bench.states() == {"in_flight": 1}


async def test_many_sweeps_at_once_do_the_work_once(bench: Workbench) -> None:
    await bench.posts(5)
    await leave(bench, Lane.UNIT, in_flight=True)
    await bench.pass_time(60)
    done = await asyncio.gather(*(bench.sweep() for _ in range(5)))
    assert sum(each["doubted"] for each in done) == 5
    assert await bench.states() == {"unknown": 5}


async def test_the_sweep_leaves_word_of_when_it_was(bench: Workbench) -> None:
    await bench.run("UPDATE sweeps SET swept_at = now() - interval '1 hour'")
    async with bench.db.transaction() as session:
        assert await sweep.age(session, Mode.ACTUAL) > 3599
    await bench.sweep()
    async with bench.db.transaction() as session:
        assert await sweep.age(session, Mode.ACTUAL) < 60
        assert await sweep.age(session, Mode.EXERCISE) > 3599
