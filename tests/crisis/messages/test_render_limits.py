"""What a text of people's own may hold, how long it may be, and what is said when it does not fit."""

import re
from typing import Any

import pytest

from crisis.channels import Capabilities, Limit, Unit
from crisis.messages.content import Content
from crisis.messages.rendered import check
from crisis.mode import Mode
from tests.crisis.messages.rendering import CHANNELS, MOEN, NEXT, NOW, RENDERER, Reader, render


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
