"""Render: every kind on every channel, in every language and mode, with the words around it."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from crisis.errors import Invalid
from crisis.messages.models import Kind
from crisis.messages.phrasing import said_in, sentence
from crisis.messages.rendered import check
from crisis.messages.words import Words
from crisis.mode import Mode
from tests.crisis.messages.rendering import CHANNELS, HOST, MARKED, MARKER, TEMPLATES, Reader, render


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
@pytest.mark.parametrize("channel", list(CHANNELS))
@pytest.mark.parametrize("kind", [kind.value for kind in Kind if kind is not Kind.RETRACTION])
def test_every_kind_renders_on_every_channel_in_every_language_and_mode(
    kind: str, channel: str, language: str, mode: Mode
) -> None:
    rendered = render(channel, kind, language=language, mode=mode, number=2)
    mark = MARKED[language] if mode is Mode.EXERCISE else ""
    assert rendered.text.startswith(mark)
    assert rendered.title.startswith(mark)
    assert (MARKER in rendered.text) is (mode is Mode.EXERCISE)
    assert "Møt på Fjordhallen" in rendered.text
    assert not re.search(r"[{}]|  |\n\n\n| \n|\.\.", rendered.text)
    assert check(rendered, CHANNELS[channel]) == []
    assert (rendered.html is not None) is (channel in {"website", "wordpress"})
    if rendered.html is not None:
        read = Reader(rendered.html)
        assert "".join(read.words).strip().startswith(mark)
        assert set(read.tags) <= {"p", "strong", "span", "br", "h3", "h4", "ul", "li", "a"}
        assert read.tags.count("li") == 3
    if CHANNELS[channel].short:
        assert rendered.text.endswith(HOST)
        assert "\n" not in rendered.text
        assert "://" not in rendered.text


def test_the_example_as_sms_is_two_parts_and_says_it_all() -> None:
    rendered = render("sms")
    assert rendered.text == (
        "Fjordvik kommune: Skred ved Moen: Gå ut av området nå. Moen og Elvesletta. Møt på Fjordhallen. "
        "Ring 112 hvis noen er i livsfare. Neste melding kl. 07.30. Se krise.fjordvik.kommune.no"
    )
    assert (rendered.length.count, rendered.length.encoding, rendered.length.used) == (2, "GSM-7", 182)
    exercise = render("sms", mode=Mode.EXERCISE)
    assert (exercise.length.count, exercise.length.encoding, exercise.length.used) == (2, "GSM-7", 204)


def test_a_typical_alert_is_one_sms_also_with_the_marker() -> None:
    content: dict[str, Any] = {
        "headline": "Kok vannet i Moen",
        "where": "Moen",
        "what_to_do": ["Kok vannet før du drikker det."],
    }
    actual = render("sms", **content)
    assert actual.text == (
        "Fjordvik kommune: Kok vannet i Moen. Kok vannet før du drikker det. Neste melding kl. 07.30. Se krise.fjordvik.kommune.no"
    )
    assert actual.length.count == 1
    exercise = render("sms", mode=Mode.EXERCISE, **content)
    assert exercise.text == f"{MARKER}. {actual.text}"
    assert exercise.length.count == 1


def test_the_example_fits_x_also_with_the_marker() -> None:
    rendered = render("twitter")
    assert rendered.text == (
        "Skred ved Moen: Gå ut av området nå. Moen og Elvesletta. Møt på Fjordhallen. "
        "Ring 112 hvis noen er i livsfare. Neste melding kl. 07.30. Se krise.fjordvik.kommune.no"
    )
    assert rendered.length.count == 162
    assert render("twitter", mode=Mode.EXERCISE).length.count == 184


def test_facebook_has_the_whole_message_and_the_way_to_the_crisis_page() -> None:
    assert render("facebook").text == (
        "Skred ved Moen: Gå ut av området nå\n\n"
        "Det har gått et kvikkleireskred ved Moen.\nDet er fare for flere skred.\n\nVi vet ikke om noen er skadd.\n\n"
        "Hvor: Moen og Elvesletta\n\n"
        "Gjør dette nå:\n• Gå ut av området.\n• Møt på Fjordhallen.\n• Ring 112 hvis noen er i livsfare.\n\n"
        "Hvem leder: Politiet\nKontakt: Ring kommunen på 74 00 00 00.\n\n"
        "Neste melding kl. 07.30.\nMelding 1 fra Fjordvik kommune.\nSiste nytt: https://krise.fjordvik.kommune.no"
    )


def test_wordpress_gets_headings_below_its_own_and_paragraphs() -> None:
    html = render("wordpress").html or ""
    assert html.startswith(
        "<p>Det har gått et kvikkleireskred ved Moen.<br>Det er fare for flere skred.</p>\n<p>Vi vet ikke"
    )
    assert "<h3>Gjør dette nå</h3>\n<ul>\n<li>Gå ut av området.</li>" in html
    assert "<p><strong>Neste melding kl. 07.30.</strong></p>" in html
    assert f'<a href="https://{HOST}">{HOST}</a>' in html


def test_the_crisis_page_gets_lower_headings_and_no_promise_of_its_own() -> None:
    rendered = render("website")
    assert "<h4>Gjør dette nå</h4>" in (rendered.html or "")
    assert "07.30" not in (rendered.html or "")
    assert "Neste melding kl. 07.30." in rendered.text


@pytest.mark.parametrize(
    ("kind", "language", "title"),
    [
        ("update", "nb", "Oppdatering: Vannet"),
        ("update", "nn", "Oppdatering: Vannet"),
        ("update", "en", "Update: Vannet"),
        ("correction", "nb", "Rettelse til melding 1: Vannet"),
        ("correction", "nn", "Retting av melding 1: Vannet"),
        ("correction", "en", "Correction to message 1: Vannet"),
        ("all_clear", "nb", "Faren er over: Vannet"),
        ("all_clear", "nn", "Faren er over: Vannet"),
        ("all_clear", "en", "The danger is over: Vannet"),
        ("alert", "nb", "Vannet"),
    ],
)
def test_a_message_says_first_what_kind_it_is(kind: str, language: str, title: str) -> None:
    for channel in CHANNELS:
        rendered = render(channel, kind, language=language, number=2, headline="Vannet")
        assert rendered.title == title
        assert title in rendered.text


def test_a_headline_that_says_its_kind_is_not_told_twice() -> None:
    for kind, headline in (("all_clear", "Faren er over ved Moen"), ("update", "Oppdatering om skredet ved Moen")):
        assert render("sms", kind, number=2, headline=headline).title == headline


def test_a_correction_names_the_message_it_corrects() -> None:
    assert render("facebook", "correction", number=4).title.startswith("Rettelse til melding 3: ")
    replacing = render("facebook", "correction", number=4, replaced=2)
    assert "Denne meldingen erstatter melding 2." in replacing.text
    assert (
        "Denne meldinga erstattar melding 2."
        in render("facebook", "correction", language="nn", number=4, replaced=2).text
    )
    with pytest.raises(Invalid, match="needs an earlier message"):
        render("sms", "correction", number=1)


def test_the_words_around_a_nynorsk_message_are_nynorsk() -> None:
    text = render("facebook", language="nn").text
    for words in (
        "Kvar: Moen",
        "Gjer dette no:",
        "Kven leier: ",
        "Melding 1 frå Fjordvik kommune.",
        "Neste melding kl. 07.30.",
    ):
        assert words in text
    assert render("sms", language="nn").text.endswith(f"Neste melding kl. 07.30. Sjå {HOST}")
    assert "Dette gjeld no:" in render("facebook", "all_clear", language="nn", number=2).text


def test_the_words_around_an_english_message_are_english() -> None:
    assert render("sms", language="en").text.endswith(f"Next message at 07:30. See {HOST}")
    assert "Do this now:" in render("facebook", language="en").text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", "Neste melding 21. november kl. 00.05."),
        ("nn", "Neste melding 21. november kl. 00.05."),
        ("en", "Next message on 21 November at 00:05."),
    ],
)
def test_a_next_message_on_another_norwegian_day_has_its_date(language: str, said: str) -> None:
    same_day_in_utc = datetime(2026, 11, 20, 23, 5, tzinfo=UTC)
    for channel in ("sms", "twitter", "facebook", "wordpress"):
        rendered = render(channel, language=language, next_update_at=same_day_in_utc)
        assert said in rendered.text
        assert rendered.html is None or said in rendered.html


def test_times_follow_summer_time() -> None:
    words = Words.load(TEMPLATES).language("nb")
    before, after = datetime(2026, 10, 24, 12, 5, tzinfo=UTC), datetime(2026, 10, 25, 12, 5, tzinfo=UTC)
    assert (words.moment(before, before), words.moment(after, after)) == ("kl. 14.05", "kl. 13.05")


def test_a_time_that_does_not_know_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        render("sms", next_update_at=datetime(2026, 11, 20, 7, 30))  # noqa: DTZ001 - that is the fault


def test_with_no_next_message_nothing_is_promised() -> None:
    for channel in CHANNELS:
        rendered = render(channel, "all_clear", number=2, next_update_at=None)
        assert "Neste melding" not in rendered.text + (rendered.html or "")


def test_the_short_form_names_the_place_once_and_gives_no_advice_twice() -> None:
    assert render("sms", where="Moen").text.count("Moen") == 1
    assert "Elvesletta" in render("sms", where="Elvesletta").text
    assert render("sms").text.count("Gå ut av området") == 1
    assert said_in("Moen", "Skred ved Moen: Gå ut")
    assert not said_in("Mo", "Skred ved Moen: Gå ut")


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("Gå ut", "Gå ut."),
        ("Gå ut.", "Gå ut."),
        ("Gå ut!", "Gå ut!"),
        ("Kom (nå!)", "Kom (nå!)"),
        ("Kom (nå)", "Kom (nå)."),
    ],
)
def test_a_sentence_ends_once(text: str, ended: str) -> None:
    assert sentence(text) == ended
