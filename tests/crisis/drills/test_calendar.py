"""The calendar: no drill over the national test of sirens and Nødvarsel, and half an hour on each side."""

from datetime import datetime, timedelta

import pytest

from crisis.clock import OSLO
from crisis.drills import calendar
from crisis.drills.calendar import NationalTest

HOUR = timedelta(hours=1)


def is_refused(starts: datetime, lasts: timedelta) -> bool:
    try:
        calendar.check(starts, lasts)
    except NationalTest:
        return True
    return False


@pytest.mark.parametrize(
    ("year", "days"), [(2024, ((1, 10), (6, 12))), (2026, ((1, 14), (6, 10))), (2028, ((1, 12), (6, 14)))]
)
def test_it_is_the_second_wednesday_of_january_and_june_at_noon(year: int, days: tuple[tuple[int, int], ...]) -> None:
    assert [(at.month, at.day, at.hour) for at in calendar.tests_in(year)] == [(*day, 12) for day in days]


@pytest.mark.parametrize(
    ("starts", "lasts"),
    [
        (datetime(2026, 6, 10, 12, 0, tzinfo=OSLO), HOUR),
        (datetime(2026, 6, 10, 10, 31, tzinfo=OSLO), HOUR),
        (datetime(2026, 6, 10, 12, 29, tzinfo=OSLO), timedelta(minutes=1)),
        (datetime(2026, 6, 9, 20, 0, tzinfo=OSLO), timedelta(days=2)),
        (datetime(2025, 12, 31, 20, 0, tzinfo=OSLO), timedelta(days=15)),
    ],
)
def test_what_would_be_under_way_then_is_refused(starts: datetime, lasts: timedelta) -> None:
    with pytest.raises(NationalTest, match="tested all over the country on"):
        calendar.check(starts, lasts)


@pytest.mark.parametrize(
    ("starts", "lasts"),
    [
        (datetime(2026, 6, 10, 10, 29, tzinfo=OSLO), HOUR),
        (datetime(2026, 6, 10, 12, 31, tzinfo=OSLO), HOUR),
        (datetime(2026, 6, 3, 12, 0, tzinfo=OSLO), HOUR),
        (datetime(2026, 7, 8, 12, 0, tzinfo=OSLO), HOUR),
    ],
)
def test_another_day_or_hour_is_as_good_as_any(starts: datetime, lasts: timedelta) -> None:
    assert not is_refused(starts, lasts)
