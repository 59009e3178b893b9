"""Tongue: one language, and everything that is said in it."""

from datetime import date as Date
from datetime import datetime, timedelta
from gettext import NullTranslations
from pathlib import Path
from typing import Protocol, Self

from babel.numbers import format_decimal

from crisis.tongue import channels, languages, texts, times


class Tongue(Protocol):
    """Whoever says texts in one language: a visit, a renderer, a speaker."""

    def gettext(self, text: str, /, **values: object) -> str:
        """A text in this language, with its blanks filled in."""


class Speaker:
    """Says everything in one language, far from any page: for reports, which outlive their readers' visits."""

    def __init__(self, language: str, translations: NullTranslations) -> None:
        self.language, self._translations = language, translations

    @classmethod
    def of(cls, templates_dir: Path, language: str) -> Self:
        """A speaker of this language, or of the first one where there is no such. Raises :class:`crisis.errors.Unready`."""
        spoken = language if language in texts.LANGUAGES else texts.SOURCE
        return cls(spoken, texts.load(templates_dir)[spoken])

    def gettext(self, text: str, /, **values: object) -> str:
        """A text in this language, with its blanks filled in."""
        said = self._translations.gettext(text)
        return said % values if values else said

    def ngettext(self, one: str, many: str, count: int, **values: object) -> str:
        """The same where a number decides; ``%(num)s`` is the number."""
        return self._translations.ngettext(one, many, count) % {"num": self.number(count), **values}

    def time_of_day(self, at: datetime) -> str:
        """``kl. 05.58``."""
        return times.time_of_day(at, self.language)

    def second(self, at: datetime) -> str:
        """``05.58.12``."""
        return times.second(at, self.language)

    def date(self, at: datetime) -> str:
        """``20. november 2026``."""
        return times.date_and_year(at, self.language)

    def day(self, on: Date) -> str:
        """The same of a date that is no moment."""
        return times.day(on, self.language)

    def moment(self, at: datetime) -> str:
        """``20. november 2026 kl. 05.58``."""
        return times.dated(at, self.language)

    def lasting(self, seconds: float) -> str:
        """``1 t 5 min``, ``4 min 12 s``, ``8 s``, ``0,4 s``."""
        return times.lasting(timedelta(seconds=seconds), self.language)

    def number(self, value: float) -> str:
        """``12 000``."""
        return format_decimal(value, locale=self.language)

    def channel(self, channel: str) -> str:
        """``Krisesiden``, ``Facebook``."""
        return channels.named(channel, self.gettext)

    def tongue(self, language: str) -> str:
        """``nynorsk``."""
        return languages.named(language, self.language, self.gettext)
