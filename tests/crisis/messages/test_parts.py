"""Parts: what is typed is kept, whatever it is; and two editors never take anything from each other."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.errors import Invalid, NotAllowed, NotFound
from crisis.messages import drafts, parts, presence, unfinished
from crisis.messages.drafts import AlreadyApproved, HeldForApproval
from crisis.messages.models import Kind, Revision
from crisis.messages.parts import StalePart, merged
from crisis.messages.release import submit
from crisis.messages.saves import TERMS, saves_of
from crisis.roles import Actor, Role
from tests import factories
from tests.factories import EDITOR, LANGUAGES, SLIDE

KARI = Actor("Kari", Role.EDITOR, "nettredaksjonen")
PER = Actor("Per", Role.EDITOR, "nettredaksjonen")
TYPED: dict[str, Any] = {
    "headline": "  Skred ved {område}",
    "what_happened": "Det har\r\n",
    "what_to_do": ["Gå", "", " "],
}


@pytest.fixture
async def begun(crisis: Crisis) -> Revision:
    """A draft that somebody has only begun."""
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db)
    return await drafts.write(
        crisis.db, KARI, activation.id, Kind.ALERT, {"nb": TYPED}, LANGUAGES, hazard="landslide", finished=False
    )


async def save(
    crisis: Crisis, actor: Actor, revision: Revision, language: str, built_on: int, **fields: Any
) -> Revision:
    return await parts.save_text(crisis.db, actor, revision.id, language, built_on, fields, LANGUAGES)


async def reread(crisis: Crisis, revision: Revision) -> Revision:
    async with crisis.db.transaction() as session:
        return await drafts.get(session, revision.id)


async def test_what_is_typed_is_kept_exactly(crisis: Crisis, begun: Revision) -> None:
    assert (await reread(crisis, begun)).contents == {"nb": TYPED}
    await save(crisis, KARI, begun, "nb", 1, headline="Skr\x00ed \ud83d XX", where="[sted]")
    assert (await reread(crisis, begun)).contents == {"nb": {"headline": "Skred  XX", "where": "[sted]"}}


async def test_what_is_missing_is_named_with_its_place_and_nothing_goes_out(crisis: Crisis, begun: Revision) -> None:
    plan = await crisis.desk.preview(KARI, begun.id)
    places = {(fault.code, fault.language, fault.field, fault.item) for fault in plan.faults}
    assert places == {
        ("placeholder", "nb", "headline", None),
        ("empty", "nb", "what_to_do", 1),
        ("empty", "nb", "what_to_do", 2),
        ("empty", "nb", "where", None),
        ("empty", "nb", "leads", None),
        ("empty", "nb", "contact", None),
        ("no_promise", None, "next_update_at", None),
    }
    assert "Skred ved {område}" in plan.previews[0].rendered.title
    with pytest.raises(Invalid) as refused:
        await crisis.desk.approve(KARI, begun.id)
    assert len(refused.value.problems) == len(places)


async def test_what_is_approved_is_the_cleaned_text(crisis: Crisis, begun: Revision) -> None:
    await save(crisis, KARI, begun, "nb", 1, **{**SLIDE["nb"], "headline": "  Skred   ved Moen "})
    later = clock.now().replace(year=2099)
    await parts.save_terms(crisis.db, KARI, begun.id, 1, next_update_at=later, audience_id=None, channels=None)
    approved = await crisis.desk.approve(PER, begun.id)
    assert approved.revision.contents["nb"]["headline"] == "Skred ved Moen"
    with pytest.raises(AlreadyApproved):
        await save(crisis, KARI, begun, "nb", 2, headline="For sent")


async def test_a_promise_that_passed_while_it_was_written_stops_it(crisis: Crisis, begun: Revision) -> None:
    await save(crisis, KARI, begun, "nb", 1, **SLIDE["nb"])
    passed = clock.now().replace(year=2020)
    await parts.save_terms(crisis.db, KARI, begun.id, 1, next_update_at=passed, audience_id=None, channels=None)
    assert [fault.code for fault in (await crisis.desk.preview(KARI, begun.id)).faults] == ["promise_passed"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"headline": 12}, "headline is not a text"),
        ({"what_to_do": "Gå"}, "what_to_do is not a list of texts"),
        ({"what_to_do": ["Gå"] * (unfinished.MOST_ITEMS + 1)}, "a draft holds 50"),
        ({"where": "å" * (unfinished.MOST + 1)}, "longer than the 20,000"),
        ({"sender": "meg"}, "sender is not a field"),
    ],
)
async def test_what_no_draft_can_hold_is_refused_and_changes_nothing(
    crisis: Crisis, begun: Revision, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        await save(crisis, KARI, begun, "nb", 1, **fields)
    with pytest.raises(Invalid, match="message languages"):
        await save(crisis, KARI, begun, "tlh", 0, headline="Qapla")
    assert (await reread(crisis, begun)).contents == {"nb": TYPED}


async def test_two_who_write_different_languages_never_collide(crisis: Crisis, begun: Revision) -> None:
    async def write(actor: Actor, language: str) -> None:
        for built_on in range(6):
            start = 1 if language == "nb" else 0
            await save(crisis, actor, begun, language, start + built_on, headline=f"{language} {built_on}")

    await asyncio.gather(write(KARI, "nb"), write(PER, "nn"), write(EDITOR, "en"))
    now = await reread(crisis, begun)
    assert {language: fields["headline"] for language, fields in now.contents.items()} == {
        "nb": "nb 5", "nn": "nn 5", "en": "en 5",
    }  # fmt: skip
    assert {part: kept["by"] for part, kept in now.part_saves.items() if part != TERMS} == {
        "nb": "Kari", "nn": "Per", "en": "Nettredaksjonen",
    }  # fmt: skip
    assert sorted(now.authors) == ["Kari", "Nettredaksjonen", "Per"]


async def test_a_stale_save_of_the_same_language_gives_both_texts(crisis: Crisis, begun: Revision) -> None:
    await save(crisis, PER, begun, "nb", 1, headline="Pers")
    with pytest.raises(StalePart, match="Per has saved nb") as stale:
        await save(crisis, KARI, begun, "nb", 1, headline="Karis", where="Moen")
    assert (stale.value.theirs, stale.value.yours) == ({"headline": "Pers"}, {"headline": "Karis", "where": "Moen"})
    assert (stale.value.by, stale.value.saves) == ("Per", 2)
    text_, both = merged({"headline": TYPED["headline"]}, stale.value.theirs, stale.value.yours)
    assert (text_, both) == ({"headline": "Karis", "where": "Moen"}, ["headline"])
    await save(crisis, KARI, begun, "nb", stale.value.saves, **text_)
    assert (await reread(crisis, begun)).contents["nb"] == text_


async def test_what_only_one_of_two_changed_is_put_together(crisis: Crisis) -> None:  # noqa: ARG001 - the suite's loop
    base = {"headline": "En", "where": "Her", "what_to_do": ["A"]}
    theirs, yours = {**base, "where": "Moen"}, {**base, "what_to_do": ["A", "B"]}
    assert merged(base, theirs, yours) == ({"headline": "En", "where": "Moen", "what_to_do": ["A", "B"]}, [])
    assert merged(base, base, {"headline": "En"}) == ({"headline": "En"}, [])


async def test_saving_the_same_again_is_no_save_and_never_stale(crisis: Crisis, begun: Revision) -> None:
    await save(crisis, KARI, begun, "nn", 0, headline="Skred")
    again = await save(crisis, PER, begun, "nn", 0, headline="Skred", where="")
    assert (saves_of(again, "nn"), again.authors) == (1, ["Kari"])


async def test_a_language_that_is_emptied_is_taken_out(crisis: Crisis, begun: Revision) -> None:
    await save(crisis, KARI, begun, "en", 0, headline="Slide")
    await save(crisis, KARI, begun, "en", 1, headline="  ", what_to_do=[""])
    assert (await reread(crisis, begun)).contents.keys() == {"nb"}


async def test_terms_are_a_part_of_their_own(crisis: Crisis, begun: Revision) -> None:
    later = clock.now().replace(year=2099)
    given: dict[str, Any] = {"next_update_at": later, "audience_id": None, "channels": ["sms", "facebook"]}
    saved = await parts.save_terms(crisis.db, KARI, begun.id, 1, **given)
    assert (saved.channels, saved.part_saves[TERMS]["saves"]) == (["facebook", "sms"], 2)
    with pytest.raises(StalePart, match="Kari has saved terms"):
        await parts.save_terms(crisis.db, PER, begun.id, 1, **given | {"channels": None})
    with pytest.raises(NotFound):
        await parts.save_terms(crisis.db, PER, begun.id, 2, **given | {"audience_id": 77})
    await save(crisis, PER, begun, "nb", 1, headline="Uten å komme i veien")


async def test_a_message_goes_through_the_channels_it_names_and_the_crisis_page(
    crisis: Crisis, begun: Revision
) -> None:
    for channel in ("facebook", "twitter", "sms"):
        await factories.account(crisis, channel)
    people = await factories.audience(crisis, 2)
    given: dict[str, Any] = {"next_update_at": None, "audience_id": people}
    await parts.save_terms(crisis.db, KARI, begun.id, 1, **given, channels=["facebook"])
    assert (await crisis.desk.preview(KARI, begun.id)).deliveries == {"website": 1, "facebook": 1}
    await parts.save_terms(crisis.db, KARI, begun.id, 2, **given, channels=None)
    everywhere = {"website": 1, "facebook": 1, "twitter": 1, "sms": 2}
    assert (await crisis.desk.preview(KARI, begun.id)).deliveries == everywhere


async def test_a_translation_that_is_not_finished_never_holds_a_message_back(crisis: Crisis, begun: Revision) -> None:
    await save(crisis, KARI, begun, "nb", 1, **SLIDE["nb"])
    await save(crisis, PER, begun, "en", 0, headline="Landslide at")
    later = clock.now().replace(year=2099)
    await parts.save_terms(crisis.db, KARI, begun.id, 1, next_update_at=later, audience_id=None, channels=None)
    with pytest.raises(Invalid, match="en: what_happened is missing"):
        await crisis.desk.approve(KARI, begun.id)
    approved = await crisis.desk.approve(KARI, begun.id, leave_out=["en", "nb"])
    assert approved.revision.contents.keys() == {"nb"}
    assert approved.revision.left_out == {"en": {"headline": "Landslide at"}}


async def test_others_than_the_desk_write_nothing(crisis: Crisis, begun: Revision) -> None:
    for actor in (Actor("Enhet", Role.UNIT, "biblioteket"), Actor("Drift", Role.ADMIN)):
        with pytest.raises(NotAllowed):
            await save(crisis, actor, begun, "nb", 1, headline="Nei")
        with pytest.raises(NotAllowed):
            await presence.touch(crisis.db, actor, begun.id, "nb")


async def test_what_waits_for_approval_is_held_still(crisis: Crisis, begun: Revision) -> None:
    await submit(crisis.db, KARI, begun.id)
    with pytest.raises(HeldForApproval, match="take it back first"):
        await save(crisis, KARI, begun, "nb", 1, headline="Likevel")


# Presence


async def test_those_in_a_draft_see_each_other_and_where(crisis: Crisis, begun: Revision) -> None:
    assert await presence.touch(crisis.db, KARI, begun.id, "nb") == []
    (seen,) = await presence.touch(crisis.db, PER, begun.id, "en")
    assert (seen.name, seen.part) == ("Kari", "nb")
    await presence.touch(crisis.db, KARI, begun.id, "nn")
    assert [(each.name, each.part) for each in await presence.touch(crisis.db, PER, begun.id, "en")] == [("Kari", "nn")]
    await presence.leave(crisis.db, KARI, begun.id)
    assert await presence.touch(crisis.db, PER, begun.id, "en") == []
    with pytest.raises(NotFound):
        await presence.touch(crisis.db, PER, 99, "nb")


async def test_who_was_not_seen_for_half_a_minute_is_gone(crisis: Crisis, begun: Revision) -> None:
    await presence.touch(crisis.db, KARI, begun.id, "nb")
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE presences SET seen_at = seen_at - interval '31 seconds'"))
    assert await presence.touch(crisis.db, PER, begun.id, "nb") == []
    async with crisis.db.transaction() as session:
        assert list(await session.scalars(text("SELECT name FROM presences"))) == ["Per"]
