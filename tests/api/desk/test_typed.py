"""What people type where it is no text: numbers, and times of day as they are said in Norway, by any browser."""

from datetime import UTC, datetime, time

import pytest

from api.desk.typed import Mistyped, Moment, number, time_of_day
from crisis import clock


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("0730", time(7, 30)),
        ("730", time(7, 30)),
        ("7.30", time(7, 30)),
        ("07:30", time(7, 30)),
        ("kl. 07.30", time(7, 30)),
        ("Kl 7:30", time(7, 30)),
        (" kl.0730 ", time(7, 30)),
        ("19.15", time(19, 15)),
        ("7", time(7)),
        ("00.00", time(0)),
        ("2359", time(23, 59)),
    ],
)
def test_a_time_of_day_is_read_as_people_write_it(said: str, read: time) -> None:
    assert time_of_day(said) == read


@pytest.mark.parametrize(
    "said",
    [
        "",
        "24.00",
        "7.60",
        "7.5",
        "73000",
        "7 pm",
        "07.30 PM",
        "halv åtte",
        "-7",
        "07..30",
        "٠٧٣٠",
        "7.30.00",
        "9" * 999,
    ],
)
def test_what_is_no_time_of_day_is_said(said: str) -> None:
    with pytest.raises(Mistyped, match="fire tall"):
        time_of_day(said)


def test_a_date_and_a_time_are_on_the_clocks_in_norway_also_when_they_change() -> None:
    assert Moment("2026-11-20", "0730").read() == datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
    assert Moment("2026-07-20", "kl. 07.30").read() == datetime(2026, 7, 20, 5, 30, tzinfo=UTC)
    winter = datetime(2026, 11, 20, 22, 5, tzinfo=UTC)
    assert Moment.at(winter) == Moment("2026-11-20", "23.05")
    assert Moment.at(winter).read() == winter
    assert Moment.at(None).read() is None


def test_without_a_date_it_is_today_and_without_a_time_it_is_nothing_but_a_fault() -> None:
    read = Moment("", "12.00").read()
    assert read is not None
    assert (read.date(), read.hour) == (clock.now().astimezone(clock.OSLO).date(), 12)
    assert Moment("", "  ").read() is None
    with pytest.raises(Mistyped, match="også"):
        Moment("2026-11-20", "").read()
    with pytest.raises(Mistyped, match="dato"):
        Moment("2026-13-40", "07.30").read()


def test_a_number_is_one_or_none() -> None:
    assert [number(each) for each in ("7", "", None, "x", "-1", "1" * 10)] == [7, 0, 0, 0, 0, 0]
