"""Drill time, whatever is done to a drill's clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis.drills.clock import Clock, Segment

BEGAN = datetime(2026, 11, 20, 5, 40, tzinfo=UTC)
SPEEDS = st.one_of(st.just(0.0), st.floats(0.1, 3600.0))
GAPS = st.integers(0, 7_200_000_000).map(lambda each: timedelta(microseconds=each))
JUMPS = st.one_of(st.just(0.0), st.floats(0.0, 36_000.0))


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    """A clock that was paused, went faster and slower, and was put forward now and then."""
    segments = [Segment(BEGAN, 0.0, draw(SPEEDS))]
    for gap, jump, speed in draw(st.lists(st.tuples(GAPS, JUMPS, SPEEDS), max_size=8)):
        at = segments[-1].at + gap
        segments.append(Segment(at, Clock(segments).elapsed(at) + jump, speed))
    return Clock(segments)


def moments(clock: Clock) -> list[datetime]:
    """Before, at and between its segments, and after them."""
    ends = [each.at for each in clock.segments]
    between = [before + (after - before) / 2 for before, after in pairwise(ends)]
    return sorted([BEGAN - timedelta(hours=1), *ends, *between, ends[-1] + timedelta(minutes=7)])


@given(clocks())
def test_it_never_goes_back(clock: Clock) -> None:
    told = [clock.elapsed(at) for at in moments(clock)]
    assert told == sorted(told)
    assert told[0] == 0.0


@given(clocks(), st.floats(0.0, 50_000.0))
def test_the_moment_at_which_it_says_something_is_the_first_one(clock: Clock, elapsed: float) -> None:
    at = clock.wall(elapsed)
    if at is None:
        assert clock.is_still
        assert all(clock.elapsed(each) < elapsed for each in moments(clock))
        return
    slack = 1e-9 * max(1.0, elapsed)
    assert clock.elapsed(at) >= elapsed - slack
    if at > BEGAN:
        assert clock.elapsed(at - timedelta(microseconds=2)) < elapsed + slack


@given(clocks(), GAPS)
def test_it_stands_still_where_it_is_paused(clock: Clock, gap: timedelta) -> None:
    for before, after in pairwise(clock.segments):
        if before.speed == 0 and after.at > before.at:
            assert clock.elapsed(after.at - timedelta(microseconds=1)) == before.elapsed
    if clock.is_still:
        last = clock.segments[-1]
        assert clock.elapsed(last.at + gap) == last.elapsed


@given(clocks(), st.floats(0.1, 3600.0), GAPS)
def test_another_speed_changes_nothing_of_what_was(clock: Clock, speed: float, gap: timedelta) -> None:
    at = clock.segments[-1].at + gap
    changed = Clock([*clock.segments, Segment(at, clock.elapsed(at), speed)])
    for moment in moments(clock):
        if moment <= at:
            assert changed.elapsed(moment) == pytest.approx(clock.elapsed(moment))
    assert changed.elapsed(at + timedelta(seconds=10)) == pytest.approx(clock.elapsed(at) + 10 * speed)
    assert changed.speed == speed


def test_after_a_pause_it_goes_as_fast_as_before() -> None:
    clock = Clock([Segment(BEGAN, 0.0, 30.0), Segment(BEGAN + timedelta(seconds=10), 300.0, 0.0)])
    assert (clock.is_still, clock.speed) == (True, 30.0)
    assert clock.wall(300.0) == BEGAN + timedelta(seconds=10)
    assert clock.wall(300.1) is None


@pytest.mark.parametrize(
    "segments",
    [
        [],
        [Segment(BEGAN, 10.0, 1.0), Segment(BEGAN + timedelta(seconds=5), 14.0, 1.0)],
        [Segment(BEGAN, 0.0, 1.0), Segment(BEGAN - timedelta(seconds=5), 0.0, 1.0)],
    ],
)
def test_a_clock_that_never_began_or_goes_back_is_none(segments: list[Segment]) -> None:
    with pytest.raises(ValueError, match=r"beginning|never goes back"):
        Clock(segments)
