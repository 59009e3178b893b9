from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis.errors import Invalid
from crisis.messages.content import Content, parse_contents, read_contents
from tests.factories import LANGUAGES

GOOD = {
    "headline": "Skred ved Moen: Gå ut av området nå",
    "what_happened": "Det har gått et kvikkleireskred ved Moen.\n\nVi vet ikke om noen er skadd.",
    "where": "Moen og Elvesletta",
    "what_to_do": ["Gå ut av området.", "Møt på Fjordhallen."],
    "leads": "Politiet",
    "contact": "Ring kommunen på 74 00 00 00.",
}


def problems_of(**changed: Any) -> list[str]:
    return content_problems({"nb": GOOD | changed}, LANGUAGES)


def content_problems(raw: dict[str, Any], languages: Sequence[str]) -> list[str]:
    return [fault.said for fault in read_contents(raw, languages)[1]]


def test_a_whole_content_is_read_in_the_order_of_the_languages() -> None:
    contents = parse_contents({"en": GOOD, "nb": GOOD}, LANGUAGES)
    assert list(contents) == ["nb", "en"]
    assert contents["nb"] == Content.model_validate(GOOD)
    assert contents["nb"].kept() == GOOD


def test_what_was_kept_as_json_is_the_same_content_when_it_comes_back() -> None:
    content = parse_contents({"nb": GOOD}, LANGUAGES)["nb"]
    assert Content.model_validate(content.kept()) == content


def test_texts_are_trimmed_composed_and_on_one_line_where_they_should_be() -> None:
    content = parse_contents(
        {"nb": GOOD | {"headline": "  Skred\r\nved   Moen ", "what_happened": " En.\r\n\r\nTo. ", "where": "A\u030as"}},
        LANGUAGES,
    )["nb"]
    assert content.headline == "Skred ved Moen"
    assert content.what_happened == "En.\n\nTo."
    assert content.where == "\u00c5s"


def test_every_problem_of_every_language_is_told_at_once() -> None:
    raw = {
        "nb": GOOD | {"what_to_do": [], "headline": "x" * 110 + " {omrade} " + "x" * 10, "sender": "meg"},
        "nn": {"headline": "Skred", "what_to_do": ["Gå", " "]},
        "pl": GOOD,
    }
    with pytest.raises(Invalid) as caught:
        parse_contents(raw, LANGUAGES)
    assert caught.value.problems == (
        "nb: headline is 130 characters, and at most 120 fit. Shorten it by 10.",
        "nb: headline still has the placeholder {omrade}. Write what belongs there.",
        "nb: what_to_do is empty. Say at least one thing people should do.",
        "nb: sender is not a field of a message. The fields are headline, what_happened, where, what_to_do, leads, contact, short.",
        "nn: what_happened is missing. Say what is known, and what is not known yet.",
        "nn: where is missing. Name the place, so that people know whether it concerns them.",
        "nn: what_to_do item 2 is empty. Write it, or take it out of the list.",
        "nn: leads is missing. Say who leads, such as the police.",
        "nn: contact is missing. Say whom people can reach, and how.",
        "pl is not one of the message languages here, which are nb, nn, en. Leave it out, or correct its tag.",
    )
    assert all(problem in str(caught.value) for problem in caught.value.problems)


def test_the_primary_language_is_needed_and_the_others_are_not() -> None:
    assert content_problems({"nn": GOOD}, LANGUAGES) == [
        "nb: the text is missing. It is the primary language, which every message needs."
    ]
    assert content_problems({"nn": GOOD}, ("nn", "nb")) == []


@pytest.mark.parametrize("untouched", [None, {}, {"headline": " ", "what_to_do": []}, {"what_to_do": ["", None]}])
def test_a_translation_nobody_has_begun_counts_as_not_there(untouched: Any) -> None:
    assert list(parse_contents({"nb": GOOD, "nn": untouched}, LANGUAGES)) == ["nb"]


def test_a_language_that_is_no_set_of_fields_is_told_so() -> None:
    assert content_problems({"nb": "Skred"}, LANGUAGES) == [
        "nb: the text is not a set of fields. Give headline, what_happened, where, what_to_do, leads, contact, short."
    ]


@pytest.mark.parametrize(
    ("field", "most"), [("headline", 120), ("what_happened", 2000), ("where", 200), ("leads", 200), ("contact", 200)]
)
def test_a_field_holds_exactly_what_it_says(field: str, most: int) -> None:
    assert problems_of(**{field: "å" * most}) == []
    assert problems_of(**{field: "å" * (most + 1)}) == [
        f"nb: {field} is {most + 1} characters, and at most {most} fit. Shorten it by 1."
    ]


def test_advice_is_one_to_ten_items_of_300_characters() -> None:
    assert problems_of(what_to_do=["å" * 300] * 10) == []
    assert problems_of(what_to_do=["Gå."] * 11) == [
        "nb: what_to_do has 11 items, and at most 10 fit. Keep the most important."
    ]
    assert problems_of(what_to_do=["Gå.", "å" * 301]) == [
        "nb: what_to_do item 2 is 301 characters, and at most 300 fit. Shorten it by 1."
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (12, "nb: where is not a text."),
        (["Moen"], "nb: where is not a text."),
        ("\u200b \u2060", "nb: where is empty. Name the place, so that people know whether it concerns them."),
        ("Moen\x00", "nb: where has a character that cannot be sent (U+0000). Delete it, or type the text again."),
        ("Mo\ten", "nb: where has a character that cannot be sent (U+0009). Delete it, or type the text again."),
        ("Mo\ufeffen", "nb: where has a character that cannot be sent (U+FEFF). Delete it, or type the text again."),
        ("Moen\ud800", "nb: where has a character that cannot be sent (U+D800). Delete it, or type the text again."),
    ],
)
def test_what_no_channel_can_carry_is_refused(value: Any, said: str) -> None:
    assert problems_of(where=value) == [said]


def test_advice_that_is_one_text_is_not_taken_apart() -> None:
    assert problems_of(what_to_do="Gå ut.") == [
        "nb: what_to_do is not a list. Give one text for each thing people should do."
    ]


@pytest.mark.parametrize("left", ["{omrade}", "{ }", "[...]", "[sted]", "___", "_____", "__", "XX", "XXX", "xx"])
def test_a_placeholder_is_named_with_its_language_and_field(left: str) -> None:
    said = f"still has the placeholder {left}. Write what belongs there."
    assert problems_of(contact=f"Ring oss kl. {left}") == [f"nb: contact {said}"]
    assert problems_of(what_to_do=["Gå ut.", f"Møt på {left}."]) == [f"nb: what_to_do item 2 {said}"]


def test_every_placeholder_of_a_field_is_named_once() -> None:
    (said,) = problems_of(what_happened="Skred ved {omrade} kl. XX.XX, igjen {omrade}.")
    assert said == "nb: what_happened still has the placeholder {omrade}, XX. Write what belongs there."


@pytest.mark.parametrize(
    "text", ["EXXON", "TaxXXL", "min_side", "post_kasse@fjordvik.kommune.no", "a__b", "Skred (stort)"]
)
def test_what_only_looks_like_a_placeholder_passes(text: str) -> None:
    assert problems_of(where=text) == []


@given(st.dictionaries(st.sampled_from(["nb", "nn", "headline"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(GOOD)), inner), max_leaves=8)))  # fmt: skip
def test_whatever_comes_in_is_a_content_or_a_list_of_problems(raw: dict[str, Any]) -> None:
    problems = content_problems(raw, LANGUAGES)
    if problems:
        with pytest.raises(Invalid):
            parse_contents(raw, LANGUAGES)
    else:
        assert "nb" in parse_contents(raw, LANGUAGES)
