"""An unknown outcome is looked into by reading, and only a clean "no" sends again: once, flagged, never for a unit."""

import asyncio
import logging

import pytest
from sqlalchemy import text

from crisis.accounts.service import close_account
from crisis.channels import (
    Capabilities,
    Finding,
    Found,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    Unavailable,
)
from crisis.deliveries.reconcile import reconcile
from crisis.lanes import Lane
from tests.crisis.deliveries.outlet import Outlet, accepted
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import OPERATOR

IDEMPOTENT = Capabilities(idempotent=True, reconcile=True, settle_seconds=0.0)
PLAIN = Capabilities(reconcile=True, settle_seconds=0.0)


async def unknown(bench: Workbench, lane: Lane, outlet: Outlet) -> int:
    """A delivery whose call ended without an answer."""
    (delivery,) = await (bench.posts(1) if lane is Lane.UNIT else bench.alert(outlet.name))
    say, outlet.say = outlet.say, lambda _: OutcomeUnknown("no answer")
    await bench.send(lane, outlet)
    outlet.say = say
    outlet.begun.clear()
    assert (await bench.row(delivery)).state == "unknown"
    return delivery


@pytest.mark.parametrize("capabilities", [PLAIN, IDEMPOTENT], ids=["plain", "idempotent"])
@pytest.mark.parametrize("lane", [Lane.PUBLIC, Lane.UNIT])
@pytest.mark.parametrize("found", list(Found))
async def test_what_is_found_decides(bench: Workbench, found: Found, lane: Lane, capabilities: Capabilities) -> None:
    outlet = Outlet(capabilities=capabilities, find=lambda _: Finding(found, "ref-9", "https://example.no/9"))
    delivery = await unknown(bench, lane, outlet)
    assert await bench.look(lane, outlet) == 1
    row = await bench.row(delivery)
    idempotent = capabilities.idempotent
    expected = {
        Found.YES: ("accepted", False),
        Found.CANNOT_TELL: ("unknown", False),
        Found.NO: ("retry_wait", lane.crisis and not idempotent)
        if lane.crisis or idempotent
        else ("unknown_final", False),
    }[found]
    assert (row.state, row.repeated) == expected
    assert row.lease is None
    if found is Found.YES:
        assert (row.reference, row.url, row.error) == ("ref-9", "https://example.no/9", None)
    else:
        assert row.error


async def test_a_repeat_that_is_unknown_again_waits_for_a_person(bench: Workbench) -> None:
    outlet = Outlet()
    delivery = await unknown(bench, Lane.PUBLIC, outlet)
    await bench.look(Lane.PUBLIC, outlet)
    outlet.say = lambda _: OutcomeUnknown("no answer again")
    await bench.send(Lane.PUBLIC, outlet)
    await bench.look(Lane.PUBLIC, outlet)
    row = await bench.row(delivery)
    assert (row.state, row.attempts, row.repeated) == ("unknown_final", 2, True)
    await bench.pass_time(3600)
    await bench.sweep()
    assert await bench.send(Lane.PUBLIC, outlet) == {}
    assert len(outlet.begun) == 1


async def test_a_units_post_is_never_sent_twice_whatever_is_found(bench: Workbench) -> None:
    outlet = Outlet()
    delivery = await unknown(bench, Lane.UNIT, outlet)
    for _ in range(3):
        await bench.look(Lane.UNIT, outlet)
        await bench.pass_time(3600)
        await bench.send(Lane.UNIT, outlet)
    assert outlet.begun == []
    assert (await bench.row(delivery)).state == "unknown_final"


async def test_nothing_is_looked_into_before_its_time(bench: Workbench) -> None:
    outlet = Outlet(capabilities=Capabilities(reconcile=True, settle_seconds=30.0))
    await unknown(bench, Lane.PUBLIC, outlet)
    assert await bench.look(Lane.PUBLIC, outlet) == 0
    await bench.pass_time(31)
    assert await bench.look(Lane.PUBLIC, outlet) == 1


async def test_two_that_look_at_once_decide_once(bench: Workbench) -> None:
    ids = await bench.alert("facebook", "twitter")
    outlets = [Outlet(name, say=lambda _: OutcomeUnknown("no answer")) for name in ("facebook", "twitter")]
    await bench.send(Lane.PUBLIC, *outlets)
    looked = await asyncio.gather(*(bench.look(Lane.PUBLIC, *outlets) for _ in range(4)))
    assert sum(looked) == 2
    assert sum(len(outlet.looked) for outlet in outlets) == 2
    assert await bench.states(ids) == {"retry_wait": 2}


async def test_a_decision_under_a_lost_lease_decides_nothing(bench: Workbench) -> None:
    """Somebody was so slow to look that another did it; and meanwhile a receipt has told."""

    def told_meanwhile(_: Outgoing) -> Finding:
        return Finding(Found.NO)

    outlet = Outlet(find=told_meanwhile)
    delivery = await unknown(bench, Lane.PUBLIC, outlet)

    class Slow(Outlet):
        async def reconcile(self, *args: object) -> Finding:  # type: ignore[override]
            await bench.run("UPDATE deliveries SET state = 'accepted', lease = NULL WHERE id = :id", id=delivery)
            return await super().reconcile(*args)  # type: ignore[arg-type]

    await bench.look(Lane.PUBLIC, Slow())
    assert (await bench.row(delivery)).state == "accepted"


async def test_who_died_while_looking_is_followed_by_the_next(bench: Workbench) -> None:
    outlet = Outlet()
    delivery = await unknown(bench, Lane.PUBLIC, outlet)
    await bench.run("UPDATE deliveries SET lease = gen_random_uuid(), lease_until = now() + interval '1 minute'")
    assert await bench.look(Lane.PUBLIC, outlet) == 0
    await bench.pass_time(61)
    assert await bench.look(Lane.PUBLIC, outlet) == 1
    assert (await bench.row(delivery)).state == "retry_wait"


@pytest.mark.parametrize(
    "trouble", [Unavailable("refused"), Misconfigured("dead token"), TimeoutError(), KeyError("id")], ids=repr
)
async def test_trouble_while_looking_is_no_answer_and_stops_nobody_else(
    bench: Workbench, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await bench.alert("facebook", "twitter")
    facebook = Outlet(say=lambda _: OutcomeUnknown("no answer"), find=lambda _: trouble)
    x = Outlet("twitter", say=lambda _: OutcomeUnknown("no answer"), find=lambda _: Finding(Found.YES, "77"))
    await bench.send(Lane.PUBLIC, facebook, x)
    with caplog.at_level(logging.CRITICAL):
        assert await bench.look(Lane.PUBLIC, facebook, x) == 2
    assert [row.state for row in await bench.rows(ids)] == ["unknown", "accepted"]


async def test_an_account_closed_meanwhile_is_no_answer(bench: Workbench) -> None:
    outlet = Outlet()
    delivery = await unknown(bench, Lane.PUBLIC, outlet)
    await bench.pass_time(10)
    async with bench.db.transaction() as session:
        account = (await session.execute(text("SELECT account_id FROM deliveries"))).scalar_one()
    await close_account(bench.db, OPERATOR, account)
    fresh = Workbench(bench.crisis, bench.moves)  # a new run reads the register again
    await fresh.look(Lane.PUBLIC, outlet)
    assert outlet.looked == []
    assert (await bench.row(delivery)).state == "unknown"


async def test_what_is_late_is_not_sent_again_but_shown(bench: Workbench) -> None:
    outlet = Outlet()
    delivery = await unknown(bench, Lane.PUBLIC, outlet)
    await bench.pass_time(7 * 3600)
    await bench.look(Lane.PUBLIC, outlet)
    assert (await bench.row(delivery)).state == "unknown_final"


async def test_a_repeat_goes_out_and_is_marked_as_one(bench: Workbench) -> None:
    outlet = Outlet(say=accepted)
    delivery = await unknown(bench, Lane.PUBLIC, outlet)
    await bench.look(Lane.PUBLIC, outlet)
    await bench.send(Lane.PUBLIC, outlet)
    row = await bench.row(delivery)
    assert (row.state, row.repeated, row.attempts) == ("accepted", True, 2)


async def test_there_may_be_something_to_send_so_a_slice_ends_with_the_rest_still_due(bench: Workbench) -> None:
    await bench.alert("sms", people=5)
    sms = Outlet("sms", say=lambda _: OutcomeUnknown("no answer"), find=lambda _: Finding(Found.YES))
    await bench.send(Lane.SMS, sms)
    given = (bench.db, bench.mode, Lane.SMS, {"sms": sms}, bench.book)
    assert await reconcile(*given, most=2, slice_seconds=0.0) == (2, True)
    assert await reconcile(*given, most=2, slice_seconds=60.0) == (3, False)
    assert await bench.states() == {"accepted": 5}
