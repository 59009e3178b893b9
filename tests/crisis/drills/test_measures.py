"""Every measure, reckoned by hand: what the log of a run says, and the reason where it says nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crisis.accounts.locks import LockState
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from crisis.drills.clock import Clock, Segment
from crisis.drills.measures import service
from crisis.drills.measures.contents import Judge
from crisis.drills.measures.evidence import Arrival, AsSent, Evidence, Kept
from crisis.drills.measures.figure import Figure, Measured
from crisis.drills.measures.service import figures
from crisis.drills.models import Drill, DrillExpectation, DrillInject, InjectSight
from crisis.drills.script import Script, duration
from crisis.drills.states import ExpectationState, InjectState
from crisis.logbook.acts import ACTS
from crisis.logbook.models import Acknowledgement, Party
from crisis.logbook.reading import Entry
from crisis.messages.models import Kind, Revision
from crisis.mode import Mode
from crisis.targets import TARGETS, Measure
from tests.crisis.drills.runs import PLAYBOOK
from tests.factories import SLIDE

BEGAN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
EXTRA: dict[str, Any] = {
    **PLAYBOOK,
    "injects": [
        *PLAYBOOK["injects"],
        {"id": "I9", "at": "PT60M", "via": "system_fault", "fault": "idp_down", "for": "PT20M", "text": "Innloggingen er nede."},
    ],
}  # fmt: skip


@pytest.fixture
def judge(crisis: Crisis) -> Judge:
    return Judge.of(crisis.settings, crisis.library)


def at(minutes: float) -> datetime:
    """So many minutes of wall time after the beginning."""
    return BEGAN + timedelta(minutes=minutes)


def act(minutes: float, action: str, actor: str = "Nettredaksjonen", **detail: Any) -> Entry:
    return Entry(
        seq=int(minutes * 100), at=at(minutes), actor=actor, role="editor", action=action, about=ACTS[action], detail=detail,
        record="{}", hash="00", message_id=None, revision_id=None, revision=None, kind=None, headline=None, delivery_id=None,
        channel=None, account=None, unit=None, note=None, is_whole=True,
    )  # fmt: skip


def revision(number: int = 1, approved: float = 10, *, kind: Kind = Kind.ALERT, **more: Any) -> Revision:
    values: dict[str, Any] = {
        "id": number, "message_id": 1, "number": number, "kind": kind, "contents": dict(SLIDE), "part_saves": {},
        "written_at": at(approved - 4), "submitted_at": at(approved - 1), "approved_at": at(approved), "next_update_at": at(approved + 60),
    }  # fmt: skip
    return Revision(**(values | more))


def arrival(revision_id: int, channel: str, first: float | None, last: float | None = None, **more: Any) -> Arrival:
    end = last if last is not None else first
    values: dict[str, Any] = {
        "revision_id": revision_id, "channel": channel, "account": f"Vår {channel}", "language": "nb", "total": 1, "taken": 1,
        "first_at": None if first is None else at(first), "last_at": None if end is None else at(end), "failed_at": None, "error": None,
    }  # fmt: skip
    return Arrival(**(values | more))


def inject(key: str, minutes: float) -> DrillInject:
    return DrillInject(
        key=key, position=0, state=InjectState.FIRED, decided_at=at(minutes), decided_elapsed=minutes * 60.0
    )


def run(**changes: Any) -> Evidence:
    """A drill at the pace of the clock on the wall: crisis staff after 4 minutes, first message after 10, over after 90."""
    activation = Activation(
        id=1, mode=Mode.EXERCISE, title="Skred", state=ActivationState.STOOD_DOWN, epoch=7, activated_by="Kommunedirektøren",
        activated_at=at(4), confirmed_at=at(4.5), stood_down_by="Kommunedirektøren", stood_down_at=at(90),
    )  # fmt: skip
    made = Evidence(
        mode=Mode.EXERCISE,
        until=at(90),
        drill=Drill(id=1, playbook_id="kvikkleireskred"),
        activation=activation,
        clock=Clock([Segment(BEGAN, 0.0, 1.0)]),
        script=Script(EXTRA),
        acts=[act(4, "activate"), act(4.5, "confirm", "system"), act(10, "approve"), act(90, "stand_down")],
        sent=[revision()],
        arrivals=[arrival(1, "website", 10.5), arrival(1, "facebook", 14.0)],
        injects=[inject("I1", 0)],
        sights=[InjectSight(key="I1", by="Kommunedirektøren", at=at(1))],
        accounts=[
            Kept("facebook", "Biblioteket", "biblioteket", LockState.HELD),
            Kept("linkedin", "Kommunen", "personal", LockState.NOT_ENFORCEABLE),
        ],
    )
    return replace(made, **changes)


def measured(judge: Judge, measure: Measured, **changes: Any) -> Figure:
    return next(each for each in figures(run(**changes), judge) if each.measured is measure)


def pieces(figure: Figure) -> list[float | None]:
    return [part.value for part in figure.parts]


def test_every_measure_is_there_with_a_value_or_the_reason_why_not(judge: Judge) -> None:
    found = figures(run(), judge)
    assert [each.measured for each in found] == list(Measured)
    assert all((each.value is None) == bool(each.why) for each in found)


def test_a_target_is_the_playbooks_and_else_the_services(judge: Judge) -> None:
    assert measured(judge, Measured.ACTIVATE).target == 300
    assert measured(judge, Measured.FIRST_MESSAGE).target == 900
    assert measured(judge, Measured.ALL_CLEAR).target == TARGETS[Measure.ALL_CLEAR].total_seconds()
    own = Script({**EXTRA, "targets": {"first_message": "PT5M30S"}})
    assert measured(judge, Measured.FIRST_MESSAGE, script=own).target == 330
    assert measured(judge, Measured.FIRST_MESSAGE, script=own).is_met is False
    assert measured(judge, Measured.UNLOCK).is_met is None


def test_time_to_activate_counts_from_the_first_inject_seen(judge: Judge) -> None:
    assert measured(judge, Measured.ACTIVATE).value == 180
    unseen = measured(judge, Measured.ACTIVATE, sights=[])
    assert (unseen.value, len(unseen.parts)) == (240, 1), "from when it came, and that is said"
    assert measured(judge, Measured.ACTIVATE, injects=[]).why == "Ingen innspill kom før krisestab ble satt."
    assert measured(judge, Measured.ACTIVATE, injects=[inject("I1", 5)], sights=[]).value is None
    assert measured(judge, Measured.ACTIVATE, activation=None).why == "Krisestab ble ikke satt."
    assert measured(judge, Measured.ACTIVATE, drill=None).value is None, "of a real crisis nobody knows"


def test_time_to_lock_names_what_cannot_be_locked(judge: Judge) -> None:
    figure = measured(judge, Measured.ACCOUNTS_LOCKED)
    assert (figure.value, figure.is_met) == (30, True)
    assert [dict(part.names or {}) for part in figure.parts] == [{"account": "Kommunen", "channel": "linkedin"}]


def test_time_to_the_first_message_is_split_into_its_four_parts(judge: Judge) -> None:
    figure = measured(judge, Measured.FIRST_MESSAGE)
    assert figure.value == (10.5 - 4) * 60
    assert pieces(figure) == [120, 180, 60, 30], "thinking, writing, deciding, the machine"
    saved = revision(
        submitted_at=None, part_saves={"nb": {"at": at(7).isoformat()}, "terms": {"at": at(8).isoformat()}}
    )
    assert pieces(measured(judge, Measured.FIRST_MESSAGE, sent=[saved])) == [120, 120, 120, 30], "to the last save"
    assert measured(judge, Measured.FIRST_MESSAGE, sent=[]).why == "Ingen melding ble sendt."
    assert measured(judge, Measured.FIRST_MESSAGE, arrivals=[]).why == "Ingen kanal bekreftet meldingen."


def test_time_to_the_last_channel_has_each_channel_and_those_that_never_came(judge: Judge) -> None:
    figure = measured(judge, Measured.LAST_CHANNEL)
    assert (figure.value, pieces(figure)) == (210, [30, 240])
    rows = [arrival(1, "website", 10.5), arrival(1, "sms", 11, 12), arrival(1, "twitter", None)]
    figure = measured(judge, Measured.LAST_CHANNEL, arrivals=rows)
    assert (figure.value, pieces(figure)) == (90, [30, 120, None])


def test_switchboard_and_employees_count_from_the_sending_until_they_said_so(judge: Judge) -> None:
    read = {
        1: [Acknowledgement(party=Party.SWITCHBOARD, at=at(16)), Acknowledgement(party=Party.SWITCHBOARD, at=at(18))]
    }
    assert measured(judge, Measured.SWITCHBOARD, read=read).value == 360
    assert measured(judge, Measured.EMPLOYEES, read=read).why == "Ingen meldte at de ansatte hadde fått den."
    later = {2: [Acknowledgement(party=Party.EMPLOYEES, at=at(40))]}
    sent = [revision(1), revision(2, 30)]
    assert measured(judge, Measured.EMPLOYEES, read=later, sent=sent).value == 1800, "who read the update knows"


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


def test_the_locks_integrity_is_what_got_out_and_tells_what_was_stopped(judge: Judge) -> None:
    acts = [act(6, "post", "Biblioteket", blocked=True), act(7, "post", "Skolen", blocked=True)]
    figure = measured(judge, Measured.LOCK_INTEGRITY, acts=acts)
    assert (figure.value, figure.is_met, pieces(figure)) == (0, True, [2])
    figure = measured(judge, Measured.LOCK_INTEGRITY, escaped=[("facebook", "Biblioteket", 1)])
    assert (figure.value, figure.is_met) == (1, False)


def test_a_failing_channel_is_noticed_by_a_person_and_not_by_the_machine(judge: Judge) -> None:
    injects = [inject("I1", 0), inject("I2", 12)]
    acts = [act(11, "note"), act(13, "try_again", "system"), act(14, "approve"), act(15, "note"), act(20, "try_again")]
    assert measured(judge, Measured.FAULT_NOTICED, injects=injects, acts=acts).value == 180
    assert measured(judge, Measured.FAULT_NOTICED, injects=injects, acts=acts[:3]).why == "Ingen gjorde noe med feilen."
    failed = [arrival(1, "facebook", 14.0, failed_at=at(12))]
    assert measured(judge, Measured.FAULT_NOTICED, drill=None, arrivals=failed, acts=acts).value == 180, (
        "a real one too"
    )


def test_break_glass_counts_to_the_next_thing_somebody_did(judge: Judge) -> None:
    injects = [inject("I1", 0), inject("I9", 60)]
    acts = [act(59, "note"), act(61, "promise missed", "system"), act(62, "use_break_glass_code"), act(66, "approve")]
    assert measured(judge, Measured.BREAK_GLASS, injects=injects, acts=acts).value == 360
    assert measured(judge, Measured.BREAK_GLASS, injects=injects, acts=acts[:3]).value is None
    assert measured(judge, Measured.BREAK_GLASS, drill=None, acts=acts).value == 240, (
        "in a real crisis, from the code used"
    )


def test_the_all_clear_is_there_when_every_channel_took_it(judge: Judge) -> None:
    sent = [revision(1), revision(2, 80, kind=Kind.ALL_CLEAR, next_update_at=None)]
    rows = [arrival(1, "website", 10.5), arrival(2, "website", 80.5), arrival(2, "sms", 81, 83)]
    assert measured(judge, Measured.ALL_CLEAR, sent=sent, arrivals=rows).value == 180
    rows.append(arrival(2, "twitter", None))
    assert measured(judge, Measured.ALL_CLEAR, sent=sent, arrivals=rows).value is None
    assert "faren er over" in measured(judge, Measured.ALL_CLEAR).why


def test_unlocking_is_one_moment_and_tells_when_the_last_stopped_post_was_decided(judge: Judge) -> None:
    acts = [act(95, "drop_blocked"), act(120, "publish_blocked")]
    figure = measured(judge, Measured.UNLOCK, acts=acts)
    assert (figure.value, pieces(figure)) == (0, [1800])


def test_a_drill_is_measured_in_drill_time_however_fast_it_ran(judge: Judge) -> None:
    clock = Clock(
        [
            Segment(BEGAN, 0.0, 1.0),
            Segment(at(4), 240.0, 10.0),
            Segment(at(10), 3840.0, 0.0),
            Segment(at(12), 3840.0, 1.0),
        ]
    )
    figure = measured(judge, Measured.FIRST_MESSAGE, clock=clock)
    assert figure.value == 3600, "six minutes at ten times the speed, and half a minute that stood still"
    real = measured(judge, Measured.FIRST_MESSAGE, clock=None, drill=None)
    assert real.value == 390


def test_the_median_is_of_the_runs_before_this_one(judge: Judge) -> None:
    found = figures(run(), judge)
    before = [
        service.Run(number, BEGAN, {Measured.FIRST_MESSAGE: replace(_of(found, Measured.FIRST_MESSAGE), value=value)} | {
            each.measured: each for each in found if each.measured is not Measured.FIRST_MESSAGE})
        for number, value in enumerate((600.0, None, 300.0, 900.0))
    ]  # fmt: skip
    trend = service.trends(run(), found, before)[Measured.FIRST_MESSAGE]
    assert trend.median == 600
    assert [value for _, value in trend.points] == [600, None, 300, 900, 390]
    assert service.trends(run(), found, [])[Measured.FIRST_MESSAGE].median is None


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("PT5M", 300), ("PT2H", 7200), ("P14D", 1209600), (90, 90), ("soon", None), ("", None), (None, None)],
)
def test_a_duration_of_a_playbooks_copy(given: Any, seconds: float | None) -> None:
    found = duration(given)
    assert (found.total_seconds() if found else None) == seconds


def test_a_copy_of_a_playbook_is_read_as_it_lies() -> None:
    strange = Script({"title": {"en": "Fire"}, "roles": [None, {"id": "x"}], "injects": "none", "evaluation": []})
    assert (strange.title, strange.roles, strange.injects, strange.questions) == ("Fire", [("x", "x", True)], {}, ())
    assert Script(PLAYBOOK, "nn").background == "Det har regnet i tre døgn.", "its own language where it has no other"


def _of(found: list[Figure], measure: Measured) -> Figure:
    return next(each for each in found if each.measured is measure)
