"""Withdrawals: what is out is taken down, what waits never goes out, and what nobody can call back is said to be so."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, text

from crisis import clock
from crisis.bootstrap import openers_for
from crisis.channels import (
    AccountRef,
    Capabilities,
    ChannelError,
    Finding,
    FollowUp,
    Found,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Rejected,
    Sighting,
    Throttled,
    Unavailable,
)
from crisis.deliveries import items, ledger, looks, sweep, withdrawals, withdrawer
from crisis.deliveries.book import Book
from crisis.deliveries.decisions import Decision, decide
from crisis.deliveries.delivery_withdrawal import Outcome, withdraw_delivery
from crisis.deliveries.sights import Sight
from crisis.deliveries.states import WithdrawalState as W
from crisis.deliveries.withdrawals import WithdrawnMessage
from crisis.errors import Conflict, NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.outlet import Door, Outlet, accepted
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench
from tests.factories import EDITOR, SLIDE

ABLE = {
    "facebook": Capabilities(withdraw=True),
    "twitter": Capabilities(withdraw=True),
    "sms": Capabilities(recipients=True),
}
EDITING = {"facebook": Capabilities(withdraw=True, edit=True, follow_ups={"update": FollowUp.EDIT_IN_PLACE})}
Answer = ChannelError | None


class Wall(Outlet):
    """A channel whose posts can be taken down: ``answers`` one by one, the last for ever after; ``there`` is what is up."""

    def __init__(self, *answers: Answer, back: Found = Found.NO, name: str = "facebook", **more: Any) -> None:
        super().__init__(
            name,
            capabilities=Capabilities(
                withdraw=True, reconcile=True, settle_seconds=0.0, look_seconds=(0.0, 0.0), call_seconds=1.0
            ),
            **more,
        )
        self.answers, self.back = list(answers or [None]), back
        self.down: list[str] = []
        self.read: list[str] = []

    async def withdraw(self, account: AccountRef, reference: str) -> None:  # noqa: ARG002 - the port's
        self.down.append(reference)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            raise answer

    async def read_back(self, account: AccountRef, reference: str) -> Finding:  # noqa: ARG002
        self.read.append(reference)
        return Finding(self.back, reference)


async def take_down(bench: Workbench, *walls: Wall) -> int:
    book = Book(openers_for(Mode.ACTUAL, bench.crisis.settings))
    return await withdrawer.take_down(bench.db, Mode.ACTUAL, {wall.name: wall for wall in walls}, book)


async def pass_time(bench: Workbench, seconds: float) -> None:
    await bench.pass_time(seconds)
    await bench.run(
        "UPDATE withdrawals SET due_at = due_at - :by, lease_until = lease_until - :by", by=timedelta(seconds=seconds)
    )


async def message_of(bench: Workbench, delivery: int) -> int:
    wanted = """
        SELECT v.message_id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id
        JOIN revisions v ON v.id = r.revision_id WHERE d.id = :id
    """
    async with bench.db.transaction() as session:
        return int((await session.execute(text(wanted), {"id": delivery})).scalar_one())


async def withdraw(bench: Workbench, delivery: int, able: Any = None) -> WithdrawnMessage:
    """Take down the message that this delivery carries."""
    return await withdrawals.withdraw_message(bench.db, EDITOR, await message_of(bench, delivery), able or ABLE)


async def standing(bench: Workbench) -> list[Row[Any]]:
    async with bench.db.transaction() as session:
        return list(await session.execute(text("SELECT * FROM withdrawals ORDER BY delivery_id")))


async def record(bench: Workbench) -> list[tuple[str, str]]:
    """What the audit log says of withdrawals."""
    wanted = """
        SELECT record::json->>'action', record::json->>'subject' FROM audit
        WHERE record::json->>'action' LIKE '%withdraw%' ORDER BY seq
    """
    async with bench.db.transaction() as session:
        return [(action, subject) for action, subject in await session.execute(text(wanted))]


async def follow_up(bench: Workbench, message: int, kind: Kind, audience: int | None = None) -> list[int]:
    """What follows, approved; its deliveries."""
    async with bench.db.transaction() as session:
        activation = (await session.execute(text("SELECT max(id) FROM activations"))).scalar_one()
    draft = await drafts.write(
        *(bench.db, EDITOR, activation, kind, SLIDE, ("nb", "nn", "en")),
        message_id=message,
        next_update_at=clock.now() + timedelta(hours=1),
        audience_id=audience,
    )
    return await bench.of_revision((await bench.crisis.desk.approve(EDITOR, draft.id)).revision.id)


# Asking


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


# In flight


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


# What the provider says


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (Gone("it is not there"), W.DONE, None),
        (
            Rejected("not yours to delete"),
            W.REFUSED,
            "not yours to delete Take it down by hand, on the channel itself.",
        ),
        (Throttled("later"), W.WAITING, "later"),
        (Unavailable("no route"), W.WAITING, "no route"),
        (Misconfigured("the token has expired"), W.WAITING, "the token has expired"),
        (OutcomeUnknown("no answer"), W.CHECKING, "no answer"),
    ],
)
async def test_the_class_of_the_error_decides(
    bench: Workbench, error: ChannelError, state: W, said: str | None
) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall(error, None)
    await bench.send(Lane.PUBLIC, wall)
    await withdraw(bench, delivery)
    assert await take_down(bench, wall) >= 1
    (row,) = await standing(bench)
    if state is not W.CHECKING:
        assert (row.state, row.error) == (state, said)
    await pass_time(bench, 120)
    await take_down(bench, wall)
    (row,) = await standing(bench)
    assert row.state == (W.REFUSED if state is W.REFUSED else W.DONE)
    assert len(wall.down) == (2 if state is W.WAITING else 1)
    assert len(wall.read) == (1 if state is W.CHECKING else 0)


@pytest.mark.parametrize("back", [Found.YES, Found.CANNOT_TELL])
async def test_an_unknown_outcome_is_read_back_and_then_taken_down_again(bench: Workbench, back: Found) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall(OutcomeUnknown("no answer"), None, back=back)
    await bench.send(Lane.PUBLIC, wall)
    await withdraw(bench, delivery)
    for _ in range(3):
        await take_down(bench, wall)
        await pass_time(bench, 120)
    assert [row.state for row in await standing(bench)] == ["done"]
    assert (len(wall.read), len(wall.down)) == (1, 2)


async def test_one_that_never_comes_to_an_end_is_left_to_a_person(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall(OutcomeUnknown("no answer"), back=Found.CANNOT_TELL)
    await bench.send(Lane.PUBLIC, wall)
    await bench.run("UPDATE deliveries SET url = 'https://facebook.example/1' WHERE id = :id", id=delivery)
    await withdraw(bench, delivery)
    for _ in range(110):
        await take_down(bench, wall)
        await pass_time(bench, 120)
    (row,) = await standing(bench)
    assert row.state == "refused"
    assert row.error.endswith("Take it down by hand: https://facebook.example/1")
    wall.answers = [None]
    assert (await withdraw(bench, delivery)).taking_down == {"facebook": 1}, "a person may ask again"
    await take_down(bench, wall)
    assert [row.state for row in await standing(bench)] == ["done"]


async def test_an_adapter_that_fails_or_never_answers_stops_nobody(bench: Workbench) -> None:
    ids = await bench.alert("facebook", "twitter")
    failing, well = Wall(name="facebook"), Wall(name="twitter")
    await bench.send(Lane.PUBLIC, failing, well)
    failing.answers = [ZeroDivisionError("a fault of ours")]  # type: ignore[list-item]
    failing.back = Found.YES
    await withdraw(bench, ids[0])
    for down, read in ((1, 0), (1, 1), (2, 1), (2, 2)):
        await take_down(bench, failing, well)
        await pass_time(bench, 120)
        assert (len(failing.down), len(failing.read)) == (down, read), "what may be gone is read back each time"
    states = {row.delivery_id: row.state for row in await standing(bench)}
    assert states == {ids[0]: "waiting", ids[1]: "done"}


# Crashes, and many at once


async def test_a_worker_killed_while_calling_leaves_it_to_be_read_back(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall()
    await bench.send(Lane.PUBLIC, wall)
    await withdraw(bench, delivery)
    begun, never = asyncio.Event(), asyncio.Event()

    class Dying(Wall):
        async def withdraw(self, account: AccountRef, reference: str) -> None:
            await super().withdraw(account, reference)
            begun.set()
            await never.wait()

    dying = Dying()
    dying.capabilities = Capabilities(withdraw=True, call_seconds=30.0)
    killed = asyncio.create_task(take_down(bench, dying))
    await begun.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    (row,) = await standing(bench)
    assert (row.state, row.attempts) == ("calling", 1), "committed before the provider was asked"
    assert await take_down(bench, wall) == 0, "its lease still runs"
    await pass_time(bench, 61)
    wall.back = Found.NO
    assert await take_down(bench, wall) == 1
    assert (wall.read, wall.down) == ([f"ref-{delivery}"], []), "read back before anything else"
    assert [row.state for row in await standing(bench)] == ["done"]


async def test_one_that_comes_back_late_writes_nothing_over_the_answer(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    late, other = Wall(Rejected("no")), Wall()
    await bench.send(Lane.PUBLIC, late)
    await withdraw(bench, delivery)
    opened = asyncio.Event()

    class Slow(Wall):
        async def withdraw(self, account: AccountRef, reference: str) -> None:
            await opened.wait()
            await super().withdraw(account, reference)

    slow = Slow(Rejected("no"))
    slow.capabilities = Capabilities(withdraw=True, call_seconds=30.0)
    going = asyncio.create_task(take_down(bench, slow))
    while not [row for row in await standing(bench) if row.state == "calling"]:
        await asyncio.sleep(0.01)
    await pass_time(bench, 61)
    assert await take_down(bench, other) == 1
    opened.set()
    await going
    assert [row.state for row in await standing(bench)] == ["done"]
    assert [action for action, _ in await record(bench)] == ["withdraw", "withdrawn"]


async def test_several_workers_take_each_post_down_once(bench: Workbench) -> None:
    for n in range(12):
        await factories.account(bench.crisis, "facebook", name=f"side {n}", address=f"side-{n}")
    ids = await bench.alert("twitter")
    facebook, twitter = Wall(), Wall(name="twitter")
    await bench.send(Lane.PUBLIC, facebook, twitter)
    await withdraw(bench, ids[0])
    tried = await asyncio.gather(*(take_down(bench, facebook, twitter) for _ in range(4)))
    assert sum(tried) == 13
    assert sorted(facebook.down + twitter.down) == sorted(f"ref-{id_}" for id_ in ids)
    assert {row.state for row in await standing(bench)} == {"done"}


# One delivery


async def test_one_post_is_taken_down_and_the_others_stay(bench: Workbench) -> None:
    ids = await bench.alert("facebook", "twitter")
    facebook, twitter = Wall(), Wall(name="twitter")
    await bench.send(Lane.PUBLIC, facebook, twitter)
    done = await withdraw_delivery(bench.db, EDITOR, ids[0], ABLE)
    assert (done.outcome, done.id) == (Outcome.ASKED, ids[0])
    await take_down(bench, facebook, twitter)
    assert (facebook.down, twitter.down) == ([f"ref-{ids[0]}"], [])
    again = await withdraw_delivery(bench.db, EDITOR, ids[0], ABLE)
    assert again.answer == "It has been taken down already."


async def test_one_that_waits_is_cancelled_and_one_that_ended_has_nothing_to_take_down(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    done = await withdraw_delivery(bench.db, EDITOR, delivery, ABLE)
    assert (done.outcome, (await bench.row(delivery)).state) == (Outcome.CANCELLED, "cancelled")
    with pytest.raises(Conflict, match="is not out"):
        await withdraw_delivery(bench.db, EDITOR, delivery, ABLE)


async def test_a_text_message_cannot_be_called_back_and_it_says_so(bench: Workbench) -> None:
    ids = await bench.alert("facebook", "sms", people=2)
    await bench.send(Lane.SMS, Outlet("sms"))
    done = await withdraw_delivery(bench.db, EDITOR, ids[-1], ABLE)
    assert done.outcome is Outcome.BEYOND_RECALL
    assert "cannot call back" in done.answer
    assert "crisis message retract" in done.answer
    assert [(row.delivery_id, row.state) for row in await standing(bench)] == [(ids[-1], "refused")]
    assert await take_down(bench, Wall()) == 0


@pytest.mark.parametrize("newer", ["out", "on its way"])
async def test_a_post_that_carries_a_newer_revision_is_not_taken_down_by_the_older_ones_number(
    bench: Workbench, newer: str
) -> None:
    (old,) = await bench.alert("facebook")
    wall = Wall(say=lambda outgoing: Receipt("the-post", ReceiptStatus.ACCEPTED, key=outgoing.key))
    await bench.send(Lane.PUBLIC, wall)
    (new,) = await follow_up(bench, await message_of(bench, old), Kind.UPDATE)
    if newer == "on its way":
        with pytest.raises(Conflict, match="on its way"):
            await withdraw_delivery(bench.db, EDITOR, old, EDITING)
        return
    await bench.send(Lane.PUBLIC, wall)
    with pytest.raises(Conflict, match=f"crisis delivery withdraw {new}"):
        await withdraw_delivery(bench.db, EDITOR, old, EDITING)
    await withdraw_delivery(bench.db, EDITOR, new, EDITING)
    assert [row.delivery_id for row in await standing(bench)] == [old, new], "they are one post"
    await take_down(bench, wall)
    assert {row.state for row in await standing(bench)} == {"done"}


# What follows


async def test_what_follows_does_not_touch_what_is_being_taken_down(bench: Workbench) -> None:
    """Else the correction would be taken down with it."""
    (old,) = await bench.alert("facebook")
    wall = Wall()
    wall.capabilities = Capabilities(
        withdraw=True, edit=True, follow_ups={"retraction": FollowUp.EDIT_IN_PLACE}, settle_seconds=0.0
    )
    await bench.send(Lane.PUBLIC, wall)
    await withdraw(bench, old)
    await bench.crisis.desk.retract(EDITOR, await message_of(bench, old))
    await bench.send(Lane.PUBLIC, wall)
    assert [(each.kind, len(each.earlier)) for each in wall.begun] == [("alert", 0), ("retraction", 0)]
    await take_down(bench, wall)
    assert wall.down == [f"ref-{old}"], "and the retraction stays"


# How it stands


async def shown(bench: Workbench) -> Sequence[ledger.Line]:
    async with bench.db.transaction() as session:
        activation = (await session.execute(text("SELECT max(id) FROM activations"))).scalar_one()
        return await ledger.lines(session, activation)


async def test_the_ledger_tells_where_it_is(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall(Misconfigured("the token has expired"), Rejected("not yours"), None)
    await bench.send(Lane.PUBLIC, wall)
    (line,) = await shown(bench)
    assert line.withdrawal is None
    await withdraw(bench, delivery)
    (line,) = await shown(bench)
    assert (line.withdrawal or "").startswith("to be taken down, asked at ")
    await take_down(bench, wall)
    (line,) = await shown(bench)
    assert line.withdrawal_why == "the token has expired"
    await pass_time(bench, 120)
    await take_down(bench, wall)
    (line,) = await shown(bench)
    assert line.withdrawal == "could not be taken down"
    assert "Take it down by hand" in (line.withdrawal_why or "")
    await withdraw(bench, delivery)
    await take_down(bench, wall)
    (line,) = await shown(bench)
    assert (line.withdrawal or "").startswith("taken down at ")
    assert (line.withdrawal_why, line.sight) == (None, None)


async def test_what_was_taken_down_is_not_reported_as_not_seen(bench: Workbench) -> None:

    (delivery,) = await bench.alert("facebook")
    wall = Wall(see=lambda _: Sighting(Found.NO, "The page does not have it."))
    channels = {"facebook": wall}
    await bench.send(Lane.PUBLIC, wall)
    await sweep.sweep(bench.db, Mode.ACTUAL, drain_seconds=1, channels=channels)
    await withdraw(bench, delivery)
    await take_down(bench, wall)
    while await looks.look_around(bench.db, Mode.ACTUAL, channels, bench.book):
        pass
    await sweep.sweep(bench.db, Mode.ACTUAL, drain_seconds=1, channels=channels)
    async with bench.db.transaction() as session:
        sight = (await session.execute(text("SELECT sight, due_at FROM looks"))).one()
        (item,) = await items.of_revision(
            session, (await session.execute(text("SELECT max(id) FROM revisions"))).scalar_one()
        )
    assert tuple(sight) == (Sight.REPLACED, None)
    assert (item.sight, item.withdrawal) == (None, "done")
    assert all(line.sight is None for line in await shown(bench))
