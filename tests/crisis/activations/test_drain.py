"""The drain: confirmed only when nothing is in flight, or what may be is named (promise P1)."""

import asyncio
import signal
import time
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from crisis.activations import drain
from crisis.activations.holders import Holder
from crisis.activations.models import Activation
from crisis.activations.service import get, stand_down
from crisis.activations.states import ActivationState
from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.deliveries import claims
from crisis.lanes import Lane
from crisis.mode import Mode
from tests import factories
from tests.crisis.activations.processes import ended, living
from tests.crisis.deliveries.outlet import Door, Outlet
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.moves import Moves
from tests.factories import DIRECTOR


@pytest.fixture
def bench(crisis: Crisis, moves: Moves) -> Workbench:
    return Workbench(crisis, moves)


async def in_flight(bench: Workbench, holder: Holder, name: str = "") -> int:
    """A post that this holder has started and not ended."""
    (post,) = await bench.posts(1, await bench.unit_account(name=name))
    lease = uuid4()
    async with bench.db.transaction() as session:
        await claims.claim(session, Mode.ACTUAL, Lane.UNIT, lease, most=9, hold_seconds=30)
    async with bench.db.transaction() as session:
        started = await claims.start(session, Mode.ACTUAL, Lane.UNIT, lease, [post], holder=holder, hold_seconds=30)
    assert started == {post: 1}
    return post


async def now(bench: Workbench, activation: Activation) -> ActivationState:
    async with bench.db.transaction() as session:
        return (await get(session, activation.id)).state


async def unresolved(bench: Workbench) -> list[drain.Unresolved]:
    async with bench.db.transaction() as session:
        return await drain.unresolved(session, Mode.ACTUAL)


async def test_with_nothing_in_flight_it_is_confirmed_at_once(bench: Workbench) -> None:
    activation = await factories.activation(bench.db)
    assert await drain.drain(bench.db, activation.id, 10)
    assert await now(bench, activation) is ActivationState.CONFIRMED
    assert await unresolved(bench) == []


async def test_it_waits_for_what_is_in_flight_and_no_longer(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    door = Door()
    sending = asyncio.create_task(bench.send(Lane.UNIT, Outlet(say=door)))
    await door.came.wait()
    activation = await factories.activation(bench.db)
    draining = asyncio.create_task(drain.drain(bench.db, activation.id, 10))
    await asyncio.sleep(0.15)
    assert not draining.done()
    assert await now(bench, activation) is ActivationState.LOCKING
    async with bench.db.transaction() as session:
        (permit,) = await drain.open_permits(session, Mode.ACTUAL)
    assert (permit.delivery_id, permit.channel, permit.account) == (post, "facebook", "biblioteket facebook")
    assert permit.text == "Lesestund nummer 0"
    assert permit.holder == Holder.this_process()
    door.open.set()
    await sending
    assert await draining
    assert (await bench.row(post)).state == "accepted"


async def test_a_holder_that_does_not_answer_is_killed_at_the_limit_and_its_post_named(bench: Workbench) -> None:
    with living() as (holder, child):
        child.send_signal(signal.SIGSTOP)
        post = await in_flight(bench, holder)
        activation = await factories.activation(bench.db)
        began = time.monotonic()
        assert await drain.drain(bench.db, activation.id, 0.3)
        assert 0.25 < time.monotonic() - began < 9
        assert child.wait(5) == -signal.SIGKILL
    assert (await bench.row(post)).state == "unknown"
    assert await bench.open_permits() == 0
    (named,) = await unresolved(bench)
    assert (named.delivery_id, named.channel, named.account) == (post, "facebook", "biblioteket facebook")
    assert named.text == "Lesestund nummer 0"
    async with bench.db.transaction() as session:
        assert (await chain.verify(session)).holds
        said = (await session.execute(text("SELECT record::jsonb FROM audit WHERE action = 'confirm'"))).scalar_one()
    assert said["detail"]["unresolved"] == [
        {"delivery": post, "channel": "facebook", "account": "biblioteket facebook"}
    ]


async def test_the_permit_of_a_dead_holder_is_taken_before_the_limit(bench: Workbench) -> None:
    post = await in_flight(bench, ended())
    activation = await factories.activation(bench.db)
    began = time.monotonic()
    assert await drain.drain(bench.db, activation.id, 10)
    assert time.monotonic() - began < 8
    assert (await bench.row(post)).state == "unknown"


async def test_a_holder_elsewhere_keeps_it_locking_however_long_it_is_silent(bench: Workbench) -> None:
    elsewhere = replace(ended(), host="vakt-2 boot pid:[9]")
    post = await in_flight(bench, elsewhere)
    activation = await factories.activation(bench.db)
    assert not await drain.drain(bench.db, activation.id, 0.1, patience=0.3)
    await bench.pass_time(3600)
    await bench.run("UPDATE permits SET opened_at = opened_at - interval '1 day'")
    await bench.sweep()
    assert await now(bench, activation) is ActivationState.LOCKING
    async with bench.db.transaction() as session:
        (permit,) = await drain.open_permits(session, Mode.ACTUAL)
    assert (permit.delivery_id, permit.holder.host_name) == (post, "vakt-2")
    alert = Outlet("twitter")
    await factories.account(bench.crisis, "twitter")
    await factories.approved_alert(bench.crisis, activation.id)
    await bench.send(Lane.PUBLIC, alert)
    assert len(alert.begun) == 1, "crisis messages wait for nobody"


async def test_when_the_holder_elsewhere_comes_back_and_ends_it_is_confirmed(bench: Workbench) -> None:
    elsewhere = replace(Holder.this_process(), host="vakt-2 boot pid:[9]")
    (post,) = await bench.posts(1)
    door = Door()
    sender = bench.sender(Lane.UNIT, Outlet(say=door), holder=elsewhere)
    sending = asyncio.create_task(sender.run())
    await door.came.wait()
    activation = await factories.activation(bench.db)
    assert not await drain.step(bench.db, activation.id, 0)
    door.open.set()
    await sending
    assert await drain.step(bench.db, activation.id, 0)
    assert (await bench.row(post)).state == "accepted"


async def test_nobody_who_is_at_work_elsewhere_on_this_host_is_killed_before_the_limit(bench: Workbench) -> None:
    with living() as (holder, child):
        await in_flight(bench, holder)
        activation = await factories.activation(bench.db)
        assert not await drain.step(bench.db, activation.id, 60)
        assert child.poll() is None


async def test_many_drains_at_once_confirm_once(bench: Workbench) -> None:
    await in_flight(bench, ended())
    activation = await factories.activation(bench.db)
    assert all(await asyncio.gather(*(drain.drain(bench.db, activation.id, 5) for _ in range(6))))
    async with bench.db.transaction() as session:
        confirmed = await session.execute(text("SELECT count(*) FROM audit WHERE action = 'confirm'"))
        assert confirmed.scalar_one() == 1


async def test_the_other_modes_permits_are_no_concern(bench: Workbench) -> None:
    await in_flight(bench, replace(ended(), host="elsewhere"))
    exercise = await factories.activation(bench.db, Mode.EXERCISE)
    assert await drain.drain(bench.db, exercise.id, 0.1, patience=1)


async def test_an_activation_that_was_stood_down_while_locking_is_never_confirmed(bench: Workbench) -> None:
    await in_flight(bench, replace(ended(), host="elsewhere"))
    activation = await factories.activation(bench.db)
    await stand_down(bench.db, DIRECTOR, activation.id)
    assert await drain.drain(bench.db, activation.id, 0)
    assert await now(bench, activation) is ActivationState.STOOD_DOWN


async def test_what_was_looked_into_and_found_is_no_longer_named(bench: Workbench) -> None:
    post = await in_flight(bench, ended())
    activation = await factories.activation(bench.db)
    await drain.drain(bench.db, activation.id, 5)
    assert [each.state for each in await unresolved(bench)] == ["unknown"]
    await bench.pass_time(60)
    await bench.look(Lane.UNIT, Outlet())
    assert [(each.delivery_id, each.state) for each in await unresolved(bench)] == [(post, "unknown_final")]
    await bench.run("UPDATE deliveries SET state = 'accepted' WHERE id = :id", id=post)
    assert await unresolved(bench) == []
