"""Drafts: what may be written when, and that no editor's text is ever lost."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.activations.service import stand_down
from crisis.bootstrap import Crisis
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.messages import drafts
from crisis.messages.drafts import AlreadyApproved, StaleSave
from crisis.messages.models import Kind, Revision
from crisis.roles import Actor, Role
from tests import factories
from tests.factories import DIRECTOR, EDITOR, LANGUAGES, SLIDE

OTHER_EDITOR = Actor("Kollegaen", Role.EDITOR, "nettredaksjonen")


def soon() -> datetime:
    return clock.now() + timedelta(hours=1)


def slide(**changed: object) -> dict[str, Any]:
    return {"nb": {**SLIDE["nb"], **changed}}


async def write(crisis: Crisis, kind: Kind = Kind.ALERT, **given: Any) -> Revision:
    values: dict[str, Any] = {"next_update_at": soon()} | given
    contents: Mapping[str, Any] = values.pop("contents", SLIDE)
    actor = values.pop("actor", EDITOR)
    return await drafts.write(crisis.db, actor, values.pop("activation", 1), kind, contents, LANGUAGES, **values)


async def save(crisis: Crisis, revision: Revision, built_on: int, actor: Actor = EDITOR, **given: Any) -> Revision:
    contents = given.pop("contents", SLIDE)
    return await drafts.save(
        crisis.db, actor, revision.id, built_on, contents, LANGUAGES, **{"next_update_at": soon()} | given
    )


async def reread(crisis: Crisis, revision: Revision) -> Revision:
    async with crisis.db.transaction() as session:
        return await drafts.get(session, revision.id)


async def attempted(crisis: Crisis) -> None:
    """A sender has begun everything that is written so far."""
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE deliveries SET attempts = 1"))


@pytest.fixture
async def alert(crisis: Crisis) -> Revision:
    """The draft of an alert in a new activation, with a Facebook page to carry it."""
    await factories.account(crisis, "facebook")
    await factories.activation(crisis.db)
    return await write(crisis)


async def test_an_alert_begins_a_message(alert: Revision) -> None:
    assert (alert.message_id, alert.number, alert.supersedes_id, alert.saves) == (1, 1, None, 1)
    assert alert.contents["nb"]["headline"] == SLIDE["nb"]["headline"]


async def test_what_follows_supersedes_the_newest_that_was_approved(crisis: Crisis, alert: Revision) -> None:
    await crisis.desk.approve(EDITOR, alert.id)
    first = await write(crisis, Kind.UPDATE, message_id=1)
    second = await write(crisis, Kind.CORRECTION, message_id=1)
    assert [(each.number, each.supersedes_id) for each in (first, second)] == [(2, alert.id), (3, alert.id)]
    await attempted(crisis)
    await crisis.desk.approve(EDITOR, second.id)
    third = await write(crisis, Kind.ALL_CLEAR, message_id=1, next_update_at=None)
    assert (third.number, third.supersedes_id) == (4, second.id)


async def test_two_alerts_are_two_messages(crisis: Crisis, alert: Revision) -> None:
    other = await write(crisis)
    assert (alert.message_id, other.message_id, other.number) == (1, 2, 1)


async def test_numbers_stay_apart_when_two_write_at_once(crisis: Crisis, alert: Revision) -> None:
    await crisis.desk.approve(EDITOR, alert.id)
    made = await asyncio.gather(*(write(crisis, Kind.UPDATE, message_id=1) for _ in range(8)))
    assert sorted(each.number for each in made) == list(range(2, 10))


@pytest.mark.parametrize(
    ("kind", "given", "error", "words"),
    [
        (Kind.ALERT, {"message_id": 1}, Invalid, "begins a message of its own"),
        (Kind.UPDATE, {}, Invalid, "name which one"),
        (Kind.UPDATE, {"message_id": 1}, Conflict, "Approve its alert first"),
        (Kind.UPDATE, {"message_id": 77}, NotFound, "77"),
        (Kind.ALERT, {"activation": 77}, NotFound, "77"),
        (Kind.ALERT, {"audience_id": 77}, NotFound, "77"),
        (Kind.RETRACTION, {"message_id": 1}, Invalid, "crisis message retract"),
        (Kind.ALERT, {"next_update_at": None}, Invalid, "Say when the next message comes"),
        (Kind.ALERT, {"next_update_at": datetime(2020, 1, 1, tzinfo=UTC)}, Invalid, "has passed"),
        (Kind.ALERT, {"next_update_at": datetime(2031, 1, 1)}, Invalid, "time zone"),  # noqa: DTZ001 - that is the point
        (Kind.ALERT, {"contents": {}}, Invalid, "primary language"),
        (Kind.ALERT, {"contents": slide(where="  ")}, Invalid, "where is empty. Name the place"),
        (Kind.ALERT, {"contents": slide(headline="Skred ved [sted]")}, Invalid, r"placeholder \[sted\]"),
        (Kind.ALERT, {"contents": slide(what_to_do=[])}, Invalid, "what_to_do is empty"),
        (Kind.ALERT, {"contents": {**SLIDE, "tlh": SLIDE["nb"]}}, Invalid, "tlh is not one of the message languages"),
        (Kind.ALERT, {"contents": slide(sender="x")}, Invalid, "sender is not a field"),
        (Kind.ALERT, {"actor": Actor("Bibliotekaren", Role.UNIT, "biblioteket")}, NotAllowed, "may not write"),
        (Kind.ALERT, {"actor": Actor("Revisor", Role.AUDITOR)}, NotAllowed, "may not write"),
        (Kind.ALERT, {"actor": Actor("Drift", Role.ADMIN)}, NotAllowed, "may not write"),
    ],
)
async def test_what_cannot_be_written_is_refused_with_the_reason_and_leaves_no_trace(
    crisis: Crisis, alert: Revision, kind: Kind, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        await write(crisis, kind, **given)
    async with crisis.db.transaction() as session:
        counts = (
            "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM revisions), (SELECT count(*) FROM audit)"
        )
        assert tuple((await session.execute(text(counts))).one()) == (alert.message_id, 1, 2)


async def test_every_fault_is_named_at_once(crisis: Crisis, alert: Revision) -> None:  # noqa: ARG001 - there is an activation
    broken = {"nb": {**SLIDE["nb"], "headline": "", "leads": "XX"}, "en": {"headline": "Slide"}}
    with pytest.raises(Invalid) as refused:
        await write(crisis, contents=broken)
    assert len(refused.value.problems) == 2 + 5


async def test_after_stand_down_nothing_is_written(crisis: Crisis, alert: Revision) -> None:  # noqa: ARG001 - as above
    await stand_down(crisis.db, DIRECTOR, 1)
    with pytest.raises(Conflict, match="stood down"):
        await write(crisis)


async def test_a_message_of_another_activation_is_not_gone_on_with(crisis: Crisis, alert: Revision) -> None:
    await crisis.desk.approve(EDITOR, alert.id)
    await stand_down(crisis.db, DIRECTOR, 1)
    second = await factories.activation(crisis.db)
    with pytest.raises(NotFound, match="has no such message"):
        await write(crisis, Kind.UPDATE, activation=second.id, message_id=alert.message_id)


async def test_a_save_builds_on_the_one_before(crisis: Crisis, alert: Revision) -> None:
    saved = await save(crisis, alert, 1, OTHER_EDITOR, contents=slide(headline="Skred"))
    assert (saved.saves, saved.written_by, saved.contents["nb"]["headline"]) == (2, "Kollegaen", "Skred")
    assert (await save(crisis, alert, 2)).saves == 3


async def test_a_stale_save_changes_nothing_and_shows_the_other_editors_text(crisis: Crisis, alert: Revision) -> None:
    await save(crisis, alert, 1, OTHER_EDITOR, contents=slide(headline="Kollegaens overskrift"))
    with pytest.raises(StaleSave, match="Kollegaen has saved this revision since you opened it") as stale:
        await save(crisis, alert, 1, contents=slide(headline="Min overskrift"))
    assert stale.value.revision.contents["nb"]["headline"] == "Kollegaens overskrift"
    kept = await reread(crisis, alert)
    assert (kept.saves, kept.contents["nb"]["headline"]) == (2, "Kollegaens overskrift")


async def test_of_many_saves_at_once_one_wins_and_the_others_are_told(crisis: Crisis, alert: Revision) -> None:
    saves = (save(crisis, alert, 1, contents=slide(headline=f"Overskrift {n}")) for n in range(6))
    ended = await asyncio.gather(*saves, return_exceptions=True)
    assert sum(isinstance(each, Revision) for each in ended) == 1
    assert sum(isinstance(each, StaleSave) for each in ended) == 5
    assert (await reread(crisis, alert)).saves == 2


async def test_an_approved_revision_is_frozen(crisis: Crisis, alert: Revision) -> None:
    await crisis.desk.approve(EDITOR, alert.id)
    with pytest.raises(AlreadyApproved, match="approved by Nettredaksjonen and is frozen"):
        await save(crisis, alert, 1)


async def test_a_save_that_cannot_stand_is_refused_and_changes_nothing(crisis: Crisis, alert: Revision) -> None:
    for given in ({"contents": slide(contact="___")}, {"next_update_at": None}, {"audience_id": 77}):
        with pytest.raises((Invalid, NotFound)):
            await save(crisis, alert, 1, **given)
    assert (await reread(crisis, alert)).saves == 1
    with pytest.raises(NotFound):
        await save(crisis, Revision(id=99), 1)


async def test_what_follows_an_alert_goes_to_its_audience_also_after_a_save_that_names_none(
    crisis: Crisis, alert: Revision
) -> None:
    await factories.account(crisis, "sms")
    audience = await factories.audience(crisis, 2)
    await save(crisis, alert, 1, audience_id=audience)
    await crisis.desk.approve(EDITOR, alert.id)
    update = await write(crisis, Kind.UPDATE, message_id=1)
    assert update.audience_id == audience
    assert (await save(crisis, update, 1)).audience_id == audience


async def test_the_audience_of_an_alert_can_be_left_out_again(crisis: Crisis, alert: Revision) -> None:
    audience = await factories.audience(crisis, 2)
    assert (await save(crisis, alert, 1, audience_id=audience)).audience_id == audience
    assert (await save(crisis, alert, 2)).audience_id is None


async def test_revisions_are_listed_oldest_first_and_page_by_page(crisis: Crisis, alert: Revision) -> None:
    await write(crisis)
    await write(crisis)
    async with crisis.db.transaction() as session:
        first = await drafts.revisions(session, 1, most=2)
        rest = await drafts.revisions(session, 1, after=first[-1].id)
        assert await drafts.revisions(session, 2) == []
    assert [each.id for each in (*first, *rest)] == [alert.id, alert.id + 1, alert.id + 2]
