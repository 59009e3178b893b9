"""What is measured of the messages of a run: promises kept, silence, what they said, and rumours."""

import pytest

from crisis.drills.measures.contents import Judge
from crisis.drills.measures.evidence import AsSent
from crisis.drills.measures.figure import Measured
from crisis.drills.models import DrillExpectation
from crisis.drills.script import Script
from crisis.drills.states import ExpectationState
from crisis.messages.models import Kind
from tests.crisis.drills.measures.evidence import EXTRA, at, inject, measured, revision
from tests.factories import SLIDE


@pytest.mark.parametrize(("second", "missed"), [(69, 0), (74.9, 0), (75.1, 1), (85, 1)])
def test_a_promise_may_be_five_minutes_late(judge: Judge, second: float, missed: int) -> None:
    sent = [revision(1), revision(2, second)]
    figure = measured(judge, Measured.MISSED_UPDATES, sent=sent)
    assert figure.value == missed
    assert len(figure.parts) == missed


def test_a_promise_that_was_never_kept_is_missed_unless_all_was_over_first(judge: Judge) -> None:
    assert measured(judge, Measured.MISSED_UPDATES).value == 1, "promised for 70, over at 90"
    assert measured(judge, Measured.MISSED_UPDATES, until=at(60)).value == 0
    none = [revision(next_update_at=None)]
    assert measured(judge, Measured.MISSED_UPDATES, sent=none).why == "Ingen melding lovet når den neste kommer."


def test_the_longest_silence_lasts_to_the_end_where_nothing_closed_it(judge: Judge) -> None:
    assert measured(judge, Measured.SILENCE).value == 80 * 60
    closed = [revision(1), revision(2, 30), revision(3, 45, kind=Kind.ALL_CLEAR, next_update_at=None)]
    assert measured(judge, Measured.SILENCE, sent=closed).value == 20 * 60


def test_the_first_message_is_held_against_the_five_things_it_must_say(judge: Judge) -> None:
    assert measured(judge, Measured.COMPLETENESS).value == 5
    assert measured(judge, Measured.COMPLETENESS).is_met is True
    poor = {"nb": {**SLIDE["nb"], "where": "området", "what_to_do": ["Mer informasjon kommer."]}}
    figure = measured(judge, Measured.COMPLETENESS, sent=[revision(contents=poor, next_update_at=None)])
    assert figure.value == 2
    assert {part.label for part in figure.parts} == {
        "Mangler: hvor", "Mangler: hva folk skal gjøre", "Mangler: når neste melding kommer",
    }  # fmt: skip
    sms = [AsSent(1, "sms", "nb", "", "ØVELSE ØVELSE ØVELSE. Skred ved Moen! Gå ut.")]
    assert measured(judge, Measured.COMPLETENESS, texts=sms).value == 4, "a text message that does not say who sends it"
    sms = [AsSent(1, "sms", "nb", "", "ØVELSE ØVELSE ØVELSE. Fjordvik kommune: Skred ved Moen! Gå ut.")]
    assert measured(judge, Measured.COMPLETENESS, texts=sms).value == 5


def test_messages_that_tell_some_people_another_time_are_counted(judge: Judge) -> None:
    assert measured(judge, Measured.CONSISTENCY).value == 0
    two = {
        "nb": {**SLIDE["nb"], "what_happened": "Skred kl. 05.40."},
        "nn": {**SLIDE["nb"], "what_happened": "Skred kl. 05.50."},
    }
    figure = measured(judge, Measured.CONSISTENCY, sent=[revision(1, contents=two), revision(2, 30)])
    assert (figure.value, len(figure.parts)) == (1, 1)
    short = {"nb": {**SLIDE["nb"], "short": "Skred i kommunen. Gå ut nå."}}
    assert measured(judge, Measured.CONSISTENCY, sent=[revision(contents=short)]).value == 1, (
        "the short text names no place"
    )


def test_a_rumour_lasts_until_a_correction_or_the_leaders_word(judge: Judge) -> None:
    injects = [inject("I1", 0), inject("I3", 20)]
    assert measured(judge, Measured.RUMOUR).why == "Ingen rykter var i omløp."
    assert measured(judge, Measured.RUMOUR, injects=injects).why == "Et rykte ble aldri rettet."
    sent = [revision(1), revision(2, 32, kind=Kind.CORRECTION)]
    assert measured(judge, Measured.RUMOUR, injects=injects, sent=sent).value == 720
    judged = [DrillExpectation(key="E5", state=ExpectationState.MET, done_elapsed=1500.0)]
    assert measured(judge, Measured.RUMOUR, injects=injects, sent=sent, expectations=judged).value == 300


def test_a_correction_that_the_playbook_expects_makes_a_rumour_of_what_it_puts_right(judge: Judge) -> None:
    expected = [
        {**each, "action": "publish", "match": {"kind": "correction"}} if each["id"] == "E5" else each
        for each in EXTRA["expectations"]
    ]
    script, injects = Script({**EXTRA, "expectations": expected}), [inject("I3", 20)]
    sent = [revision(1), revision(2, 32, kind=Kind.CORRECTION)]
    assert measured(judge, Measured.RUMOUR, script=script, injects=injects, sent=sent).value == 720
