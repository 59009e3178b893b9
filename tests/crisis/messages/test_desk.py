"""The desk: what is shown before approval is what goes out, and approval is all or nothing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.accounts.service import close_account
from crisis.activations.service import get, stand_down
from crisis.activations.states import ActivationState
from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.messages import drafts
from crisis.messages.drafts import AlreadyApproved
from crisis.messages.models import Kind, Revision
from crisis.messages.outcome import Approved
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.moves import Moves
from tests.factories import DIRECTOR, EDITOR, LANGUAGES, OPERATOR, SLIDE

BOTH = {**SLIDE, "en": {**SLIDE["nb"], "headline": "Landslide at Moen: Leave the area now"}}


@pytest.fixture
def bench(crisis: Crisis, moves: Moves) -> Workbench:
    return Workbench(crisis, moves)


async def draft(bench: Workbench, *channels: str, people: int = 0, **more: Any) -> Revision:
    """The draft of an alert, with accounts on these channels to carry it."""
    for channel in channels:
        await factories.account(bench.crisis, channel)
    audience = await factories.audience(bench.crisis, people) if people else None
    activation = await factories.activation(bench.db, more.pop("mode", Mode.ACTUAL))
    return await factories.alert(bench.crisis, activation.id, audience_id=audience, **more)


async def follow(bench: Workbench, kind: Kind = Kind.UPDATE, **more: Any) -> Revision:
    return await drafts.write(
        bench.db, EDITOR, 1, kind, SLIDE, LANGUAGES,
        message_id=1, next_update_at=clock.now() + timedelta(hours=1), **more,
    )  # fmt: skip


async def counts(bench: Workbench) -> dict[str, int]:
    """How many rows there are of what an approval writes."""
    async with bench.db.transaction() as session:
        return {
            table: (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in ("renditions", "deliveries", "audit")
        }


NOTHING = {"renditions": 0, "deliveries": 0, "audit": 2}
"""An activation and a draft are on record, and nothing is on its way."""


# Preview


async def test_a_preview_is_exactly_what_goes_out(bench: Workbench) -> None:
    revision = await draft(bench, "facebook", "twitter", "wordpress", "website", "sms", people=3, contents=BOTH)
    plan = await bench.crisis.desk.preview(EDITOR, revision.id)
    assert plan.problems == []
    assert plan.deliveries == {"facebook": 2, "twitter": 2, "wordpress": 2, "website": 2, "sms": 3}
    assert await counts(bench) == NOTHING
    approved = await bench.crisis.desk.approve(EDITOR, revision.id)
    assert approved.deliveries == plan.deliveries
    async with bench.db.transaction() as session:
        frozen = await session.execute(text("SELECT channel, language, title, text, html, length FROM renditions"))
        rows = {(row.channel, row.language): tuple(row)[2:] for row in frozen}
    assert rows == {
        (each.channel, each.language): (
            each.rendered.title,
            each.rendered.text,
            each.rendered.html,
            each.rendered.length.count,
        )
        for each in plan.previews
    }
    outlets = [Outlet(channel) for channel in ("facebook", "twitter", "wordpress", "website")]
    await bench.send(Lane.PUBLIC, *outlets)
    said = {(outlet.name, each.language): each.text for outlet in outlets for each in outlet.begun}
    assert said == {key: row[1] for key, row in rows.items() if key[0] != "sms"}


async def test_an_exercise_is_marked_in_every_text_that_goes_out(bench: Workbench) -> None:
    revision = await draft(bench, "facebook", "twitter", "website", "sms", people=1, mode=Mode.EXERCISE)
    await bench.crisis.desk.approve(EDITOR, revision.id)
    async with bench.db.transaction() as session:
        rows = (
            await session.execute(
                text("SELECT r.text, r.title, d.mode FROM deliveries d JOIN renditions r ON r.id = d.rendition_id")
            )
        ).all()
    assert len(rows) == 4
    for row in rows:
        assert row.mode == "exercise"
        assert row.text.startswith("ØVELSE ØVELSE ØVELSE")


# Refused: with the numbers, and nothing half-done


async def test_a_text_over_a_channels_limit_is_refused_with_the_numbers(bench: Workbench) -> None:
    long = {"nb": {**SLIDE["nb"], "headline": "Ø" * 120, "where": "Å" * 200, "what_to_do": ["Gå " + "ut " * 80]}}
    revision = await draft(bench, "facebook", "twitter", "sms", people=2, contents=long)
    with pytest.raises(Invalid) as refused:
        await bench.crisis.desk.approve(EDITOR, revision.id)
    (problem,) = [each for each in refused.value.problems if each.startswith("X, ")]
    assert " of 280. Shorten by " in problem
    assert "the headline is 120" in problem
    assert await counts(bench) == NOTHING
    assert (await bench.crisis.desk.preview(EDITOR, revision.id)).problems == list(refused.value.problems)


async def test_an_empty_audience_is_refused(bench: Workbench) -> None:
    await factories.account(bench.crisis, "sms")
    await factories.account(bench.crisis, "facebook")
    audience = await factories.audience(bench.crisis, 0)
    activation = await factories.activation(bench.db)
    revision = await factories.alert(bench.crisis, activation.id, audience_id=audience)
    with pytest.raises(Invalid, match="audience is empty"):
        await bench.crisis.desk.approve(EDITOR, revision.id)
    assert await counts(bench) == NOTHING


async def test_an_audience_without_an_account_to_send_from_is_refused(bench: Workbench) -> None:
    revision = await draft(bench, "facebook", people=2)
    (problem,) = (await bench.crisis.desk.preview(EDITOR, revision.id)).problems
    assert "no connected SMS account" in problem
    with pytest.raises(Invalid, match="no connected SMS account"):
        await bench.crisis.desk.approve(EDITOR, revision.id)
    assert await counts(bench) == NOTHING


async def test_with_no_account_at_all_nothing_is_approved(bench: Workbench) -> None:
    await factories.account(bench.crisis, "facebook", unit="biblioteket")
    await factories.account(bench.crisis, "slideshare")
    closed = await factories.account(bench.crisis, "twitter")
    await close_account(bench.db, OPERATOR, closed)
    revision = await draft(bench)
    with pytest.raises(Invalid, match="No connected account of nettredaksjonen"):
        await bench.crisis.desk.approve(EDITOR, revision.id)


async def test_after_stand_down_nothing_is_approved(bench: Workbench) -> None:
    revision = await draft(bench, "facebook")
    await stand_down(bench.db, DIRECTOR, 1)
    with pytest.raises(Conflict, match="stood down"):
        await bench.crisis.desk.approve(EDITOR, revision.id)


@pytest.mark.parametrize("role", [Role.UNIT, Role.AUDITOR, Role.ADMIN])
async def test_others_than_the_desk_approve_nothing(bench: Workbench, role: Role) -> None:
    revision = await draft(bench, "facebook")
    with pytest.raises(NotAllowed):
        await bench.crisis.desk.approve(Actor("noen", role, "biblioteket"), revision.id)
    assert await counts(bench) == NOTHING


async def test_an_unknown_revision_is_said_to_be_unknown(bench: Workbench) -> None:
    for act in (bench.crisis.desk.approve, bench.crisis.desk.preview):
        with pytest.raises(NotFound, match="99"):
            await act(EDITOR, 99)


# Approved


async def test_approving_twice_and_at_once_puts_it_out_once(bench: Workbench) -> None:
    revision = await draft(bench, "facebook", "sms", people=5)
    ended = await asyncio.gather(
        *(bench.crisis.desk.approve(EDITOR, revision.id) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(each, Approved) for each in ended) == 1
    assert sum(isinstance(each, AlreadyApproved) for each in ended) == 4
    assert (await counts(bench))["deliveries"] == 6


async def test_who_approved_when_and_how_many_it_is_for_is_on_record(bench: Workbench) -> None:
    revision = await draft(bench, "facebook", "sms", people=3)
    approved = await bench.crisis.desk.approve(DIRECTOR, revision.id)
    assert approved.revision.approved_by == DIRECTOR.name
    async with bench.db.transaction() as session:
        assert (await chain.verify(session)).holds
        record = (await session.execute(text("SELECT record::jsonb FROM audit WHERE action = 'approve'"))).scalar_one()
    assert record["actor"] == DIRECTOR.name
    assert record["detail"]["deliveries"] == {"facebook": 1, "sms": 3}


async def test_a_message_goes_out_while_the_activation_is_still_locking(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    door = asyncio.Event()

    async def hold(_: object) -> Exception:
        await door.wait()
        return TimeoutError()

    unit = asyncio.create_task(bench.send(Lane.UNIT, Outlet(say=hold)))
    while (await bench.row(post)).state != "in_flight":
        await asyncio.sleep(0.01)
    revision = await draft(bench, "twitter")
    await bench.crisis.desk.approve(EDITOR, revision.id)
    x = Outlet("twitter")
    await bench.send(Lane.PUBLIC, x)
    async with bench.db.transaction() as session:
        assert (await get(session, 1)).state is ActivationState.LOCKING
    assert len(x.ended) == 1
    door.set()
    await unit


async def test_an_update_cancels_what_of_the_alert_has_not_gone_out(bench: Workbench) -> None:
    alert = await draft(bench, "facebook", "twitter", "sms", people=4)
    await bench.crisis.desk.approve(EDITOR, alert.id)
    await bench.send(Lane.PUBLIC, Outlet(), Outlet("twitter"))
    approved = await bench.crisis.desk.approve(EDITOR, (await follow(bench)).id)
    assert approved.cancelled == 4
    assert approved.deliveries == {"facebook": 1, "twitter": 1, "sms": 4}
    assert await bench.states() == {"accepted": 2, "cancelled": 4, "ready": 6}


async def test_an_older_draft_is_not_approved_over_a_newer_one(bench: Workbench) -> None:
    alert = await draft(bench, "facebook")
    await bench.crisis.desk.approve(EDITOR, alert.id)
    older, newer = await follow(bench), await follow(bench)
    await bench.crisis.desk.approve(EDITOR, newer.id)
    with pytest.raises(Conflict, match="Revision 3 was approved by Nettredaksjonen after this draft was begun"):
        await bench.crisis.desk.approve(EDITOR, older.id)


async def test_what_is_frozen_does_not_change_with_the_account_or_the_draft(bench: Workbench) -> None:
    revision = await draft(bench, "facebook")
    await bench.crisis.desk.approve(EDITOR, revision.id)
    await bench.run("UPDATE revisions SET contents = '{}'")
    facebook = Outlet()
    await bench.send(Lane.PUBLIC, facebook)
    assert SLIDE["nb"]["headline"] in facebook.begun[0].text


async def test_only_one_sender_writes_to_an_audience_however_many_there_are(bench: Workbench) -> None:
    await factories.account(bench.crisis, "sms", name="Varsling")
    revision = await draft(bench, "sms", "facebook", people=3)
    approved = await bench.crisis.desk.approve(EDITOR, revision.id)
    assert approved.deliveries == {"facebook": 1, "sms": 3}
    async with bench.db.transaction() as session:
        senders = await session.execute(text("SELECT DISTINCT account_id FROM deliveries WHERE lane = 'sms'"))
        assert list(senders.scalars()) == [1]


async def test_a_crisis_delivery_has_a_deadline_and_a_thread(bench: Workbench) -> None:
    revision = await draft(bench, "website")
    await bench.crisis.desk.approve(EDITOR, revision.id)
    (row,) = await bench.rows()
    assert (row.deadline_at - row.created_at).total_seconds() == pytest.approx(6 * 3600, abs=5)
    website = Outlet("website")
    await bench.send(Lane.PUBLIC, website)
    assert website.begun[0].thread == "activation-1"
    assert website.begun[0].next_update_at == revision.next_update_at
