"""Withdrawals: what is out is taken down, what waits never goes out, and what is in flight is waited for."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis.channels import (
    Finding,
    Found,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Throttled,
)
from crisis.deliveries import withdrawals
from crisis.deliveries.decisions import Decision, decide
from crisis.deliveries.delivery_withdrawal import withdraw_delivery
from crisis.errors import Conflict, NotAllowed, NotFound
from crisis.lanes import Lane
from tests import factories
from tests.crisis.deliveries.outlet import Door, Outlet, accepted
from tests.crisis.deliveries.taking_down import ABLE, Wall, message_of, pass_time, record, standing, take_down, withdraw
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench
from tests.factories import EDITOR


async def test_what_is_out_is_taken_down_and_the_rest_is_counted(bench: Workbench) -> None:
    ids = await bench.alert("facebook", "sms", people=10)
    wall, sms = Wall(), Outlet("sms")
    await bench.send(Lane.PUBLIC, wall)
    await bench.run("UPDATE deliveries SET due_at = due_at + interval '1 hour' WHERE id = ANY(:ids)", ids=ids[-4:])
    await bench.send(Lane.SMS, sms)
    done = await withdraw(bench, ids[0])
    assert (done.cancelled, done.taking_down, done.waited_for) == ({"sms": 4}, {"facebook": 1}, 0)
    assert done.beyond_recall == {"sms": 6}
    assert "6 deliveries were begun and cannot be called back" in done.advice
    assert f"crisis message retract {done.message_id}" in done.advice
    assert await bench.states(ids[-4:]) == {"cancelled": 4}
    assert await take_down(bench, wall) == 1
    assert wall.down == [f"ref-{ids[0]}"]
    (row,) = await standing(bench)
    assert (row.state, row.asked_by, row.error) == ("done", EDITOR.name, None)
    assert row.withdrawn_at is not None
    assert (await bench.row(ids[0])).state == "accepted", "the provider did accept it, and that stays so"
    assert await take_down(bench, wall) == 0
    assert await record(bench) == [("withdraw", f"message:{done.message_id}"), ("withdrawn", f"delivery:{ids[0]}")]
    await bench.send(Lane.SMS, sms)
    assert len(sms.begun) == 6, "nothing of it goes out any more"


async def test_what_follows_goes_to_exactly_those_it_was_attempted_for(bench: Workbench) -> None:
    ids = await bench.alert("facebook", "sms", people=6)
    await bench.run("UPDATE deliveries SET due_at = due_at + interval '1 hour' WHERE id = ANY(:ids)", ids=ids[-4:])
    await bench.send(Lane.SMS, Outlet("sms"))
    done = await withdraw(bench, ids[0])
    assert (done.cancelled, done.beyond_recall) == ({"facebook": 1, "sms": 4}, {"sms": 2})
    retracted = await bench.crisis.desk.retract(EDITOR, done.message_id)
    assert retracted.deliveries["sms"] == 2


async def test_asking_twice_is_harmless_and_never_asks_the_provider_twice(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall()
    await bench.send(Lane.PUBLIC, wall)
    first = await withdraw(bench, delivery)
    assert await withdraw(bench, delivery) == first
    await take_down(bench, wall)
    again = await withdraw(bench, delivery)
    assert (again.taking_down, again.cancelled, again.beyond_recall) == ({}, {}, {})
    await take_down(bench, wall)
    assert len(wall.down) == 1


async def test_there_must_be_something_to_withdraw_and_a_right_to(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    (delivery,) = await bench.alert("facebook")
    message = await message_of(bench, delivery)
    with pytest.raises(NotFound):
        await withdrawals.withdraw_message(bench.db, EDITOR, 999, ABLE)
    with pytest.raises(NotFound):
        await withdraw_delivery(bench.db, EDITOR, 999, ABLE)
    for act in (withdrawals.withdraw_message, withdraw_delivery):
        with pytest.raises(NotAllowed):
            await act(bench.db, LIBRARIAN, message, ABLE)
    with pytest.raises(Conflict, match="a unit's own post"):
        await withdraw_delivery(bench.db, EDITOR, post, ABLE)
    async with bench.db.transaction() as session:
        activation = (await session.execute(text("SELECT max(id) FROM activations"))).scalar_one()
    draft = await factories.alert(bench.crisis, activation)
    with pytest.raises(Conflict, match="ever approved"):
        await withdrawals.withdraw_message(bench.db, EDITOR, draft.message_id, ABLE)


async def test_a_retraction_is_not_taken_down_with_what_it_takes_back(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, Wall())
    await bench.crisis.desk.retract(EDITOR, await message_of(bench, delivery))
    with pytest.raises(Conflict, match="retracted"):
        await withdraw(bench, delivery)
    assert await standing(bench) == []


async def test_what_is_in_flight_is_waited_for_and_then_taken_down(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    door = Door()
    wall = Wall(say=door)
    sending = asyncio.create_task(bench.send(Lane.PUBLIC, wall))
    await door.came.wait()
    done = await withdraw(bench, delivery)
    assert (done.taking_down, done.waited_for, done.cancelled) == ({"facebook": 1}, 1, {})
    assert await take_down(bench, wall) == 0, "nobody knows yet where it is"
    door.open.set()
    await sending
    assert await take_down(bench, wall) == 1
    assert wall.down == [f"ref-{delivery}"]
    assert [row.state for row in await standing(bench)] == ["done"]


@pytest.mark.parametrize("channel", ["facebook", "sms"])
async def test_what_was_in_flight_and_not_processed_is_not_tried_again(bench: Workbench, channel: str) -> None:
    ids = await bench.alert(channel, *(["facebook"] if channel == "sms" else []), people=1 if channel == "sms" else 0)
    (delivery,) = [row.id for row in await bench.rows(ids) if (row.lane == "sms") == (channel == "sms")]
    lane = Lane.SMS if channel == "sms" else Lane.PUBLIC
    door = Door(then=lambda _: Throttled("later"))
    wall = Wall(name=channel, say=door)
    sending = asyncio.create_task(bench.send(lane, wall))
    await door.came.wait()
    await withdraw(bench, delivery)
    door.open.set()
    await sending
    row = await bench.row(delivery)
    assert (row.state, row.error) == ("cancelled", "withdrawn before it was sent")
    await pass_time(bench, 600)
    await bench.send(lane, wall)
    assert len(wall.begun) == 1
    await take_down(bench, wall)
    assert wall.down == []
    assert all(
        (row.state, row.withdrawn_at) == ("done", None) for row in await standing(bench) if row.delivery_id == delivery
    )


@pytest.mark.parametrize(("found", "down", "state"), [(Found.YES, 1, "accepted"), (Found.NO, 0, "cancelled")])
async def test_what_may_be_out_is_looked_for_first(bench: Workbench, found: Found, down: int, state: str) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall(say=lambda _: OutcomeUnknown("no answer"), find=lambda _: Finding(found, "found"))
    await bench.send(Lane.PUBLIC, wall)
    await withdraw(bench, delivery)
    assert await take_down(bench, wall) == 0
    await bench.look(Lane.PUBLIC, wall)
    await take_down(bench, wall)
    assert (wall.down, (await bench.row(delivery)).state) == (["found"] * down, state)
    assert [row.state for row in await standing(bench)] == ["done"]
    assert len(wall.begun) == 1


async def test_a_person_who_decides_about_it_does_not_send_it_again(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    await bench.run("UPDATE deliveries SET state = 'leased' WHERE id = :id", id=delivery)
    await bench.run("UPDATE deliveries SET state = 'in_flight', started_at = now() WHERE id = :id", id=delivery)
    await bench.run("UPDATE deliveries SET state = 'unknown' WHERE id = :id", id=delivery)
    await bench.run("UPDATE deliveries SET state = 'unknown_final' WHERE id = :id", id=delivery)
    await withdraw(bench, delivery)
    with pytest.raises(Conflict, match="withdrawn"):
        await decide(bench.db, EDITOR, delivery, Decision.SEND_AGAIN, validity=timedelta(hours=1))
    link = "https://facebook.example/1"
    await decide(bench.db, EDITOR, delivery, Decision.MARK_SENT, validity=timedelta(hours=1), url=link)
    await take_down(bench, Wall())
    (row,) = await standing(bench)
    assert row.state == "refused"
    assert f"Take it down by hand: {link}" in row.error


async def test_nothing_begins_once_it_is_withdrawn_whatever_senders_hold(bench: Workbench) -> None:
    ids = await bench.alert("facebook", "sms", people=200)
    sms = Outlet("sms", say=slowly)
    senders = [asyncio.create_task(bench.send(Lane.SMS, sms, concurrency=4, batch=50)) for _ in range(3)]
    while len(sms.begun) < 20:
        await asyncio.sleep(0.005)
    done = await withdraw(bench, ids[0])
    async with bench.db.transaction() as session:
        committed = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    await asyncio.gather(*senders)
    rows = [row for row in await bench.rows(ids) if row.lane == "sms"]
    assert {row.state for row in rows} == {"accepted", "cancelled"}
    begun = [row for row in rows if row.attempts]
    assert max(row.started_at for row in begun) <= committed
    assert (done.cancelled["sms"], done.beyond_recall["sms"]) == (200 - len(begun), len(begun))
    assert len(sms.begun) == len(begun)


async def slowly(outgoing: Outgoing) -> Receipt:
    await asyncio.sleep(0.01)
    return accepted(outgoing)
