"""Release: one person or two, and nothing goes out that a second person was to read first."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.bootstrap import Crisis, crisis_of
from crisis.db import no_bell
from crisis.errors import Invalid, NotAllowed
from crisis.messages import drafts, release
from crisis.messages.duplicate import SameAgain
from crisis.messages.models import Kind, Revision, RevisionState
from crisis.messages.outcome import Approved
from crisis.messages.release import MOVES, NotWaiting, SecondPersonNeeded
from crisis.mode import Mode
from crisis.roles import Actor, Role
from crisis.settings import Settings, TwoPeople
from tests import factories
from tests.factories import DIRECTOR, EDITOR, LANGUAGES, SLIDE

SECOND = Actor("Kollegaen", Role.EDITOR, "nettredaksjonen")
Rule = Callable[[TwoPeople], Crisis]


@pytest.fixture
async def under(crisis: Crisis, settings: Settings) -> Rule:
    """The same database under another rule."""

    def make(two_people: TwoPeople) -> Crisis:
        made = crisis_of(settings.model_copy(update={"two_people": two_people}), bell=no_bell)
        made.desk._db = crisis.db
        return made

    return make


async def alert(crisis: Crisis, mode: Mode = Mode.ACTUAL) -> Revision:
    """A draft of EDITOR's, with somewhere to go."""
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db, mode)
    return await factories.alert(crisis, activation.id)


async def last_entry(crisis: Crisis) -> dict[str, Any]:
    async with crisis.db.transaction() as session:
        record = await session.scalar(text("SELECT record FROM audit ORDER BY seq DESC LIMIT 1"))
    return dict(json.loads(record or "{}"))


async def test_one_person_may_write_and_release_unless_the_municipality_says_otherwise(crisis: Crisis) -> None:
    draft = await alert(crisis)
    assert (await crisis.desk.approve(EDITOR, draft.id)).revision.state is RevisionState.APPROVED


async def test_with_two_people_nobody_releases_what_they_wrote(crisis: Crisis, under: Rule) -> None:
    two, draft = under(TwoPeople.ON), await alert(crisis)
    for actor in (EDITOR, SECOND):
        with pytest.raises(NotWaiting, match="sends it for approval first"):
            await two.desk.approve(actor, draft.id)
    await release.submit(crisis.db, EDITOR, draft.id)
    with pytest.raises(SecondPersonNeeded, match="somebody else is to release it"):
        await two.desk.approve(EDITOR, draft.id)
    done = await two.desk.approve(SECOND, draft.id)
    assert (done.revision.submitted_by, done.revision.approved_by) == ("Nettredaksjonen", "Kollegaen")


async def test_who_wrote_one_word_of_it_is_an_author(crisis: Crisis, under: Rule) -> None:
    two, draft = under(TwoPeople.ON), await alert(crisis)
    changed = {"nb": {**SLIDE["nb"], "where": "Elvesletta"}}
    at = draft.next_update_at
    await drafts.save(crisis.db, SECOND, draft.id, 1, changed, LANGUAGES, next_update_at=at)
    await release.submit(crisis.db, EDITOR, draft.id)
    with pytest.raises(SecondPersonNeeded):
        await two.desk.approve(SECOND, draft.id)
    assert (await two.desk.approve(DIRECTOR, draft.id)).revision.approved_by == DIRECTOR.name


async def test_in_an_exercise_everybody_may_release_what_they_wrote(crisis: Crisis, under: Rule) -> None:
    draft = await alert(crisis, Mode.EXERCISE)
    assert (await under(TwoPeople.ON).desk.approve(EDITOR, draft.id)).revision.approved_by == EDITOR.name


async def test_after_some_minutes_one_may_release_alone_and_that_is_on_record(crisis: Crisis, under: Rule) -> None:
    alone, draft = under(TwoPeople.OVERRIDE), await alert(crisis)
    waiting = await release.submit(crisis.db, EDITOR, draft.id)
    assert waiting.submitted_at is not None
    with pytest.raises(SecondPersonNeeded, match="you may release it alone from") as refused:
        await alone.desk.approve(EDITOR, draft.id)
    assert refused.value.alone_from == waiting.submitted_at + timedelta(minutes=5)
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE revisions SET submitted_at = submitted_at - interval '5 minutes'"))
    await alone.desk.approve(EDITOR, draft.id)
    assert (await last_entry(crisis))["detail"]["alone"] is True


async def test_a_second_person_need_not_wait_and_is_not_alone(crisis: Crisis, under: Rule) -> None:
    draft = await alert(crisis)
    await release.submit(crisis.db, EDITOR, draft.id)
    await under(TwoPeople.OVERRIDE).desk.approve(SECOND, draft.id)
    assert "alone" not in (await last_entry(crisis))["detail"]


async def test_what_is_sent_back_says_why_and_may_be_changed_and_sent_again(crisis: Crisis) -> None:
    draft = await alert(crisis)
    await release.submit(crisis.db, EDITOR, draft.id)
    back = await release.send_back(crisis.db, SECOND, draft.id, "  Feil\nmøtested ")
    assert (back.state, back.returned_by, back.returned_for) == (RevisionState.RETURNED, "Kollegaen", "Feil møtested")
    assert (await last_entry(crisis))["detail"]["reason"] == "Feil møtested"
    at = back.next_update_at
    saved = await drafts.save(crisis.db, EDITOR, draft.id, 1, SLIDE, LANGUAGES, next_update_at=at)
    assert saved.returned_for == "Feil møtested"
    again = await release.submit(crisis.db, EDITOR, draft.id)
    assert (again.state, again.returned_for) == (RevisionState.WAITING, None)


async def test_without_a_reason_nothing_is_sent_back(crisis: Crisis) -> None:
    draft = await alert(crisis)
    await release.submit(crisis.db, EDITOR, draft.id)
    for reason in ("", " \n ", "\x00", "x" * 1001):
        with pytest.raises(Invalid, match="Nothing was sent back"):
            await release.send_back(crisis.db, SECOND, draft.id, reason)


async def test_sending_for_approval_twice_is_once_and_taking_back_makes_it_a_draft(crisis: Crisis) -> None:
    draft = await alert(crisis)
    first = await release.submit(crisis.db, EDITOR, draft.id)
    assert (await release.submit(crisis.db, SECOND, draft.id)).submitted_at == first.submitted_at
    assert (await release.take_back(crisis.db, EDITOR, draft.id)).state is RevisionState.DRAFT
    with pytest.raises(NotWaiting):
        await release.take_back(crisis.db, EDITOR, draft.id)
    with pytest.raises(NotWaiting):
        await release.send_back(crisis.db, SECOND, draft.id, "For sent")


async def test_what_waits_is_listed_the_longest_first(crisis: Crisis) -> None:
    first = await alert(crisis)
    second = await factories.alert(crisis, 1)
    for each in (second, first):
        await release.submit(crisis.db, EDITOR, each.id)
    async with crisis.db.transaction() as session:
        assert [each.id for each in await release.waiting(session, 1)] == [second.id, first.id]


@pytest.mark.parametrize("role", [Role.UNIT, Role.AUDITOR, Role.ADMIN])
async def test_others_than_the_desk_move_nothing(crisis: Crisis, role: Role) -> None:
    draft, actor = await alert(crisis), Actor("Noen", role, "biblioteket")
    for act in (release.submit, release.take_back):
        with pytest.raises(NotAllowed):
            await act(crisis.db, actor, draft.id)
    with pytest.raises(NotAllowed):
        await release.send_back(crisis.db, actor, draft.id, "Nei")


def test_every_state_has_its_moves_and_approval_is_the_end() -> None:
    assert MOVES.keys() == set(RevisionState)
    assert MOVES[RevisionState.APPROVED] == frozenset()


# The very same again


async def twin(crisis: Crisis, of: Revision, **changed: Any) -> Revision:
    """Another draft that says the same and promises the same."""
    given: dict[str, Any] = {"next_update_at": of.next_update_at, "audience_id": of.audience_id} | changed
    contents = given.pop("contents", of.contents)
    return await drafts.write(crisis.db, EDITOR, 1, Kind.ALERT, contents, LANGUAGES, **given)


async def test_the_very_same_within_a_minute_is_a_double_click(crisis: Crisis) -> None:
    first = await alert(crisis)
    await crisis.desk.approve(EDITOR, first.id)
    again = await twin(crisis, first)
    with pytest.raises(SameAgain, match="The very same text went out at"):
        await crisis.desk.approve(EDITOR, again.id)
    async with crisis.db.transaction() as session:
        past = "UPDATE revisions SET approved_at = approved_at - interval '61 seconds' WHERE state = 'approved'"
        await session.execute(text(past))
    await crisis.desk.approve(EDITOR, again.id)


async def test_of_the_very_same_approved_at_once_one_goes_out(crisis: Crisis) -> None:
    first = await alert(crisis)
    twins = [await twin(crisis, first) for _ in range(4)]
    ended = await asyncio.gather(*(crisis.desk.approve(EDITOR, each.id) for each in twins), return_exceptions=True)
    assert [type(each) for each in ended].count(Approved) == 1
    assert [type(each) for each in ended].count(SameAgain) == len(twins) - 1


async def test_to_other_people_or_in_other_words_it_is_another_message(crisis: Crisis) -> None:
    await factories.account(crisis, "sms")
    first = await alert(crisis)
    await crisis.desk.approve(EDITOR, first.id)
    people = await factories.audience(crisis, 2)
    other = {"nb": {**SLIDE["nb"], "where": "Elvesletta"}}
    later = (first.next_update_at or clock.now()) + timedelta(minutes=5)
    changes: list[dict[str, Any]] = [
        {"audience_id": people}, {"contents": other}, {"next_update_at": later}, {"channels": ["website"]},
    ]  # fmt: skip
    for changed in changes:
        sent = await crisis.desk.approve(EDITOR, (await twin(crisis, first, **changed)).id)
        assert sent.deliveries, changed


async def test_what_it_costs_is_counted_by_everyones_own_language(crisis: Crisis) -> None:
    await factories.account(crisis, "sms")
    draft = await alert(crisis)
    people = await factories.audience(crisis, 10)
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE recipients SET language = 'en' WHERE id % 5 = 0"))
        await session.execute(text(f"UPDATE revisions SET audience_id = {people} WHERE id = {draft.id}"))
    long = {**SLIDE["nb"], "what_to_do": ["Leave the area now, by the road to the north. " * 4]}
    both = {**SLIDE, "en": long}
    at = draft.next_update_at
    await drafts.save(crisis.db, EDITOR, draft.id, 1, both, LANGUAGES, next_update_at=at, audience_id=people)
    plan = await crisis.desk.preview(EDITOR, draft.id)
    parts = {each.language: each.rendered.length.count for each in plan.previews if each.channel == "sms"}
    assert parts["en"] > parts["nb"] > 0
    assert plan.cost is not None
    assert plan.cost.parts == 8 * parts["nb"] + 2 * parts["en"]
    assert plan.cost.kroner == plan.cost.parts * crisis.settings.sms_part_price
