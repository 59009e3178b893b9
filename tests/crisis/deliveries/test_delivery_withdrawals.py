"""One delivery taken down by itself; what follows; and how what was taken down stands in the ledger."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.channels import (
    Capabilities,
    FollowUp,
    Found,
    Misconfigured,
    Receipt,
    ReceiptStatus,
    Rejected,
    Sighting,
)
from crisis.deliveries import items, ledger, looks, sweep
from crisis.deliveries.delivery_withdrawal import Outcome, withdraw_delivery
from crisis.deliveries.sights import Sight
from crisis.errors import Conflict
from crisis.lanes import Lane
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.mode import Mode
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.taking_down import ABLE, Wall, message_of, pass_time, standing, take_down, withdraw
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import EDITOR, LANGUAGES, SLIDE

EDITING = {"facebook": Capabilities(withdraw=True, edit=True, follow_ups={"update": FollowUp.EDIT_IN_PLACE})}


async def follow_up(bench: Workbench, message: int, kind: Kind, audience: int | None = None) -> list[int]:
    """What follows, approved; its deliveries."""
    async with bench.db.transaction() as session:
        activation = (await session.execute(text("SELECT max(id) FROM activations"))).scalar_one()
    draft = await drafts.write(
        *(bench.db, EDITOR, activation, kind, SLIDE, LANGUAGES),
        message_id=message,
        next_update_at=clock.now() + timedelta(hours=1),
        audience_id=audience,
    )
    return await bench.of_revision((await bench.crisis.desk.approve(EDITOR, draft.id)).revision.id)


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
