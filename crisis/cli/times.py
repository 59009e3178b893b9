"""Times as people in Norway say them. Only what the command line reads and shows; everything inside is UTC."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from crisis import clock
from crisis.clock import OSLO
from crisis.errors import Invalid

_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})")


def shown(at: datetime | None) -> str:
    """Norwegian time: the clock alone today, the date before it on other days; nothing for no time."""
    if at is None:
        return ""
    local = at.astimezone(OSLO)
    return local.strftime("%H:%M:%S" if local.date() == clock.now().astimezone(OSLO).date() else "%Y-%m-%d %H:%M")


def read(said: str) -> datetime:
    """``14:30`` (the next time the clock shows that), ``2026-11-21 08:00``, or ISO 8601 with a zone. Norwegian time unless
    a zone is given. Raises :class:`Invalid`.
    """
    if clock_time := _CLOCK.fullmatch(said.strip()):
        hour, minute = int(clock_time[1]), int(clock_time[2])
        now = clock.now().astimezone(OSLO)
        try:
            at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        except ValueError:
            raise _not_a_time(said) from None
        return at if at > now else at + timedelta(days=1)
    try:
        at = datetime.fromisoformat(said.strip())
    except ValueError:
        raise _not_a_time(said) from None
    if at.tzinfo is None:
        local = at.replace(tzinfo=OSLO)
        if local.astimezone(ZoneInfo("UTC")).astimezone(OSLO).replace(tzinfo=None) != at:
            raise Invalid(f"{said!r} is not a time in Norway: the clocks go forward past it that night.")
        return local
    return at


def _not_a_time(said: str) -> Invalid:
    return Invalid(f"{said[:40]!r} is not a time. Write 14:30, 2026-11-21 08:00, or 2026-11-21T08:00:00+01:00.")
