"""Typed: what somebody typed into a field that is no text, and how a field shows it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Self

from crisis import clock
from crisis.tongue.texts import lazily as N_

DATE: Final = "-date"
"""After the name of a time's field: the field of its date."""
_TIME: Final = re.compile(r"(?:kl\.?\s*)?(?P<hour>[0-9]{1,2})(?:[.:]?(?P<minute>[0-9]{2}))?")


def number(said: object, digits: int = 9) -> int:
    """A whole number of at most so many digits (9 fit PostgreSQL's integer, 18 its bigint); 0 for what is none: no row has it."""
    text = str(said or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else 0


class Mistyped(ValueError):
    """It is no date, or no time of day. Its text is the desk's, for beside the field."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date and a time of day as two fields hold them: ``date`` as a browser's own field does, ``time`` as people write it."""

    date: str = ""
    time: str = ""

    @classmethod
    def of(cls, form: Mapping[str, object], name: str) -> Self:
        """Out of a form: ``name`` is the time's field, and ``name-date`` the date's."""
        return cls(str(form.get(f"{name}{DATE}") or "").strip(), str(form.get(name) or ""))

    @classmethod
    def at(cls, at: datetime | None) -> Self:
        """A time that is known, on the clocks in Norway."""
        local = at.astimezone(clock.OSLO) if at else None
        return cls(f"{local:%Y-%m-%d}", f"{local:%H.%M}") if local else cls()

    def read(self) -> datetime | None:
        """When that is, on the clocks in Norway; today where there is no date, ``None`` where there is nothing.

        Raises :class:`Mistyped`.
        """
        if not self.date and not self.time.strip():
            return None
        if not self.time.strip():
            raise Mistyped(N_("Skriv klokkeslettet også, eller ta bort datoen."))
        try:
            on = date.fromisoformat(self.date) if self.date else clock.now().astimezone(clock.OSLO).date()
        except ValueError:
            raise Mistyped(N_("Velg en dato som finnes.")) from None
        return datetime.combine(on, time_of_day(self.time), clock.OSLO)


def time_of_day(said: str) -> time:
    """``0730``, ``730``, ``7.30``, ``07:30``, ``kl. 07.30`` or ``7``: a day has 24 hours, whatever the browser. Raises :class:`Mistyped`."""
    found = _TIME.fullmatch(said.strip().casefold())
    try:
        return time(int(found["hour"]), int(found["minute"] or 0)) if found else _no_time()
    except ValueError:
        return _no_time()


def _no_time() -> time:
    raise Mistyped(N_("Skriv klokkeslettet med fire tall, for eksempel 0730 eller 19.15.")) from None
