"""Hints: each finds what it says, in every language, offers a text that mends it, and leaves the rest alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.channels import Unit
from crisis.messages.content import Content
from crisis.messages.hints import lexicon, lix
from crisis.messages.hints.given import CHECKS, Given, Text
from crisis.messages.hints.hint import Hint, Place
from crisis.messages.hints.service import MOST, ORDER, hints_of, outdated
from crisis.messages.lengths import measure
from crisis.messages.library import Library
from crisis.messages.models import Kind
from crisis.messages.words import Words
from crisis.settings import data_dir
from tests import factories
from tests.factories import EDITOR

TEMPLATES = data_dir("templates")
LIBRARY = Library(TEMPLATES)
NOW = datetime(2026, 11, 20, 5, 58, tzinfo=UTC)
GOOD = {each: LIBRARY.get("landslide").example(each) for each in ("nb", "nn", "en")}
CALM = Given(
    kind=Kind.ALERT,
    languages=("nb",),
    contents={"nb": GOOD["nb"]},
    lexicons=lexicon.load(TEMPLATES),
    words=Words.load(TEMPLATES),
    municipality="Fjordvik kommune",
    host="krise.fjordvik.kommune.no",
    now=NOW,
    template=LIBRARY.get("landslide"),
    templates=tuple(LIBRARY),
    next_update_at=NOW + timedelta(hours=1),
)


def given(language: str = "nb", /, **changed: Any) -> Given:
    """A good message in one language, with these fields of it, or these facts around it, changed."""
    fields = {name: value for name, value in changed.items() if name in Content.model_fields}
    around = {name: value for name, value in changed.items() if name not in fields}
    content = Content.model_construct(**(GOOD[language].model_dump() | fields))
    return replace(CALM, **({"languages": (language,), "contents": {language: content}} | around))


def found(check: str, language: str = "nb", /, **changed: Any) -> list[Hint]:
    return list(CHECKS[check](given(language, **changed)))


def only(check: str, language: str = "nb", /, **changed: Any) -> Hint:
    (hint,) = found(check, language, **changed)
    return hint


def fixed(hint: Hint) -> str | None:
    return hint.fix.text if hint.fix else None


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


def test_times_and_figures_are_the_same_in_every_language() -> None:
    contents = {
        "nb": Content.model_construct(
            **GOOD["nb"].model_dump() | {"what_happened": "Møt kl. 07.30. Ring 74 00 00 00."}
        ),
        "en": Content.model_construct(
            **GOOD["en"].model_dump() | {"what_happened": "Meet at 17:30. Call +47 74000000."}
        ),
    }
    languages = ("nb", "en")
    hint = only("same", contents=contents, languages=languages)
    assert (hint.place.language, hint.values["value"], hint.values["other"]) == ("en", "17.30", "07.30")
    assert fixed(hint) == "Meet at 07:30. Call +47 74000000."
    contents["en"] = contents["en"].model_copy(update={"what_happened": "Meet at 7:30. Call +47 740 00 000."})
    assert found("same", contents=contents, languages=languages) == []
    contents["en"] = contents["en"].model_copy(update={"what_happened": "Meet there."})
    assert [each.place.language for each in found("same", contents=contents, languages=languages)] == ["en"]


def test_a_time_in_the_short_text_is_in_the_long_one() -> None:
    hint = only("same", short="Skred ved Moen. Møt kl. 08.00.", what_happened="Skred. Møt kl. 07.30.")
    assert (hint.place.field, hint.found) == ("short", "08.00")


def test_a_promise_that_passed_is_reminded_of_with_a_text_for_it() -> None:
    passed = NOW - timedelta(minutes=10)
    hint = only("promise", kind=Kind.UPDATE, promised_at=passed)
    assert (hint.values["at"], fixed(hint)) == (passed, "Det er ingen endring siden forrige melding.")
    assert found("promise", promised_at=NOW + timedelta(minutes=1)) == []
    assert found("promise", promised_at=None) == []


@pytest.mark.parametrize(("language", "said"), [("nb", "Se kartet."), ("nn", "Sjå biletet."), ("en", "See the map.")])
def test_a_picture_is_not_seen_by_everyone(language: str, said: str) -> None:
    assert only("alt", language, what_happened=said).place.field == "what_happened"


def test_a_language_is_missing_unfinished_or_older_than_what_it_translates() -> None:
    languages = ("nb", "nn", "en", "se")
    contents = {each: GOOD[each] for each in ("nb", "nn", "en")}
    states = {
        hint.place.language: hint.values["state"]
        for hint in found(
            "translation", languages=languages, contents=contents, unfinished=["nn"], outdated=["nn", "en"]
        )
    }
    assert states == {"nn": "unfinished", "en": "outdated", "se": "missing"}
    saves = {"nb": {"at": "2026-11-20T06:00"}, "nn": {"at": "2026-11-20T05:00"}, "en": {"at": "2026-11-20T07:00"}}
    assert outdated(saves, ("nb", "nn", "en")) == ["nn"]


def test_at_most_five_are_shown_the_worst_first() -> None:
    bad = given(
        what_happened="Kari Nordmann er savnet og skadd. Årsaken er graving. Ingen grunn til bekymring. Vi iverksetter søk i dag.",
        what_to_do=["Området er utrygt."], where="her", next_update_at=None, short="Se bit.ly/a", headline="NOE HAR SKJEDD HER",
    )  # fmt: skip
    shown = [hint.id for hint in hints_of(bad)]
    assert shown == ["personal", "police", "guidance", "hazard", "location"]
    assert len(shown) == MOST
    assert len(hints_of(bad, most=50)) > MOST


def test_a_language_without_words_gets_the_hints_that_need_none() -> None:
    content = Content.model_construct(**GOOD["nb"].model_dump() | {"what_happened": "01019012345"})
    other = replace(CALM, languages=("se",), contents={"se": content})
    assert [hint.id for hint in hints_of(other)] == ["personal"]


def test_nothing_typed_yet_is_no_fault_of_the_hints() -> None:
    empty = Content.model_construct(**dict.fromkeys(Content.model_fields, "") | {"what_to_do": []})
    assert hints_of(replace(CALM, contents={"nb": empty}), most=50) is not None
    assert hints_of(replace(CALM, contents={}), most=50) == []


@pytest.mark.parametrize(
    ("said", "number"), [("", 0), ("Gå ut nå.", 3), ("Gå ut. Møt på Fjordhallen.", 22), ("Kvikkleireskred.", 101)]
)
def test_lix_is_words_per_sentence_and_the_share_of_long_ones(said: str, number: int) -> None:
    assert lix.lix(said) == number


def test_a_sentence_does_not_end_at_a_time_or_a_date() -> None:
    whole = Text(Place("nb", "x"), "Møt kl. 05.58 den 20. november. «Gå ut.» Ring ca. 8 naboer!\nSå hjem")
    said = [whole.text[begin:end] for begin, end in whole.sentences()]
    assert said == ["Møt kl. 05.58 den 20. november.", "«Gå ut.»", "Ring ca. 8 naboer!", "Så hjem"]


async def test_hints_that_are_left_go_on_record_and_stop_nothing(crisis: Crisis) -> None:
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db)
    contents = {"nb": {**factories.SLIDE["nb"], "what_happened": "Det har gått et skred. To er savnet."}}
    draft = await factories.alert(crisis, activation.id, contents=contents)
    shown = await crisis.desk.hints(EDITOR, draft.id)
    assert {hint.id for hint in shown} == {"police", "translation"}
    approved = await crisis.desk.approve(EDITOR, draft.id)
    assert [hint.recorded() for hint in approved.hints] == [hint.recorded() for hint in shown]
    async with crisis.db.transaction() as session:
        record = await session.scalar(text("SELECT record FROM audit ORDER BY seq DESC LIMIT 1"))
    assert '"hints":[{"field":"what_happened","id":"police","language":"nb"}' in record
    assert "savnet" not in record
