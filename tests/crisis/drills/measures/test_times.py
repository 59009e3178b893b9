"""Every measure of time, reckoned by hand: from the log of a run, and the reason where there is none."""

from crisis.drills.measures.contents import Judge
from crisis.drills.measures.figure import Measured
from crisis.logbook.models import Acknowledgement, Party
from crisis.messages.models import Kind
from tests.crisis.drills.measures.evidence import act, arrival, at, inject, measured, pieces, revision


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
