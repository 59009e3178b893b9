"""Templates changed by hand, units' posts, and what is first and last whatever is written."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis.channels import Capabilities
from crisis.errors import Invalid, Unready
from crisis.messages.content import Content
from crisis.messages.models import Kind
from crisis.messages.render import Renderer
from crisis.messages.rendered import check
from crisis.messages.words import Words
from crisis.mode import Mode
from tests.crisis.messages.rendering import (
    CHANNELS,
    HOST,
    MARKED,
    MARKER,
    MOEN,
    NEXT,
    NOW,
    RENDERER,
    TEMPLATES,
    Reader,
    render,
)


def test_a_language_without_words_is_refused_naming_those_there_are() -> None:
    with pytest.raises(Invalid, match=r"cannot be written in 'se': there are words for nb, nn, en\."):
        render("sms", language="se")


def test_an_unknown_kind_or_channel_is_told() -> None:
    with pytest.raises(Invalid, match="alert, update, correction, all_clear"):
        render("sms", "cancel")
    with pytest.raises(Unready, match=r"messages/alert/fax\.html nor messages/alert/fax\.txt"):
        RENDERER.render(
            *("alert", "fax", Capabilities(), Content.model_validate(MOEN)),
            language="nb",
            mode=Mode.ACTUAL,
            next_update_at=None,
            number=1,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("name", "template", "channel", "said"),
    [
        ("sms.txt", "{{ title }} {{ host }}", "sms", "does not begin with"),
        ("sms.txt", "{{ marker }} {{ host }} nå", "sms", "does not end with the crisis page's address"),
        ("website.html", "<p>{{ title }}</p>", "website", "does not begin with"),
        ("sms.txt", "{{ headlin }}", "sms", "'headlin' is undefined"),
        ("sms.txt", "{% if %}", "sms", "cannot be read"),
        ("sms.txt", '{% extends "messages/_base/gone.txt" %}', "sms", "messages/_base/gone.txt"),
    ],
)
def test_a_template_changed_by_hand_cannot_lose_what_must_be_there(
    tmp_path: Path, name: str, template: str, channel: str, said: str
) -> None:
    shutil.copytree(TEMPLATES / "messages", tmp_path / "messages")
    (tmp_path / "messages" / "alert" / name).write_text(template, encoding="utf-8")
    renderer = Renderer(tmp_path, municipality="Fjordvik kommune", crisis_page_host=HOST)
    with pytest.raises(Unready, match=re.escape(said)):
        render(channel, mode=Mode.EXERCISE, renderer=renderer)


def test_missing_or_broken_words_are_told_with_their_file(tmp_path: Path) -> None:
    with pytest.raises(Unready, match=r"cannot be read from .*words\.json"):
        Renderer(tmp_path, municipality="Fjordvik kommune", crisis_page_host=HOST)
    (tmp_path / "messages" / "_base").mkdir(parents=True)
    (tmp_path / "messages" / "_base" / "words.json").write_text('{"marker": "", "languages": {}}', encoding="utf-8")
    with pytest.raises(Unready, match="not whole"):
        Renderer(tmp_path, municipality="Fjordvik kommune", crisis_page_host=HOST)


def test_every_language_has_words_for_every_kind() -> None:
    for words in Words.load(TEMPLATES).languages.values():
        assert set(words.kinds) == {kind.value for kind in Kind}


def test_a_units_post_is_its_own_text_and_nothing_more() -> None:
    text = "Vi holder åpent – «som vanlig».\r\nKom innom!\n\nHilsen <biblioteket>"
    for channel in ("facebook", "twitter"):
        rendered = RENDERER.render_post(text, "", channel, CHANNELS[channel], language="nb", mode=Mode.ACTUAL)
        assert rendered.text == text.replace("\r\n", "\n")
        assert (rendered.title, rendered.html) == ("", None)
    sms = RENDERER.render_post(text, "", "sms", CHANNELS["sms"], language="nb", mode=Mode.ACTUAL)
    assert sms.text == 'Vi holder åpent - "som vanlig".\nKom innom!\n\nHilsen <biblioteket>'
    page = RENDERER.render_post(text, "Åpent", "wordpress", CHANNELS["wordpress"], language="nb", mode=Mode.ACTUAL)
    assert page.title == "Åpent"
    assert page.html == ("<p>Vi holder åpent – «som vanlig».<br>Kom innom!</p>\n<p>Hilsen &lt;biblioteket&gt;</p>")


def test_a_title_leads_the_text_where_a_channel_has_no_titles() -> None:
    rendered = RENDERER.render_post(
        "Kom innom!", "Åpent", "facebook", CHANNELS["facebook"], language="nb", mode=Mode.ACTUAL
    )
    assert rendered.text == "Åpent\n\nKom innom!"


@pytest.mark.parametrize("language", ["se", "nb", "en"])
@pytest.mark.parametrize("channel", ["wordpress", "facebook", "twitter", "sms"])
def test_a_post_in_an_exercise_begins_with_the_marker_in_any_language(channel: str, language: str) -> None:
    rendered = RENDERER.render_post("Kom innom!", "", channel, CHANNELS[channel], mode=Mode.EXERCISE, language=language)
    mark = MARKED.get(language, MARKER)
    assert rendered.title == mark
    assert rendered.text == f"{mark}\n\nKom innom!"
    assert rendered.html is None or "".join(Reader(rendered.html).words).startswith(mark)


def test_a_post_with_nothing_in_it_or_with_control_characters_is_refused() -> None:
    with pytest.raises(Invalid, match="text is empty"):
        RENDERER.render_post(" \n", "", "facebook", CHANNELS["facebook"], language="nb", mode=Mode.ACTUAL)
    with pytest.raises(Invalid) as caught:
        RENDERER.render_post("b\x00", "a\x07", "facebook", CHANNELS["facebook"], language="nb", mode=Mode.ACTUAL)
    assert len(caught.value.problems) == 2


def test_a_post_too_long_for_x_is_told_with_the_numbers() -> None:
    rendered = RENDERER.render_post("a" * 290, "", "twitter", CHANNELS["twitter"], language="nb", mode=Mode.ACTUAL)
    assert check(rendered, CHANNELS["twitter"]) == ["X, bokmål: 290 of 280. Shorten by 10."]


@given(st.text(min_size=1, max_size=60), st.sampled_from(sorted(CHANNELS)), st.sampled_from(list(Mode)))
def test_whatever_is_written_the_marker_is_first_and_the_address_last(text: str, channel: str, mode: Mode) -> None:
    content = Content.model_construct(**(MOEN | {"headline": f"A{text}", "where": text, "what_to_do": [text]}))
    rendered = RENDERER.render(
        *("update", channel, CHANNELS[channel], content),
        language="en",
        mode=mode,
        next_update_at=NEXT + timedelta(days=1),
        number=2,
        now=NOW,
    )
    first = {"sms": "Fjordvik kommune: Update: A"}.get(channel, "Update: A")
    if channel in {"website", "wordpress"}:
        Reader(rendered.html or "")
    assert rendered.text.startswith(MARKED["en"] if mode is Mode.EXERCISE else first)
    assert rendered.text.endswith(HOST)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_short_text_of_the_editors_own_is_what_the_short_forms_say(channel: str) -> None:
    rendered = render(channel, "update", short="Skred ved Moen. Gå ut")
    if CHANNELS[channel].short:
        assert (
            "Oppdatering: Skred ved Moen. Gå ut. Neste melding kl. 07.30. Se krise.fjordvik.kommune.no" in rendered.text
        )
        assert "Fjordhallen" not in rendered.text
        assert dict(rendered.parts).keys() == {"short text"}
    else:
        assert "Møt på Fjordhallen." in rendered.text
        assert rendered.text == render(channel, "update").text
