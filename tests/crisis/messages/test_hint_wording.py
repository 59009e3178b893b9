"""Hints about how it is said: long, hard, negated, in capitals, with links, and what a text message costs."""

from typing import Any

import pytest

from crisis.channels import Unit
from crisis.messages.lengths import measure
from tests.crisis.messages.asking import fixed, found, only


def test_a_sentence_of_more_than_20_words_is_marked() -> None:
    twenty = " ".join(["ord"] * 20)
    assert found("long", what_happened=f"{twenty}. Kl. 05.58 den 20. november.") == []
    hint = only("long", what_happened=f"Kort. Så {twenty}.")
    assert (hint.values["words"], hint.found) == (21, f"Så {twenty}.")


@pytest.mark.parametrize(
    ("language", "said", "instead"),
    [
        ("nb", "Vi iverksetter søk.", "Vi starter søk."),
        ("nb", "Fortløpende sier vi fra.", "Etter hvert sier vi fra."),
        ("nb", "Berørte får hjelp.", None),
        ("nn", "Vi oppmodar deg.", "Vi ber deg."),
        ("en", "We commence work.", "We start work."),
    ],
)
def test_an_official_word_has_a_plain_one(language: str, said: str, instead: str | None) -> None:
    hint = only("hard", language, what_happened=said)
    assert fixed(hint) == instead
    assert hint.values["instead"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", "Ikke gå ut hvis du ikke må."),
        ("nn", "Ikkje gå ut om du ikkje må."),
        ("en", "Do not go out if you do not have to."),
    ],
)
def test_two_negations_in_a_sentence_are_one_too_many(language: str, said: str) -> None:
    assert only("negation", language, what_to_do=[said]).place.item == 0
    assert found("negation", language, what_to_do=[said.replace("kk", "").replace("not", "")]) == []


def test_capitals_are_for_a_word_or_two() -> None:
    hint = only("caps", headline="SKRED VED MOEN: GÅ UT AV OMRÅDET", where="Feltet ved Moen", short="")
    assert fixed(hint) == "Skred ved Moen: gå ut av området"
    assert found("caps", headline="SKRED ved Moen: GÅ UT av området nå, hele veien", short="Hør på NRK P1") == []


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("Se https://krise.fjordvik.kommune.no nå", "Se krise.fjordvik.kommune.no nå"),
        ("Les bit.ly/abc.", "Les krise.fjordvik.kommune.no."),
        ("Se fjordvik.kommune.no/krise/1", "Se krise.fjordvik.kommune.no"),
        ("Se yr.no", "Se krise.fjordvik.kommune.no"),
    ],
)
def test_a_text_message_has_no_link_but_our_own_name(said: str, instead: str) -> None:
    assert fixed(only("link", short=said)) == instead


def test_our_own_name_an_address_and_a_time_are_no_links() -> None:
    for said in (
        "Se krise.fjordvik.kommune.no",
        "Se fjordvik.kommune.no.",
        "Skriv til post@fjordvik.kommune.no",
        "kl. 05.58",
        "f.eks. her",
        "Bli her.Se ut",
    ):
        assert found("link", short=said) == [], said
    assert found("link", what_happened="Les mer på https://www.vegvesen.no/trafikk") == []


def sms(text_: str) -> dict[str, Any]:
    return {"nb": (text_, measure(text_, Unit.SEGMENTS))}


def test_a_character_that_doubles_the_price_is_named_and_taken_out() -> None:
    hint = only("sms", short="Skred ved Moen 🏔 nå", sms=sms("Fjordvik kommune: Skred ved Moen 🏔 nå"))
    assert (hint.values["character"], hint.found, fixed(hint)) == ("🏔", "🏔", "Skred ved Moen nå")


def test_a_letter_is_named_and_left_alone() -> None:
    hint = only("sms", short="Skred ved Čuđegieddi", sms=sms("Skred ved Čuđegieddi"))
    assert (hint.values["character"], hint.fix) == ("Č", None)


def test_more_than_one_part_is_told_with_how_many() -> None:
    assert only("sms", sms=sms("x" * 200)).values == {"parts": 2, "encoding": "GSM-7", "character": ""}
    assert found("sms", sms=sms("x" * 160)) == []
