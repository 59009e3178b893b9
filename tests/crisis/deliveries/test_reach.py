"""Reach: an update, a correction, an all-clear and a retraction go to those the rule names, and never to everyone else."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.accounts.service import close_account
from crisis.channels import Rejected, Unavailable
from crisis.errors import Invalid
from crisis.lanes import Lane
from crisis.messages import drafts
from crisis.messages.models import Kind, Revision
from crisis.messages.outcome import Approved
from tests import factories
from tests.crisis.deliveries.outlet import Outlet, accepted
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import EDITOR, LANGUAGES, OPERATOR, SLIDE

EVERY_STATE = {
    "ready": 0, "leased": 0, "cancelled": 0, "dead": 0, "retry_wait": 1, "in_flight": 1, "unknown": 1, "unknown_final": 1,
    "rejected": 1, "accepted": 1, "sent": 1, "delivered": 1, "undelivered": 1, "expired": 1,
}  # fmt: skip
"""State and attempts of an alert's deliveries."""


async def write(bench: Workbench, kind: Kind, **more: Any) -> Revision:
    values = {"contents": SLIDE, "message_id": 1, "next_update_at": clock.now() + timedelta(hours=1)} | more
    return await drafts.write(bench.db, EDITOR, 1, kind, values.pop("contents"), LANGUAGES, **values)


async def follow(bench: Workbench, kind: Kind, **more: Any) -> Approved:
    return await bench.crisis.desk.approve(EDITOR, (await write(bench, kind, **more)).id)


async def after(bench: Workbench, kind: Kind) -> tuple[int, dict[str, int]]:
    """Follow the message, or take it back; the revision's id, and how many deliveries it makes."""
    if kind is Kind.RETRACTION:
        done = await bench.crisis.desk.retract(EDITOR, 1)
        assert done.revision is not None
        return done.revision.id, dict(done.deliveries)
    approved = await follow(bench, kind)
    return approved.revision.id, dict(approved.deliveries)


async def put(bench: Workbench, delivery: int, state: str, attempts: int) -> None:
    """Make a delivery look as if it had come to this."""
    async with bench.db.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        values = {"state": state, "attempts": attempts, "id": delivery}
        await session.execute(text("UPDATE deliveries SET state = :state, attempts = :attempts WHERE id = :id"), values)


async def people_of(bench: Workbench, revision_id: int) -> list[int]:
    rows = await bench.rows(await bench.of_revision(revision_id))
    return sorted(row.recipient_id for row in rows if row.recipient_id is not None)


FOLLOWING = [Kind.CORRECTION, Kind.ALL_CLEAR, Kind.RETRACTION]


@pytest.mark.parametrize("kind", FOLLOWING)
async def test_what_corrects_goes_to_exactly_those_who_were_attempted(bench: Workbench, kind: Kind) -> None:
    ids = await bench.alert("sms", people=len(EVERY_STATE))
    rows = dict(zip(ids, await bench.rows(ids), strict=True))
    attempted = []
    for delivery, (state, attempts) in zip(ids, EVERY_STATE.items(), strict=True):
        await put(bench, delivery, state, attempts)
        attempted += [rows[delivery].recipient_id] * attempts
    revision, deliveries = await after(bench, kind)
    assert deliveries == {"sms": 10}
    assert await people_of(bench, revision) == sorted(attempted)


async def test_an_update_goes_to_the_rest_of_its_audience_too_as_it_is_now(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=4)
    await put(bench, ids[0], "accepted", 1)
    await bench.run("DELETE FROM memberships WHERE recipient_id IN (1, 2)")  # one who got it, one who did not
    more = await factories.audience(bench.crisis, 6, "flere")
    await bench.run("UPDATE memberships SET audience_id = 1 WHERE audience_id = :more AND recipient_id > 4", more=more)
    plan = await bench.crisis.desk.preview(EDITOR, (await write(bench, Kind.UPDATE)).id)
    assert plan.people is not None
    assert (plan.people.people, plan.people.attempted, plan.people.left_out) == (5, 1, 0)
    approved = await follow(bench, Kind.UPDATE)
    reached = await people_of(bench, approved.revision.id)
    assert reached[:3] == [1, 3, 4]
    assert len(reached) == 5


async def test_the_preview_counts_those_who_were_attempted_and_those_who_get_nothing(bench: Workbench) -> None:
    ids = await bench.alert("sms", "facebook", people=5)
    for delivery in ids[:2]:
        await put(bench, delivery, "delivered", 1)
    revision = await write(bench, Kind.CORRECTION)
    plan = await bench.crisis.desk.preview(EDITOR, revision.id)
    sms = [row for row in await bench.rows(ids) if row.recipient_id is not None and row.attempts]
    assert plan.people is not None
    assert (plan.people.people, plan.people.attempted, plan.people.left_out) == (len(sms), len(sms), 5 - len(sms))
    assert plan.deliveries == (await bench.crisis.desk.approve(EDITOR, revision.id)).deliveries


@pytest.mark.parametrize("kind", [Kind.UPDATE, *FOLLOWING])
async def test_who_was_erased_in_between_is_sent_nothing(bench: Workbench, kind: Kind) -> None:
    ids = await bench.alert("sms", people=3)
    await bench.send(Lane.SMS, Outlet("sms"))
    await bench.run("DELETE FROM memberships WHERE recipient_id = 2")
    await bench.run("DELETE FROM recipients WHERE id = 2")
    revision, deliveries = await after(bench, kind)
    assert deliveries == {"sms": 2}
    assert await people_of(bench, revision) == [1, 3]
    assert len(ids) == 3


async def test_a_correction_of_what_only_erased_people_got_is_refused_and_goes_to_nobody_else(bench: Workbench) -> None:
    await bench.alert("facebook", "sms", people=3)
    await bench.send(Lane.SMS, Outlet("sms"))
    await bench.send(Lane.PUBLIC, Outlet())
    await bench.run("DELETE FROM memberships")
    await bench.run("DELETE FROM recipients WHERE id < 3")
    await bench.run("DELETE FROM recipients")
    before = await bench.states()
    with pytest.raises(Invalid, match=r"erased from the register.*Write an update instead"):
        await follow(bench, Kind.CORRECTION)
    with pytest.raises(Invalid, match="audience is empty"):
        await follow(bench, Kind.UPDATE)
    assert await bench.states() == before
    taken = await bench.crisis.desk.retract(EDITOR, 1)  # what is in public is taken back all the same
    assert taken.deliveries == {"facebook": 1}


@pytest.mark.parametrize("kind", [Kind.CORRECTION, Kind.ALL_CLEAR])
async def test_where_nobody_was_sent_anything_it_is_refused_and_nothing_is_cancelled(
    bench: Workbench, kind: Kind
) -> None:
    await bench.alert("facebook", "sms", people=3)
    with pytest.raises(Invalid, match=r"Nothing of message 1 has been sent yet.*Write an update"):
        await follow(bench, kind)
    assert await bench.states() == {"ready": 4}


async def test_a_correction_for_another_audience_is_refused_before_anyone_of_it_is_sent_anything(
    bench: Workbench,
) -> None:
    await bench.alert("facebook", "sms")
    await bench.send(Lane.PUBLIC, Outlet())
    everyone = await factories.audience(bench.crisis, 5, "alle")
    with pytest.raises(Invalid, match="Nobody has been sent it by SMS yet"):
        await follow(bench, Kind.CORRECTION, audience_id=everyone)
    assert (await follow(bench, Kind.UPDATE, audience_id=everyone)).deliveries == {"facebook": 1, "sms": 5}


async def test_it_goes_through_the_account_that_carried_it_where_that_still_can(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=4)
    await bench.send(Lane.SMS, Outlet("sms"))
    other = await factories.account(bench.crisis, "sms", name="reserve")
    closed = await factories.account(bench.crisis, "sms", name="nedlagt")
    async with bench.db.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        for delivery, account in zip(ids[:2], (other, closed), strict=True):
            values = {"account": account, "id": delivery}
            await session.execute(text("UPDATE deliveries SET account_id = :account WHERE id = :id"), values)
    await close_account(bench.db, OPERATOR, closed)
    approved = await follow(bench, Kind.CORRECTION)
    rows = await bench.rows(await bench.of_revision(approved.revision.id))
    assert {row.recipient_id: row.account_id for row in rows} == {1: other, 2: 1, 3: 1, 4: 1}


async def test_everyone_keeps_their_language(bench: Workbench) -> None:
    contents = {**SLIDE, "en": {**SLIDE["nb"], "headline": "Landslide at Moen"}}
    await factories.account(bench.crisis, "sms")
    audience = await factories.audience(bench.crisis, 3)
    await bench.run("UPDATE recipients SET language = 'en' WHERE id = 2")
    activation = await factories.activation(bench.db)
    alert = await factories.alert(bench.crisis, activation.id, audience_id=audience, contents=contents)
    await bench.crisis.desk.approve(EDITOR, alert.id)
    await bench.send(Lane.SMS, Outlet("sms"))
    await bench.crisis.desk.retract(EDITOR, 1)
    sms = Outlet("sms")
    await bench.send(Lane.SMS, sms)
    assert Counter(each.title for each in sms.begun) == {
        "Falsk alarm: Det er ingen fare": 2,
        "False alarm: There is no danger": 1,
    }


# In public


@pytest.mark.parametrize("kind", [Kind.UPDATE, *FOLLOWING])
async def test_public_accounts_get_what_follows_if_they_were_attempted(bench: Workbench, kind: Kind) -> None:
    await bench.alert("website", "facebook", "twitter")
    await bench.send(Lane.PUBLIC, Outlet("website"), Outlet("facebook"))  # nobody serves X
    for row in await bench.rows():
        if row.account_id == 3:
            await put(bench, row.id, "ready", 0)
    await factories.account(bench.crisis, "facebook", name="ny side")
    _, deliveries = await after(bench, kind)
    if kind is Kind.UPDATE:
        assert deliveries == {"website": 1, "facebook": 2, "twitter": 1}
    else:
        assert deliveries == {"website": 1, "facebook": 1}


@pytest.mark.parametrize("kind", FOLLOWING)
async def test_the_crisis_page_always_gets_it(bench: Workbench, kind: Kind) -> None:
    await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, Outlet())
    await factories.account(bench.crisis, "website")
    assert (await after(bench, kind))[1] == {"facebook": 1, "website": 1}


@pytest.mark.parametrize("error", [Rejected("no"), Unavailable("refused")])
async def test_what_was_tried_in_public_and_failed_is_followed_too(bench: Workbench, error: Exception) -> None:
    await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, Outlet(say=lambda _: error))
    assert (await follow(bench, Kind.CORRECTION)).deliveries == {"facebook": 1}


async def test_where_an_account_is_closed_the_editors_other_one_says_it(bench: Workbench) -> None:
    await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, Outlet())
    await close_account(bench.db, OPERATOR, 1)
    new = await factories.account(bench.crisis, "facebook", name="ny side")
    approved = await follow(bench, Kind.CORRECTION)
    (row,) = await bench.rows(await bench.of_revision(approved.revision.id))
    assert row.account_id == new


# While it is being sent (message edited midway)


async def test_a_message_edited_midway_gives_everyone_each_revision_once_at_most(bench: Workbench) -> None:
    await bench.alert("sms", people=40)
    sms = Outlet("sms")
    sent: list[int] = []
    edited = asyncio.Event()

    async def edit_midway(outgoing: Any) -> Any:
        sent.append(int(outgoing.key))
        if len(sent) == 15:
            await follow(bench, Kind.UPDATE)
            edited.set()
        elif len(sent) > 15:
            await edited.wait()
        return accepted(outgoing)

    sms.say = edit_midway
    await bench.send(Lane.SMS, sms, concurrency=3, batch=7)
    async with bench.db.transaction() as session:
        rows = (
            await session.execute(
                text(
                    "SELECT v.number, d.recipient_id, d.state, count(*) AS n FROM deliveries d "
                    "JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id GROUP BY 1, 2, 3"
                )
            )
        ).all()
    assert {row.n for row in rows} == {1}
    alerts = Counter(row.state for row in rows if row.number == 1)
    updates = Counter(row.state for row in rows if row.number == 2)
    assert alerts.keys() == {"accepted", "cancelled"}
    assert (alerts.total(), updates) == (40, {"accepted": 40})
    assert alerts["accepted"] + 40 == len(sent) == len(set(sent))


async def test_two_approvals_at_once_are_sent_in_the_order_they_were_approved(bench: Workbench) -> None:
    """A transaction's clock stands at its beginning, and the one that began first may get the message last."""
    await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, Outlet())
    first, second = await write(bench, Kind.UPDATE), await write(bench, Kind.UPDATE)
    async with bench.db.together() as late:  # begins before the other, and approves after it
        await late.execute(text("SELECT now()"))
        await other_approves(bench, first)
        await bench.crisis.desk.approve(EDITOR, second.id)
    one, two = [(await bench.rows(await bench.of_revision(each.id)))[0] for each in (first, second)]
    assert one.created_at < two.created_at


async def other_approves(bench: Workbench, revision: Revision) -> None:
    """In a transaction of its own, outside the one that is open."""
    from crisis.bootstrap import crisis_of  # noqa: PLC0415 - for this test alone
    from crisis.db import no_bell  # noqa: PLC0415

    other = crisis_of(bench.crisis.settings, bell=no_bell)
    try:
        await other.desk.approve(EDITOR, revision.id)
    finally:
        await other.db.close()
