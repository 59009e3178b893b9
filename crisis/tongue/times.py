"""Times as the desk's languages write them: ``kl. 05.58``, ``20. november``. Local, in Norway. Neither is broken between lines."""

from datetime import date as Date
from datetime import datetime, timedelta
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal

from crisis import clock

_DATE: Final = {"nb": "d.\u00a0MMMM", "nn": "d.\u00a0MMMM", "en": "d\u00a0MMMM"}
_CLOCK: Final = {"nb": "kl.\u00a0%H.%M", "nn": "kl.\u00a0%H.%M", "en": "%H:%M"}
_YEAR: Final = {"nb": "d.\u00a0MMMM\u00a0y", "nn": "d.\u00a0MMMM\u00a0y", "en": "d\u00a0MMMM\u00a0y"}
_SECOND: Final = {"nb": "%H.%M.%S", "nn": "%H.%M.%S", "en": "%H:%M:%S"}
_HOUR: Final = {"nb": "t", "nn": "t", "en": "h"}
_TENTHS_BELOW: Final = 10.0
"""Seconds: what took less is told with one decimal."""
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


def second(at: datetime, language: str) -> str:
    """``05.58.12``."""
    return at.astimezone(clock.OSLO).strftime(_SECOND[language])


def date_and_year(at: datetime, language: str) -> str:
    """``20. november 2026``: for what is read in another year."""
    return day(at.astimezone(clock.OSLO).date(), language)


def day(on: Date, language: str) -> str:
    """The same of a date that is no moment: a deadline."""
    return format_date(on, _YEAR[language], locale=language)


def dated(at: datetime, language: str) -> str:
    """``20. november 2026 kl. 05.58``."""
    return _BOTH[language].format(date=date_and_year(at, language), clock=time_of_day(at, language))


def lasting(length: timedelta, language: str) -> str:
    """How long something took, in the two largest units that say something: ``1 t 5 min``, ``4 min 12 s``, ``8 s``, ``0,4 s``."""
    exact = max(0.0, length.total_seconds())
    if exact < _TENTHS_BELOW and round(exact, 1) != int(exact):
        return f"{format_decimal(round(exact, 1), locale=language)}\u00a0s"
    minutes, seconds = divmod(round(exact), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, _HOUR[language]), (minutes, "min"), (seconds, "s")]
    told = [f"{count}\u00a0{unit}" for count, unit in parts if count] or ["0\u00a0s"]
    return " ".join(told[:2])
