"""Hints together: across languages, in their order, and on record."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.messages.content import Content
from crisis.messages.hints import lix
from crisis.messages.hints.given import Text
from crisis.messages.hints.hint import Place
from crisis.messages.hints.service import MOST, hints_of, outdated
from crisis.messages.models import Kind
from tests import factories
from tests.crisis.messages.asking import CALM, GOOD, NOW, fixed, found, given, only
from tests.factories import EDITOR


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
