"""Units' posts in ordinary times, and behind the lock."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.accounts.service import close_account
from crisis.activations.service import ActivationLocked
from crisis.errors import Invalid, NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench
from tests.factories import DIRECTOR, EDITOR, OPERATOR

TEACHER = Actor("Læreren", Role.UNIT, "skolen")
LATER = timedelta(hours=2)


async def count(bench: Workbench, table: str) -> int:
    async with bench.db.transaction() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


# In ordinary times


async def test_a_post_without_a_time_goes_out_at_once(bench: Workbench, page: int) -> None:
    post = await bench.crisis.posts.publish(LIBRARIAN, page, "Åpent til 20 i dag – velkommen! 🎉", title="Åpent")
    assert (post.state, post.unit, post.channel, post.created_by) == (
        "ready",
        "biblioteket",
        "facebook",
        "Bibliotekaren",
    )
    facebook = Outlet()
    await bench.send(Lane.UNIT, facebook)
    assert facebook.begun[0].text == "Åpent\n\nÅpent til 20 i dag – velkommen! 🎉"
    assert (await bench.crisis.posts.get(LIBRARIAN, post.id)).state == "accepted"


async def test_a_post_for_later_waits_for_its_time(bench: Workbench, page: int) -> None:
    at = clock.now() + LATER
    post = await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund", publish_at=at)
    assert (post.state, post.publish_at) == ("ready", at)
    facebook = Outlet()
    await bench.send(Lane.UNIT, facebook)
    assert facebook.begun == []
    await bench.pass_time(LATER.total_seconds() + 1)
    await bench.send(Lane.UNIT, facebook)
    assert len(facebook.begun) == 1


async def test_a_time_that_has_passed_is_now(bench: Workbench, page: int) -> None:
    await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund", publish_at=clock.now() - LATER)
    facebook = Outlet()
    await bench.send(Lane.UNIT, facebook)
    assert len(facebook.begun) == 1


async def test_a_text_message_goes_to_everyone_of_an_audience_and_dies_after_half_an_hour(bench: Workbench) -> None:
    account = await bench.unit_account("sms")
    audience = await factories.audience(bench.crisis, 3)
    post = await bench.crisis.posts.publish(LIBRARIAN, account, "Boka di er klar", audience_id=audience)
    assert post.counts == {"ready": 3}
    sms = Outlet("sms")
    await bench.send(Lane.UNIT, sms)
    assert sorted(each.to or "" for each in sms.begun) == ["+4740000000", "+4740000001", "+4740000002"]
    assert all(each.valid_seconds is not None and 1700 < each.valid_seconds <= 1800 for each in sms.begun)


async def test_a_text_message_for_a_time_that_has_passed_has_its_half_hour_from_now(bench: Workbench) -> None:
    account = await bench.unit_account("sms")
    audience = await factories.audience(bench.crisis, 1)
    past = clock.now() - LATER
    await bench.crisis.posts.publish(LIBRARIAN, account, "Boka di er klar", audience_id=audience, publish_at=past)
    sms = Outlet("sms")
    await bench.send(Lane.UNIT, sms)
    assert len(sms.begun) == 1


# Refused, and nothing half-done


REFUSED: dict[str, tuple[str, Actor, dict[str, object], type[Exception], str]] = {
    "another unit's account": ("facebook", TEACHER, {}, NotAllowed, "belongs to skolen"),
    "the web editors, for a unit": ("facebook", EDITOR, {}, NotAllowed, "belongs to nettredaksjonen"),
    "the director": ("facebook", DIRECTOR, {}, NotAllowed, "director"),
    "a channel of the register alone": ("slideshare", LIBRARIAN, {}, Invalid, "slideshare"),
    "the crisis page": ("website", LIBRARIAN, {}, Invalid, "website"),
    "an empty text": ("facebook", LIBRARIAN, {"body": " \n "}, Invalid, "empty"),
    "a text over the limit": ("twitter", LIBRARIAN, {"body": "ord " * 71}, Invalid, "283 of 280"),
    "an SMS over the limit": ("sms", LIBRARIAN, {"body": "ø" * 700, "audience_id": 1}, Invalid, "5 parts of 4"),
    "an SMS to nobody": ("sms", LIBRARIAN, {}, Invalid, "audience"),
    "a page with an audience": ("facebook", LIBRARIAN, {"audience_id": 1}, Invalid, "audience"),
    "an unknown audience": ("sms", LIBRARIAN, {"audience_id": 99}, NotFound, "99"),
    "an empty audience": ("sms", LIBRARIAN, {"audience_id": 2}, Invalid, "audience is empty"),
    "a time without a zone": ("facebook", LIBRARIAN, {"publish_at": datetime(2027, 1, 1)}, Invalid, "time zone"),  # noqa: DTZ001 - that is the point
    "a time in a faraway year": (
        "facebook",
        LIBRARIAN,
        {"publish_at": datetime(9999, 1, 1, tzinfo=UTC)},
        Invalid,
        "a year away",
    ),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_what_cannot_go_out_is_refused_with_the_reason_and_leaves_no_trace(bench: Workbench, why: str) -> None:
    channel, actor, given, error, words = REFUSED[why]
    account = await bench.unit_account(channel)
    await factories.audience(bench.crisis, 2)
    await factories.audience(bench.crisis, 0, "tom")
    with pytest.raises(error, match=words):
        await bench.crisis.posts.publish(actor, account, **{"body": "Hei"} | given)  # type: ignore[arg-type]
    for table in ("posts", "renditions", "deliveries", "audit"):
        assert await count(bench, table) == 0, table


async def test_a_text_just_at_the_limit_goes(bench: Workbench) -> None:
    account = await bench.unit_account("twitter")
    post = await bench.crisis.posts.publish(LIBRARIAN, account, "æ" * 280)
    assert post.state == "ready"


async def test_an_account_that_is_unknown_closed_or_not_connected_is_refused(bench: Workbench, page: int) -> None:
    with pytest.raises(NotFound):
        await bench.crisis.posts.publish(LIBRARIAN, 99, "Hei")
    await bench.run("UPDATE accounts SET address = NULL WHERE id = :id", id=page)
    with pytest.raises(Invalid, match="not connected"):
        await bench.crisis.posts.publish(LIBRARIAN, page, "Hei")
    await close_account(bench.db, OPERATOR, page)
    with pytest.raises(Invalid, match="closed"):
        await bench.crisis.posts.publish(LIBRARIAN, page, "Hei")


# Behind the lock


async def test_behind_the_lock_a_post_is_kept_and_the_unit_is_told_by_whom_and_since_when(
    bench: Workbench, page: int
) -> None:
    activation = await factories.activation(bench.db)
    with pytest.raises(ActivationLocked, match="kept as number 1 and blocked") as refused:
        await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund")
    assert refused.value.held_by == DIRECTOR.name
    assert refused.value.since == activation.activated_at
    post = await bench.crisis.posts.get(LIBRARIAN, 1)
    assert (post.state, post.text, post.error) == ("blocked", "Eventyrstund", "held by the lock")
    facebook = Outlet()
    await bench.send(Lane.UNIT, facebook)
    assert facebook.begun == []


async def test_behind_the_lock_a_post_for_later_is_scheduled_and_blocked_when_its_time_comes(
    bench: Workbench, page: int
) -> None:
    await factories.activation(bench.db)
    post = await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund", publish_at=clock.now() + LATER)
    assert post.state == "ready"
    await bench.pass_time(LATER.total_seconds() + 1)
    facebook = Outlet()
    await bench.send(Lane.UNIT, facebook)
    assert facebook.begun == []
    assert (await bench.crisis.posts.get(LIBRARIAN, post.id)).state == "blocked"


async def test_an_exercise_blocks_no_real_post_and_the_other_way_round(bench: Workbench, page: int) -> None:
    await factories.activation(bench.db, Mode.EXERCISE)
    assert (await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund")).state == "ready"
    with pytest.raises(ActivationLocked):
        await bench.crisis.posts.publish(LIBRARIAN, page, "Øvd eventyrstund", mode=Mode.EXERCISE)
    assert [post.text for post in await bench.crisis.posts.list(LIBRARIAN)] == ["Eventyrstund"]


# Lists


async def test_a_page_of_the_list_never_cuts_a_post_in_half(bench: Workbench) -> None:
    account = await bench.unit_account("sms")
    audience = await factories.audience(bench.crisis, 3)
    for _ in range(3):
        await bench.crisis.posts.publish(LIBRARIAN, account, "Boka di er klar", audience_id=audience)
    await bench.run("UPDATE deliveries SET state = 'cancelled' WHERE id % 3 = 0")
    await bench.run("UPDATE deliveries SET state = 'leased' WHERE id % 3 = 1")
    found = []
    while page := await bench.crisis.posts.list(LIBRARIAN, after=found[-1].id if found else 0, most=2):
        found += page
    assert [post.id for post in found] == [1, 2, 3]
    assert [post.counts for post in found] == [{"cancelled": 1, "leased": 1, "ready": 1}] * 3
    assert found[0].state == "cancelled+leased+ready"
