import re
import shutil
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis.channels import Capabilities, Limit, Unit
from crisis.errors import Invalid, Unready
from crisis.messages.content import Content
from crisis.messages.models import Kind
from crisis.messages.phrasing import said_in, sentence
from crisis.messages.render import Renderer
from crisis.messages.rendered import Rendered, check
from crisis.messages.words import Words
from crisis.mode import Mode
from crisis.settings import data_dir

TEMPLATES = data_dir("templates")
HOST = "krise.fjordvik.kommune.no"
MARKER = "ØVELSE ØVELSE ØVELSE"
MARKED = {"nb": MARKER, "nn": MARKER, "en": f"{MARKER} EXERCISE"}
CHANNELS = {
    "website": Capabilities(),
    "wordpress": Capabilities(),
    "facebook": Capabilities(limit=Limit(Unit.CHARACTERS, 63206)),
    "twitter": Capabilities(limit=Limit(Unit.WEIGHTED, 280), short=True),
    "sms": Capabilities(limit=Limit(Unit.SEGMENTS, 4), short=True),
}
NOW = datetime(2026, 11, 20, 5, 58, tzinfo=UTC)  # 06.58 in Norway
NEXT = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)  # 07.30
MOEN: dict[str, Any] = {
    "headline": "Skred ved Moen: Gå ut av området nå",
    "what_happened": "Det har gått et kvikkleireskred ved Moen.\nDet er fare for flere skred.\n\nVi vet ikke om noen er skadd.",
    "where": "Moen og Elvesletta",
    "what_to_do": ["Gå ut av området.", "Møt på Fjordhallen.", "Ring 112 hvis noen er i livsfare."],
    "leads": "Politiet",
    "contact": "Ring kommunen på 74 00 00 00.",
}
RENDERER = Renderer(TEMPLATES, municipality="Fjordvik kommune", crisis_page_host=HOST)


def render(
    channel: str,
    kind: str = "alert",
    *,
    language: str = "nb",
    mode: Mode = Mode.ACTUAL,
    number: int = 1,
    next_update_at: datetime | None = NEXT,
    replaced: int | None = None,
    renderer: Renderer = RENDERER,
    **changed: Any,
) -> Rendered:
    return renderer.render(
        kind,
        channel,
        CHANNELS[channel],
        Content.model_validate(MOEN | changed),
        language=language,
        mode=mode,
        next_update_at=next_update_at,
        number=number,
        now=NOW,
        replaced=replaced,
    )


class Reader(HTMLParser):
    """Reads a fragment and complains when an element is not closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


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


@pytest.mark.parametrize("field", list(MOEN))
@pytest.mark.parametrize("channel", ["website", "wordpress"])
def test_markup_in_any_field_is_only_text(channel: str, field: str) -> None:
    evil = "<script>alert(1)</script> & <img src=x onerror='y'>"
    changed: dict[str, Any] = {field: [evil] if field == "what_to_do" else evil}
    rendered = render(channel, **changed)
    html = rendered.html or ""
    assert "<script" not in html
    assert "<img" not in html
    assert evil in rendered.title + rendered.text
    if field != "headline":
        assert evil in "".join(Reader(html).words)


@pytest.mark.parametrize("field", list(MOEN))
def test_template_language_in_any_field_is_only_text(field: str) -> None:
    # Validation stops braces; a renderer must not depend on that.
    evil = "{{ 7 * 7 }} {% if x %}"
    raw = MOEN | {field: [evil] if field == "what_to_do" else evil}
    for channel, capabilities in CHANNELS.items():
        rendered = RENDERER.render(
            *("alert", channel, capabilities, Content.model_construct(**raw)),
            language="nb",
            mode=Mode.ACTUAL,
            next_update_at=NEXT,
            number=1,
            now=NOW,
        )
        out = rendered.text + rendered.title
        assert "49" not in out
        if field in {"headline", "where", "what_to_do"} or not capabilities.short:
            assert "{{ 7 * 7 }} {% if x %}" in out


def test_an_800_character_story_of_emoji_reaches_the_pages_whole() -> None:
    story = ("\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f6a8 " * 200)[:800].strip()
    for channel in ("website", "wordpress", "facebook"):
        rendered = render(channel, what_happened=story)
        assert story in rendered.text
        assert rendered.html is None or f"<p>{story}</p>" in rendered.html
        assert check(rendered, CHANNELS[channel]) == []


def test_a_headline_of_emoji_is_counted_as_x_and_phones_count_it() -> None:
    siren = "\U0001f6a8" * 20
    assert render("twitter", headline=siren).length.count == render("twitter", headline="a" * 40).length.count
    sms = render("sms", headline=siren)
    assert sms.length.encoding == "UCS-2"
    assert sms.length.used == len(sms.text.encode("utf-16-be")) // 2


def test_sms_is_normalised_and_the_others_keep_their_typography() -> None:
    said: dict[str, Any] = {"headline": "«Skred» – gå nå…"}
    assert '"Skred" - gå nå...' in render("sms", **said).text
    assert render("sms", **said).length.encoding == "GSM-7"
    assert "«Skred» – gå nå…" in render("twitter", **said).text


def test_a_text_too_long_for_x_is_told_with_the_numbers() -> None:
    rendered = render("twitter", language="nn", headline="a" * 90, what_to_do=["b" * 139 + "."], where="a" * 10)
    assert rendered.length.count == 90 + 2 + 10 + 2 + 140 + 1 + len("Neste melding kl. 07.30.") + 1 + len("Sjå ") + 23
    assert check(rendered, CHANNELS["twitter"]) == [
        "X, nynorsk: 297 of 280. Shorten by 17: the headline is 90 and the advice 140."
    ]


def test_280_on_x_fits_and_281_does_not() -> None:
    free = 280 - render("twitter", headline="a", where="a").length.count
    assert check(render("twitter", headline="a", where="a", what_to_do=[*MOEN["what_to_do"], "b" * (free - 2)]), CHANNELS["twitter"]) == []  # fmt: skip
    over = render("twitter", headline="a", where="a", what_to_do=[*MOEN["what_to_do"], "b" * (free - 1)])
    assert over.length.count == 281
    assert "Shorten by 1:" in check(over, CHANNELS["twitter"])[0]


def test_too_many_sms_parts_are_told_with_the_character_that_costs() -> None:
    rendered = render("sms", headline="Skred i Kárášjohka", what_to_do=["b" * 249 + "."])
    (said,) = check(rendered, CHANNELS["sms"])
    used = len(rendered.text)
    assert said == (
        f"SMS, bokmål: 6 parts of 4. It is {used} long in UCS-2, and 4 hold 268. Shorten by {used - 268}: "
        "the headline is 18 and the advice 250. Without 'á' at 28, 'š' at 31 a part would hold 153 instead of 67."
    )
    assert check(rendered, Capabilities(limit=Limit(Unit.SEGMENTS, 6))) == []


def test_shortening_as_much_as_told_makes_it_fit() -> None:
    advice = "b" * 290
    long = render("sms", what_to_do=[advice, advice, advice])
    (said,) = check(long, CHANNELS["sms"])
    told = int(re.findall(r"Shorten by (\d+)", said)[0])
    fits = render("sms", what_to_do=[advice, advice[told // 2 + told % 2 :], advice[told // 2 :]])
    assert check(fits, CHANNELS["sms"]) == []


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
