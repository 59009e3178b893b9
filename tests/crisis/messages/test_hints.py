"""Hints about what a message says: who, what, where, what to do, when; and about whom it may say nothing."""

from datetime import UTC, datetime

import pytest

from crisis.channels import Unit
from crisis.messages.hints.given import CHECKS
from crisis.messages.hints.hint import Place
from crisis.messages.hints.service import ORDER, hints_of
from crisis.messages.lengths import measure
from crisis.messages.models import Kind
from tests.crisis.messages.asking import GOOD, fixed, found, given, only


def test_every_check_has_its_place_in_the_order() -> None:
    assert sorted(ORDER) == sorted(CHECKS)
    table = {
        "source", "hazard", "location", "guidance", "time", "today", "police", "personal", "blame", "reassure", "long",
        "hard", "negation", "caps", "link", "sms", "same", "promise", "alt", "translation",
    }  # fmt: skip
    assert table == set(ORDER)


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_good_message_is_left_in_peace(language: str) -> None:
    assert hints_of(given(language)) == []


def test_the_sender_is_within_the_first_40_characters() -> None:
    told = {"nb": ("Skred ved Moen. Gå ut.", measure("x", Unit.SEGMENTS))}
    hint = only("source", sms=told, short="Skred ved Moen. Gå ut.")
    assert fixed(hint) == "Fjordvik kommune: Skred ved Moen. Gå ut."
    assert found("source", sms={"nb": ("Fjordvik kommune: Skred", measure("x", Unit.SEGMENTS))}) == []


@pytest.mark.parametrize(("language", "name"), [("nb", "Kvikkleireskred"), ("en", "Quick clay landslide")])
def test_what_has_happened_is_in_headline_or_text(language: str, name: str) -> None:
    hint = only("hazard", language, headline="Moen: Gå ut", what_happened="Noe har skjedd.", short="")
    assert (hint.place.field, fixed(hint)) == ("headline", f"{name}: Moen: Gå ut")
    assert only("hazard", language, short="Moen. Gå ut.").place.field == "short"
    assert found("hazard", headline="Flom ved Moen", short="", template=None) == []


@pytest.mark.parametrize(
    ("language", "where"),
    [("nb", "i området"), ("nb", "Her"), ("nn", "på staden"), ("en", "in the affected area"), ("nb", "")],
)
def test_here_and_the_area_are_no_place(language: str, where: str) -> None:
    assert only("location", language, where=where).place.field == "where"


def test_the_short_text_names_the_place_too() -> None:
    hint = only("location", short="Skred. Gå ut av området.", where="Moen")
    assert (hint.place.field, fixed(hint)) == ("short", "Moen: Skred. Gå ut av området.")


@pytest.mark.parametrize(
    ("language", "advice"), [("nb", "Området er utrygt."), ("nn", "Området er utrygt."), ("en", "It is unsafe.")]
)
def test_people_are_told_what_to_do(language: str, advice: str) -> None:
    hint = only("guidance", language, what_to_do=[advice])
    assert hint.place == Place(language, "what_to_do", 1)
    assert fixed(hint) == GOOD[language].what_to_do[0]
    assert found("guidance", language, what_to_do=[advice], kind=Kind.ALL_CLEAR) == []


def test_the_next_message_has_a_time_five_minutes_round() -> None:
    hint = only("time", next_update_at=None)
    assert hint.fix is not None
    assert hint.fix.next_update_at == datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
    assert found("time", next_update_at=None, kind=Kind.ALL_CLEAR) == []


@pytest.mark.parametrize(
    ("language", "said", "instead"),
    [
        ("nb", "Vannet stiger i dag.", "Vannet stiger 20. november."),
        ("nb", "I morgen stiger vannet.", "21. november stiger vannet."),
        ("nb", "Møt i kveld.", "Møt om kvelden 20. november."),
        ("nn", "Vatnet stig i morgon.", "Vatnet stig 21. november."),
        ("en", "The water rises tomorrow.", "The water rises 21 November."),
        ("nb", "Vi kommer snart tilbake.", None),
        ("en", "More comes shortly.", None),
    ],
)
def test_a_day_is_a_date_because_people_read_it_tomorrow_too(language: str, said: str, instead: str | None) -> None:
    assert fixed(only("today", language, what_happened=said)) == instead


@pytest.mark.parametrize("said", ["I dag, 20. november, stiger vannet.", "Middag er servert.", "Vi kom i gang."])
def test_a_date_beside_it_is_enough(said: str) -> None:
    assert found("today", what_happened=said) == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", "To personer er savnet."),
        ("nb", "Politiet har pågrepet gjerningspersonen."),
        ("nn", "Fleire er omkomne."),
        ("en", "Two people are missing."),
    ],
)
def test_what_the_police_decide_to_say_is_asked_about(language: str, said: str) -> None:
    hint = only("police", language, what_happened=f"Skred ved Moen. {said}\n\nGå ut.")
    assert fixed(hint) == "Skred ved Moen. \n\nGå ut."
    assert only("police", language, headline=said).fix is None  # nothing would be left


@pytest.mark.parametrize("said", ["Født 010190 12345.", "Nummer 01019012345."])
def test_eleven_digits_are_a_person(said: str) -> None:
    hint = only("personal", what_happened=said)
    assert not any(each.isdigit() for each in fixed(hint) or "")


def test_a_name_beside_a_word_about_health_is_a_person() -> None:
    assert only("personal", what_happened="Kari Nordmann er på sykehuset.").found == "Kari Nordmann"
    assert found("personal", what_happened="Kari Nordmann er ordfører. Ring 113 hvis du er syk.") == []
    assert found("personal", contact="Ring 74 00 00 00 eller 90 00 00 00 1") == []


@pytest.mark.parametrize(
    ("check", "language", "said"),
    [
        ("blame", "nb", "Årsaken er graving."),
        ("blame", "nn", "Det er kommunen si skuld."),
        ("blame", "en", "It was caused by digging."),
        ("reassure", "nb", "Det er ingen grunn til bekymring."),
        ("reassure", "nn", "Vi har full kontroll."),
        ("reassure", "en", "There is no need to panic."),
    ],
)
def test_causes_and_comfort_are_taken_out_by_a_click(check: str, language: str, said: str) -> None:
    hint = only(check, language, what_happened=f"Først. {said} Sist.")
    assert fixed(hint) == "Først. Sist."
