"""Library: every template fits one text message with the exercise's marker, passes the hints, and is easy to read."""

import itertools
from datetime import UTC, datetime

import pytest

from crisis.channels import Capabilities, Limit, Unit
from crisis.errors import NotFound, Unready
from crisis.messages.content import read_contents
from crisis.messages.hints import lexicon, lix
from crisis.messages.hints.given import Given
from crisis.messages.hints.service import hints_of
from crisis.messages.library import Library, Template, fill, left
from crisis.messages.models import Kind
from crisis.messages.render import Renderer
from crisis.messages.rendered import check
from crisis.mode import Mode
from crisis.settings import data_dir
from tests.factories import LANGUAGES

TEMPLATES = data_dir("templates")
LIBRARY = Library(TEMPLATES)
LEXICONS = lexicon.load(TEMPLATES)
RENDERER = Renderer(TEMPLATES, municipality="Fjordvik kommune", crisis_page_host="krise.fjordvik.kommune.no")
NOW = datetime(2026, 11, 20, 5, 58, tzinfo=UTC)
NEXT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
SHORT = {
    "sms": Capabilities(limit=Limit(Unit.SEGMENTS, 1), short=True),
    "twitter": Capabilities(limit=Limit(Unit.WEIGHTED, 280), short=True),
}
EVERY = list(itertools.product([each.hazard for each in LIBRARY], LANGUAGES))


def test_the_usual_crises_are_there() -> None:
    usual = {
        "landslide", "flood", "storm", "drinking_water", "power_outage", "telecom_outage", "fire", "threat", "search", "accident",
    }  # fmt: skip
    assert {each.hazard for each in LIBRARY} >= usual


@pytest.mark.parametrize("hazard", [each.hazard for each in LIBRARY])
def test_a_template_has_everything_in_every_language(hazard: str) -> None:
    template = LIBRARY.get(hazard)
    for said in (template.name, template.when, template.words, template.contents):
        assert set(said) == set(LANGUAGES)
    for blank in template.blanks.values():
        assert set(blank.label) == set(blank.example) == set(LANGUAGES)
    assert len({len(template.contents[language]["what_to_do"]) for language in LANGUAGES}) == 1
    assert "område" in template.blanks


@pytest.mark.parametrize(("hazard", "language"), EVERY)
@pytest.mark.parametrize("channel", SHORT)
def test_it_fits_one_text_message_and_one_post_with_the_exercises_marker(
    hazard: str, language: str, channel: str
) -> None:
    content = LIBRARY.get(hazard).example(language)
    rendered = RENDERER.render(
        "alert", channel, SHORT[channel], content,
        language=language, mode=Mode.EXERCISE, next_update_at=NEXT, number=1, now=NOW,
    )  # fmt: skip
    assert check(rendered, SHORT[channel]) == [], rendered.text
    assert rendered.length.offenders == ()


@pytest.mark.parametrize(("hazard", "language"), EVERY)
def test_it_raises_no_hint(hazard: str, language: str) -> None:
    template = LIBRARY.get(hazard)
    contents = {each: template.example(each) for each in LANGUAGES}
    sms = {}
    for each, content in contents.items():
        rendered = RENDERER.render(
            "alert", "sms", SHORT["sms"], content,
            language=each, mode=Mode.ACTUAL, next_update_at=NEXT, number=1, now=NOW,
        )  # fmt: skip
        sms[each] = (rendered.text, rendered.length)
    given = Given(
        kind=Kind.ALERT, languages=LANGUAGES, contents=contents, lexicons=LEXICONS, words=RENDERER.words,
        municipality="Fjordvik kommune", host="krise.fjordvik.kommune.no", now=NOW, template=template, sms=sms,
        next_update_at=NEXT,
    )  # fmt: skip
    assert [hint for hint in hints_of(given, most=50) if hint.place.language == language] == []


@pytest.mark.parametrize(("hazard", "language"), EVERY)
def test_it_is_easy_to_read(hazard: str, language: str) -> None:
    assert lix.of(LIBRARY.get(hazard).example(language)) < 35


def test_what_is_not_filled_in_stays_in_its_braces_and_stops_it() -> None:
    template = LIBRARY.get("landslide")
    contents = template.filled({"område": " Moen ", "møtested": " "}, LANGUAGES)
    assert contents["nb"]["headline"] == "Skred ved Moen: Gå ut av området nå"
    assert left(contents["nb"]) == ["møtested", "telefon"]
    _, faults = read_contents(contents, LANGUAGES)
    assert {fault.code for fault in faults} == {"placeholder"}
    whole = template.filled({"område": "Moen", "møtested": "Fjordhallen", "telefon": "74 00 00 00"}, ("nb",))
    assert read_contents(whole, LANGUAGES)[1] == []


def test_what_is_filled_in_is_data_and_is_never_read_again() -> None:
    fields = {"headline": "{a} og {b}", "what_to_do": ["{b}"]}
    assert fill(fields, {"a": "{b}", "b": "{{ 7*7 }}{a}"}) == {
        "headline": "{b} og {{ 7*7 }}{a}", "what_to_do": ["{{ 7*7 }}{a}"],
    }  # fmt: skip


def test_a_template_that_is_not_whole_is_told_with_its_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("templates")
    (folder / "messages/library").mkdir(parents=True)
    (folder / "messages/library/flood.json").write_text("{}")
    with pytest.raises(Unready, match=r"flood\.json is not whole"):
        Library(folder)
    held = LIBRARY.get("fire").model_dump()
    with pytest.raises(ValueError, match="have the blanks"):
        Template.model_validate(held | {"blanks": {}})
    (folder / "messages/library/flood.json").write_text(LIBRARY.get("fire").model_dump_json())
    with pytest.raises(Unready, match="calls itself fire"):
        Library(folder)
    with pytest.raises(NotFound, match="meteor"):
        LIBRARY.get("meteor")
