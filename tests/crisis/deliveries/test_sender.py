"""The sender: everything due goes out once, in order, as it was frozen."""

import asyncio

import pytest

from crisis.activations.service import find_current
from crisis.channels import (
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Throttled,
    Unavailable,
)
from crisis.lanes import Lane
from crisis.messages import drafts
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.outlet import Door, Outlet, accepted
from tests.crisis.deliveries.slowness import S, slowly
from tests.crisis.deliveries.workbench import Workbench


async def update(bench: Workbench) -> list[int]:
    """Approve an update of the first message; the ids of its deliveries."""
    async with bench.db.transaction() as session:
        activation = await find_current(session, Mode.ACTUAL)
        assert activation is not None
        (first, *_) = await drafts.revisions(session, activation.id)
    made = await factories.approved_follow_up(bench.crisis, activation.id, first.message_id)
    return await bench.of_revision(made.revision.id)


async def test_everything_due_goes_out_once_and_is_accepted(bench: Workbench) -> None:
    ids = await bench.posts(7)
    facebook = Outlet()
    tally = await bench.send(Lane.UNIT, facebook)
    assert tally == {S.ACCEPTED: 7}
    assert sorted(int(each.key) for each in facebook.begun) == ids
    for row in await bench.rows(ids):
        assert (row.state, row.reference, row.attempts) == ("accepted", f"ref-{row.id}", 1)
        assert row.lease is None
    assert await bench.open_permits() == 0


async def test_what_goes_out_is_the_frozen_text_with_its_delivery_as_the_key(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    facebook = Outlet()
    await bench.send(Lane.PUBLIC, facebook)
    (out,) = facebook.begun
    assert out.key == str(delivery)
    assert out.mode is Mode.ACTUAL
    assert (out.kind, out.language, out.to) == ("alert", "nb", None)
    assert "Moen" in out.text
    assert out.valid_seconds is not None
    assert 6 * 3600 - 60 < out.valid_seconds <= 6 * 3600


async def test_calls_overlap_up_to_the_concurrency_and_not_beyond(bench: Workbench) -> None:
    await bench.posts(12)
    facebook = Outlet(say=slowly)
    await bench.send(Lane.UNIT, facebook, concurrency=4, batch=5)
    assert facebook.most_at_once == 4
    assert len(facebook.begun) == 12


async def test_a_call_begins_only_after_in_flight_is_committed(bench: Workbench) -> None:
    seen: list[tuple[str, int]] = []

    async def look(outgoing: Outgoing) -> Receipt:
        row = await bench.row(int(outgoing.key))
        seen.append((row.state, row.attempts))
        return accepted(outgoing)

    await bench.posts(3)
    await bench.send(Lane.UNIT, Outlet(say=look))
    assert seen == [("in_flight", 1)] * 3


async def test_more_texts_than_the_book_keeps_all_go_out(bench: Workbench) -> None:
    ids = await bench.posts(110)
    facebook = Outlet(say=slowly)
    tally = await bench.send(Lane.UNIT, facebook, concurrency=16, batch=50)
    assert tally == {S.ACCEPTED: 110}
    assert {int(each.key) for each in facebook.begun} == set(ids)


async def test_an_update_does_not_overtake_the_alert_in_flight(bench: Workbench) -> None:
    (alert,) = await bench.alert("facebook")
    door = Door()
    facebook = Outlet(say=door)
    first = asyncio.create_task(bench.send(Lane.PUBLIC, facebook))
    await door.came.wait()
    (following,) = await update(bench)
    assert await bench.send(Lane.PUBLIC, facebook) == {}, "the update started while its alert was in flight"
    assert (await bench.row(following)).state == "ready"
    door.open.set()
    await first
    await bench.send(Lane.PUBLIC, facebook)
    assert [int(each.key) for each in facebook.ended] == [alert, following]


async def test_the_update_of_one_account_does_not_wait_for_another_accounts_alert(bench: Workbench) -> None:
    await bench.alert("facebook", "twitter")
    door = Door()
    facebook, x = Outlet(say=door), Outlet("twitter")
    first = asyncio.create_task(bench.send(Lane.PUBLIC, facebook, x))
    await door.came.wait()
    async with asyncio.timeout(10):
        while not (await bench.states())["accepted"]:  # its answer is written down, too
            await asyncio.sleep(0.005)
    following = await update(bench)
    await bench.send(Lane.PUBLIC, facebook, x)
    assert [int(each.key) in following for each in x.begun] == [False, True]
    assert len(facebook.begun) == 1
    door.open.set()
    await first


async def test_each_recipient_gets_the_alert_before_the_update(bench: Workbench) -> None:
    await bench.alert("sms", people=12)
    door = Door()
    sms = Outlet("sms", say=lambda out: door(out) if len(sms.begun) == 1 else accepted(out))
    first = asyncio.create_task(bench.send(Lane.SMS, sms, concurrency=1, batch=1))
    await door.came.wait()
    await update(bench)
    other = Outlet("sms")
    await bench.send(Lane.SMS, other)
    assert sms.begun[0].to not in {each.to for each in other.begun}
    assert other.begun, "those whose alert never started had to wait for the one whose alert is in the call"
    door.open.set()
    await first
    await bench.send(Lane.SMS, other)
    everything = sms.ended + other.ended
    for number in {each.to for each in everything}:
        kinds = [each.kind for each in everything if each.to == number]
        assert kinds in (["alert", "update"], ["update"])
    assert len([each for each in everything if each.kind == "update"]) == 12


@pytest.mark.parametrize(
    "trouble",
    [Throttled("later", retry_after=0.0), Unavailable("no connection"), OutcomeUnknown("no answer")],
    ids=["throttled", "unavailable", "unknown"],
)
async def test_an_alert_that_was_superseded_in_flight_is_not_tried_again_after_its_update(
    bench: Workbench, trouble: Exception
) -> None:
    (alert,) = await bench.alert("facebook")
    door = Door(then=lambda _: trouble)
    facebook = Outlet(say=door)
    first = asyncio.create_task(bench.send(Lane.PUBLIC, facebook))
    await door.came.wait()
    (following,) = await update(bench)
    facebook.say = accepted
    door.open.set()
    await first
    await bench.look(Lane.PUBLIC, facebook)  # the outlet says: it did not go out
    await bench.pass_time(300)
    await bench.send(Lane.PUBLIC, facebook)
    assert [int(each.key) for each in facebook.begun] == [alert, following]
    row = await bench.row(alert)
    assert (row.state, row.error) == ("cancelled", "superseded by a newer revision")


async def test_an_alert_still_in_force_is_tried_again(bench: Workbench) -> None:
    (alert,) = await bench.alert("facebook")
    facebook = Outlet(say=lambda _: Unavailable("no connection"))
    assert await bench.send(Lane.PUBLIC, facebook) == {S.RETRY_WAIT: 1}
    facebook.say = accepted
    await bench.pass_time(10)
    assert await bench.send(Lane.PUBLIC, facebook) == {S.ACCEPTED: 1}
    assert (await bench.row(alert)).attempts == 2
