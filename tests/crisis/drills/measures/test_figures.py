"""What every measure has: a value or the reason why not, a target, a median, and the drill's own time."""

from dataclasses import replace
from typing import Any

import pytest

from crisis.drills.clock import Clock, Segment
from crisis.drills.measures import service
from crisis.drills.measures.contents import Judge
from crisis.drills.measures.figure import Figure, Measured
from crisis.drills.measures.service import figures
from crisis.drills.script import Script, duration
from crisis.targets import TARGETS, Measure
from tests.crisis.drills.measures.evidence import BEGAN, EXTRA, at, measured, run
from tests.crisis.drills.runs import PLAYBOOK


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
