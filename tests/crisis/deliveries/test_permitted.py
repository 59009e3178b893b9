"""While a permit is open its sender may begin yet, however late it is: nothing that is said of the post meanwhile may take it off
the list that a lock is confirmed with."""

import asyncio

import pytest

from crisis.activations import drain
from crisis.channels import Capabilities, Finding, Found
from crisis.deliveries.decisions import Decision, decide
from crisis.errors import Conflict
from crisis.lanes import Lane
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.outlet import Door, Outlet
from tests.crisis.deliveries.test_decisions import VALIDITY
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench

TWICE_IS_ONCE = Capabilities(idempotent=True, reconcile=True, settle_seconds=0.0)
CANNOT_TELL = Capabilities(reconcile=False)


async def late(bench: Workbench, door: Door) -> tuple[int, "asyncio.Task[object]"]:
    """A post whose sender is in a call that has lasted too long."""
    (post,) = await bench.posts(1)
    sending = asyncio.create_task(bench.send(Lane.UNIT, Outlet(say=door)))
    await door.came.wait()
    await bench.pass_time(60)
    assert (await bench.sweep())["doubted"] == 1
    return post, sending


async def test_a_no_is_not_clean_while_the_sender_may_begin_yet(bench: Workbench) -> None:
    door = Door()
    post, sending = await late(bench, door)
    outlet = Outlet(capabilities=TWICE_IS_ONCE, find=lambda _: Finding(Found.NO))
    assert await bench.look(Lane.UNIT, outlet) == 1
    assert (await bench.row(post)).state == "unknown"
    activation = await factories.activation(bench.db)
    assert not await drain.step(bench.db, activation.id, 3600.0)
    async with bench.db.transaction() as session:
        assert [each.delivery_id for each in await drain.unresolved(session, Mode.ACTUAL)] == [post]
    door.open.set()
    await sending
    assert (await bench.row(post)).state == "accepted"
    assert await drain.step(bench.db, activation.id, 3600.0)


@pytest.mark.parametrize("decision", Decision)
async def test_nobody_decides_about_what_its_sender_may_begin_yet(bench: Workbench, decision: Decision) -> None:
    door = Door()
    post, sending = await late(bench, door)
    await bench.look(Lane.UNIT, Outlet(capabilities=CANNOT_TELL))
    assert (await bench.row(post)).state == "unknown_final"
    with pytest.raises(Conflict, match="may still be at it"):
        await decide(bench.db, LIBRARIAN, post, decision, validity=VALIDITY)
    assert (await bench.row(post)).state == "unknown_final"
    door.open.set()
    await sending
    assert await bench.open_permits() == 0
