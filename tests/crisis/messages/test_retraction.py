"""The retraction: ready before the alert goes out, in every form, and short enough to go in one SMS."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis.channels import Capabilities, Limit, Unit
from crisis.messages.content import Content
from crisis.messages.rendered import Rendered, check
from crisis.messages.retraction import taken_back
from crisis.mode import Mode
from tests.crisis.messages.rendering import CHANNELS, HOST, MARKED, MOEN, NOW, RENDERER, Reader

SENT = NOW
LATER = NOW + timedelta(minutes=38)
TOMORROW = NOW + timedelta(days=1)
FALSE_ALARM = {
    "nb": ("Falsk alarm: Det er ingen fare", "kl. 06.58", "gjelder ikke"),
    "nn": ("Falsk alarm: Det er ingen fare", "kl. 06.58", "gjeld ikkje"),
    "en": ("False alarm: There is no danger", "at 06:58", "does not apply"),
}
GSM = "abcdefghijklmnopqrstuvwxyzæøåABCDEFGHIJKLMNOPQRSTUVWXYZÆØÅ 0123456789,.:"


def retract(
    channel: str,
    *,
    language: str = "nb",
    mode: Mode = Mode.ACTUAL,
    now: datetime = LATER,
    capabilities: Capabilities | None = None,
    **changed: Any,
) -> Rendered:
    return RENDERER.render_retraction(
        channel,
        capabilities or CHANNELS[channel],
        Content.model_validate(MOEN | changed),
        language=language,
        mode=mode,
        sent_at=SENT,
        number=2,
        now=now,
    )


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
@pytest.mark.parametrize("channel", list(CHANNELS))
def test_a_retraction_says_what_it_takes_back_and_that_there_is_no_danger(
    channel: str, language: str, mode: Mode
) -> None:
    rendered = retract(channel, language=language, mode=mode)
    title, at, _ = FALSE_ALARM[language]
    mark = MARKED[language] if mode is Mode.EXERCISE else ""
    assert rendered.text.startswith(mark)
    assert rendered.title == ". ".join(filter(None, (mark, title)))
    for said in (title, at, "Skred ved Moen", HOST):
        assert said in rendered.text
    assert "Møt på Fjordhallen" not in rendered.text
    assert "Politiet" not in rendered.text
    assert check(rendered, CHANNELS[channel]) == []
    if channel == "sms":
        assert (rendered.length.count, rendered.length.encoding) == (1, "GSM-7")
    if rendered.html is not None:
        read = Reader(rendered.html)
        assert "".join(read.words).strip().startswith(mark)
        assert "Politiet" not in rendered.html


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_long_form_says_it_does_not_apply_and_whom_to_ask(language: str) -> None:
    for channel in ("facebook", "website", "wordpress"):
        text = retract(channel, language=language).text
        assert FALSE_ALARM[language][2] in text
        assert "Ring kommunen på 74 00 00 00." in text


def test_the_words_are_norwegian_as_it_is_written() -> None:
    assert retract("sms").text == (
        "Fjordvik kommune: Falsk alarm: Det er ingen fare. Se bort fra meldingen kl. 06.58: "
        '"Skred ved Moen: Gå ut av området nå". Se krise.fjordvik.kommune.no'
    )
    assert retract("sms", language="nn", headline="Kok vatnet", contact="74 00 00 00").text == (
        'Fjordvik kommune: Falsk alarm: Det er ingen fare. Sjå bort frå meldinga kl. 06.58: "Kok vatnet". '
        "Spørsmål: 74 00 00 00. Sjå krise.fjordvik.kommune.no"
    )


def test_on_another_day_it_says_which_day() -> None:
    for channel in CHANNELS:
        assert "20. november kl. 06.58" in retract(channel, now=TOMORROW).text


@given(st.text(GSM, min_size=1, max_size=120).filter(lambda text: text.strip(" ,.:")), st.sampled_from(list(Mode)))
def test_whatever_the_headline_a_whole_number_of_its_words_goes_in_one_sms(headline: str, mode: Mode) -> None:
    alert = Content.model_validate(MOEN | {"headline": headline})
    words = alert.headline.split(" ")
    if len(words) > 1 and len(words[0]) <= 20:
        rendered = retract("sms", mode=mode, headline=headline)
        shown = rendered.text.split('"')[1].removesuffix("...")
        assert alert.headline.startswith(shown)
        assert rendered.length.count == 1 or len(words[0]) < 12


def test_where_one_part_is_too_little_it_takes_several_and_says_all() -> None:
    rendered = retract("sms", headline="Skred ved Čáhputjávri: Gå ut av området nå")
    assert rendered.length.encoding == "UCS-2"
    assert "Čáhputjávri: Gå ut av området nå" in rendered.text
    assert 1 < rendered.length.count <= 4
    assert check(rendered, CHANNELS["sms"]) == []


def test_what_does_not_fit_at_all_is_said_with_its_numbers() -> None:
    narrow = Capabilities(limit=Limit(Unit.SEGMENTS, 1), short=True)
    rendered = retract("sms", capabilities=narrow, headline="Skred ved Čáhputjávri: Gå ut av området nå")
    (problem,) = check(rendered, narrow)
    assert problem.startswith(("SMS, bokmål: 2 parts of 1.", "SMS, bokmål: 3 parts of 1."))


def test_in_a_language_that_came_later_it_names_what_those_readers_got_first() -> None:
    other = {**MOEN, "headline": "Oppdatert"}
    english = {**MOEN, "headline": "Landslide at Moen"}
    held = taken_back(
        datetime(2026, 11, 20, tzinfo=UTC), [{"nb": MOEN}, {"nb": other, "en": english}], ("nb", "nn", "en")
    )
    assert {language: content.headline for language, content in held.contents.items()} == {
        "nb": MOEN["headline"],
        "en": "Landslide at Moen",
    }
