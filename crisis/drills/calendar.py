"""The calendar: when no drill is held. Every siren and telephone in the country is tested twice a year, and whoever hears an
exercise then, or plays one, could take the one for the other.

The national test of the sirens and of Nødvarsel is on the second Wednesday of January and of June at 12.00 (DSB and Sivilforsvaret,
sivilforsvaret.no and nodvarsel.no).
"""

import calendar
from datetime import date, datetime, time, timedelta
from typing import Final

from crisis.clock import OSLO
from crisis.errors import Conflict
from crisis.said import Said

MONTHS: Final = (1, 6)
AT: Final = time(12)
APART: Final = timedelta(minutes=30)
"""So long before it and after it there is no drill."""
_SECOND: Final = 1


class NationalTest(Conflict):
    """The drill would be under way during the national test."""

    def __init__(self, tested_at: datetime) -> None:
        self.tested_at = tested_at
        super().__init__(
            Said(
                "Sirens and Nødvarsel are tested all over the country on {day} at {at}, and no drill is held within half an hour of it: "
                "people would take the one for the other. Start it after {after}, or so early that it is over half an hour before. "
                "Nothing was started.",
                day=f"{tested_at:%d.%m.%Y}",
                at=f"{tested_at:%H.%M}",
                after=f"{tested_at + APART:%H.%M}",
            )
        )


def check(starts: datetime, duration: timedelta) -> None:
    """Raise :class:`NationalTest` where a drill that starts then, and lasts so long on the wall's clock, comes too near to one."""
    ends = starts + duration
    day = starts.astimezone(OSLO).date()
    for year in range(day.year, ends.astimezone(OSLO).year + 1):
        for tested_at in tests_in(year):
            if starts <= tested_at + APART and tested_at - APART <= ends:
                raise NationalTest(tested_at)


def tests_in(year: int) -> tuple[datetime, ...]:
    """The national tests of a year."""
    return tuple(datetime.combine(_second_wednesday(year, month), AT, OSLO) for month in MONTHS)


def _second_wednesday(year: int, month: int) -> date:
    wednesdays = [
        day
        for day in calendar.Calendar().itermonthdates(year, month)
        if day.month == month and day.weekday() == calendar.WEDNESDAY
    ]
    return wednesdays[_SECOND]
