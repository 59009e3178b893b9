"""Times as the desk's languages write them: ``kl. 05.58``, ``20. november``. Local, in Norway. Neither is broken between lines."""

from datetime import datetime, timedelta
from typing import Final

from babel.dates import format_date

from crisis import clock

_DATE: Final = {"nb": "d.\u00a0MMMM", "nn": "d.\u00a0MMMM", "en": "d\u00a0MMMM"}
_CLOCK: Final = {"nb": "kl.\u00a0%H.%M", "nn": "kl.\u00a0%H.%M", "en": "%H:%M"}
_BOTH: Final = {"nb": "{date} {clock}", "nn": "{date} {clock}", "en": "{date} at {clock}"}


def time_of_day(at: datetime, language: str) -> str:
    """``kl. 05.58``."""
    return at.astimezone(clock.OSLO).strftime(_CLOCK[language])


def date(at: datetime, language: str) -> str:
    """``20. november``."""
    return format_date(at.astimezone(clock.OSLO), _DATE[language], locale=language)


def moment(at: datetime, language: str, now: datetime | None = None) -> str:
    """The time of day; with the date in front when that is another day than today."""
    today = (now or clock.now()).astimezone(clock.OSLO).date()
    if at.astimezone(clock.OSLO).date() == today:
        return time_of_day(at, language)
    return _BOTH[language].format(date=date(at, language), clock=time_of_day(at, language))


def span(length: timedelta) -> str:
    """``1.05.09`` is hours, minutes and seconds; ``05.09`` minutes and seconds. What a running clock shows."""
    seconds = max(0, int(length.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    short = f"{rest // 60:02d}.{rest % 60:02d}"
    return f"{hours}.{short}" if hours else short
