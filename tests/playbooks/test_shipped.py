"""The playbooks that come with the service: whole in every language, sendable as they are, and possible to play to the end."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from crisis.bootstrap import known_of
from crisis.messages.content import Content
from crisis.messages.hints import lexicon, lix
from crisis.messages.hints.given import Given
from crisis.messages.hints.service import hints_of
from crisis.messages.library import fill
from crisis.messages.models import Kind
from crisis.mode import Mode
from crisis.playbooks.models import Action, Check, MessageTemplate, Playbook, SystemFault, Via
from crisis.playbooks.reading import read_file
from crisis.playbooks.schema import schema
from crisis.playbooks.texts import LText
from crisis.settings import Settings, data_dir
from tests.factories import LANGUAGES

FOLDER = data_dir("playbooks")
FILES = sorted(FOLDER.glob("*.yaml"))
SETTINGS = Settings()
KNOWN = known_of(SETTINGS)
BOOKS = {path.stem: read_file(path, KNOWN)[0] for path in FILES}
LEXICONS = lexicon.load(data_dir("templates"))
NOW = datetime(2026, 11, 20, 5, 58, tzinfo=UTC)
NEXT = NOW + timedelta(hours=1)
TEMPLATES = [(key, each.id) for key, book in BOOKS.items() for each in book.templates]


def filled(book: Playbook, template: MessageTemplate, language: str) -> Content:
    values = {name: blank.example[language] for name, blank in book.blanks.items()}
    return Content.model_validate(fill(template.contents[language], values))


def promised(template: MessageTemplate) -> datetime | None:
    return None if Kind(template.kind).is_end else NEXT


def texts(part: object) -> Iterator[LText]:
    if isinstance(part, LText):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from texts(each)
    elif hasattr(part, "__pydantic_fields__"):
        for name in type(part).model_fields:
            yield from texts(getattr(part, name))


def test_the_five_that_a_municipality_needs_first_are_there_and_approved() -> None:
    assert set(BOOKS) == {"kvikkleireskred", "drikkevann", "strombrudd", "skoletrussel", "ekstremvaer"}
    for book in BOOKS.values():
        assert book.status == "approved"
        assert book.review_by is not None
        assert book.review_by > date(2026, 11, 26)


def test_the_schema_beside_them_is_the_one_that_the_models_give() -> None:
    held = json.loads((FOLDER / "playbook.schema.json").read_text())
    assert held == json.loads(json.dumps(schema(KNOWN))), (
        "Make it again: crisis playbook schema > playbooks/playbook.schema.json"
    )


@pytest.mark.parametrize("key", BOOKS)
def test_an_editor_is_told_where_the_schema_is(key: str) -> None:
    first = (FOLDER / f"{key}.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=playbook.schema.json"


@pytest.mark.parametrize("key", BOOKS)
def test_everything_that_is_read_is_there_in_three_languages(key: str) -> None:
    book = BOOKS[key]
    found = list(texts(book))
    assert len(found) > 50
    assert [each.root for each in found if set(LANGUAGES) - each.languages] == []
    assert {each.kind for each in book.templates} == {"alert", "update", "correction", "all_clear"}
    assert set(book.languages.needed) == set(LANGUAGES)


@pytest.mark.parametrize(("key", "template"), TEMPLATES)
@pytest.mark.parametrize("channel", ["website", "facebook", "twitter", "sms"])
def test_every_text_begins_with_the_exercises_marker(key: str, template: str, channel: str) -> None:
    book, found = BOOKS[key], BOOKS[key].template_of(template)
    assert found is not None
    for language in LANGUAGES:
        rendered = KNOWN.renderer.render(
            found.kind, channel, KNOWN.capabilities[channel], filled(book, found, language),
            language=language, mode=Mode.EXERCISE, next_update_at=promised(found), number=2, now=NOW,
        )  # fmt: skip
        assert rendered.text.startswith("ØVELSE ØVELSE ØVELSE")
        if channel == "sms":
            assert rendered.length.count == 1, rendered.text


@pytest.mark.parametrize(("key", "template"), TEMPLATES)
def test_no_text_raises_a_hint_and_all_are_easy_to_read(key: str, template: str) -> None:
    book, found = BOOKS[key], BOOKS[key].template_of(template)
    assert found is not None
    contents = {language: filled(book, found, language) for language in LANGUAGES}
    sms = {}
    for language, content in contents.items():
        rendered = KNOWN.renderer.render(
            found.kind, "sms", KNOWN.capabilities["sms"], content,
            language=language, mode=Mode.ACTUAL, next_update_at=promised(found), number=2, now=NOW,
        )  # fmt: skip
        sms[language] = (rendered.text, rendered.length)
        assert lix.of(content) < 40
    given = Given(
        kind=Kind(found.kind), languages=LANGUAGES, contents=contents, lexicons=LEXICONS, words=KNOWN.renderer.words,
        municipality=SETTINGS.municipality, host=SETTINGS.crisis_page_host, now=NOW, template=None, sms=sms,
        next_update_at=promised(found),
    )  # fmt: skip
    assert list(hints_of(given, most=50)) == []


@pytest.mark.parametrize("key", BOOKS)
def test_it_rehearses_the_whole_job_in_its_order(key: str) -> None:
    book = BOOKS[key]
    actions = [each.action for each in book.expectations]
    assert (actions[0], actions[-1]) == (Action.ACTIVATE, Action.DEACTIVATE)
    assert {Action.LOCK_ALL, Action.PUBLISH_BLOCKED, Action.BRIEF_SWITCHBOARD, Action.BRIEF_EMPLOYEES} <= set(actions)
    kinds = [each.match.kind for each in book.expectations if each.match is not None]
    assert (kinds[0], kinds[-1]) == ("alert", "all_clear")
    assert "correction" in kinds
    assert {each.check for each in book.expectations} == set(Check)
    ways = {each.via for each in book.injects}
    assert {Via.PHONE, Via.PRESS, Via.SOCIAL, Via.UNIT_POST} <= ways
    assert ways & {Via.CHANNEL_FAULT, Via.SYSTEM_FAULT}
    assert any(each.unless for each in book.injects)


@pytest.mark.parametrize("key", BOOKS)
def test_there_is_time_for_everything_before_it_ends(key: str) -> None:
    book = BOOKS[key]
    begins = {name: each.at for each in book.injects for name in each.expects if each.after is None}
    for each in book.expectations:
        if each.after is not None:  # begins, at the latest, when what it follows was due
            begins[each.id] = begins[each.after] + next(e.within for e in book.expectations if e.id == each.after)
    assert set(begins) == {each.id for each in book.expectations}
    last = max(begins[each.id] + each.within for each in book.expectations)
    assert last <= book.exercise.duration, last


@pytest.mark.parametrize("key", BOOKS)
def test_each_step_follows_the_one_it_needs(key: str) -> None:
    expectations = {each.id: each for each in BOOKS[key].expectations}
    kinds = {each.match.kind: each for each in expectations.values() if each.match is not None}
    activate, *_, deactivate = expectations.values()
    alert, all_clear = kinds["alert"], kinds["all_clear"]
    assert [alert.after, deactivate.after] == [activate.id, all_clear.id]
    follows = {each.action: each.after for each in expectations.values()}
    assert follows[Action.LOCK_ALL] == activate.id
    assert follows[Action.BRIEF_SWITCHBOARD] == follows[Action.BRIEF_EMPLOYEES] == alert.id
    fires = {name: each.at for each in BOOKS[key].injects for name in each.expects}
    assert fires[all_clear.id] == max(fires.values())


@pytest.mark.parametrize("key", BOOKS)
def test_the_emergency_access_is_tried_wherever_signing_in_is_gone(key: str) -> None:
    book = BOOKS[key]
    actions = {each.id: each.action for each in book.expectations}
    for inject in book.injects:
        if inject.fault == SystemFault.IDP_DOWN:
            assert Action.BREAK_GLASS in {actions[name] for name in inject.expects}


@pytest.mark.parametrize("key", BOOKS)
def test_a_machine_knows_what_to_say_wherever_a_message_is_expected(key: str) -> None:
    book = BOOKS[key]
    for each in book.expectations:
        if each.action in {Action.PUBLISH, Action.UPDATE_DUE}:
            assert each.play is not None, each.id
            template = book.template_of(each.play.template)
            assert template is not None
            if each.match is not None:
                assert template.kind == each.match.kind
