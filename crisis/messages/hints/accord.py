"""Accord: figures, times and days that must be the same to everyone who reads them, and languages that are not there."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from crisis.clock import OSLO
from crisis.messages.content import FIELDS
from crisis.messages.hints.given import Given, check
from crisis.messages.hints.hint import Fix, Hint, Place
from crisis.messages.hints.lexicon import pattern

_CLOCK: Final = re.compile(r"(?<![\d.:])([01]?\d|2[0-3])[.:]([0-5]\d)(?![\d]|[.:]\d)")
_FIGURE: Final = re.compile(r"(?<![\w+])\+?\d[\d\u00a0 ,]*\d(?!\w)|(?<![\w+])\d{2,}(?!\w)")
_COUNTRY: Final = re.compile(r"^(?:\+|00)47(?=\d{8}$)")
_DATE: Final = re.compile(r"\d{1,2}\.?\s+[^\W\d_]{3,}|\d{1,2}\.\d{1,2}\.")


@check("same")
def same(given: Given) -> Iterator[Hint]:
    """A time or a figure that differs between two languages, or stands in the short text and nowhere else."""
    primary = given.languages[0]
    if primary not in given.contents:
        return
    for language in given.contents:
        own, short = _said(given, language, *(set(FIELDS) - {"short"})), _said(given, language, "short")
        if strays := short.keys() - own.keys():
            value = min(strays)
            yield Hint("same", short[value], value, {"value": value, "against": "long"})
    before = _said(given, primary)
    for language in given.contents:
        after = before if language == primary else _said(given, language)
        mine, theirs = after.keys() - before.keys(), before.keys() - after.keys()
        if not mine and not theirs:
            continue
        value = min(mine or theirs)
        place = after[value] if mine else Place(language)
        values = {"value": value, "against": primary, "other": ", ".join(sorted(theirs))}
        yield Hint("same", place, value, values, _aligned(given, place, value, theirs) if mine == {value} else None)


@check("today")
def today(given: Given) -> Iterator[Hint]:
    """A word for a day that means another one to whoever reads it tomorrow."""
    for language, lexicon in given.spoken():
        days = {day.word: day for day in lexicon.days}
        for text in given.texts(language, "headline", "what_happened", "what_to_do", "short"):
            found = pattern(tuple(days)).search(text.text)
            if found is None:
                continue
            begin, end = text.around(found.start())
            if _DATE.search(text.text, begin, end):
                continue
            day = days[found[0].casefold()]
            said = day.says.format(date=_written(given, language, day.days)) if day.says else ""
            fix = text.instead(found.start(), found.end(), said) if said else None
            yield text.hint("today", found.start(), found.end(), fix)


@check("translation")
def translation(given: Given) -> Iterator[Hint]:
    """A language that is missing, not finished, or older than what it translates."""
    for language in given.languages[1:]:
        if language in given.unfinished:
            yield Hint("translation", Place(language), values={"state": "unfinished"})
        elif language not in given.contents:
            yield Hint("translation", Place(language), values={"state": "missing"})
        elif language in given.outdated:
            yield Hint("translation", Place(language), values={"state": "outdated"})


def _said(given: Given, language: str, *fields: str) -> Mapping[str, Place]:
    """Every time and figure of two digits or more, written one way, and where it stands first."""
    found: dict[str, Place] = {}
    for text in given.texts(language, *fields):
        rest = text.text
        for clock in _CLOCK.finditer(text.text):
            found.setdefault(f"{int(clock[1]):02d}.{clock[2]}", text.at(clock.start(), clock.end()))
            rest = rest[: clock.start()] + "_" * len(clock[0]) + rest[clock.end() :]
        for figure in _FIGURE.finditer(rest):
            value = _COUNTRY.sub("", re.sub(r"[^\d+]", "", figure[0]))
            found.setdefault(value, text.at(figure.start(), figure.end()))
    return found


def _aligned(given: Given, place: Place, value: str, others: set[str]) -> Fix | None:
    """The one time that differs made the same, where it is only one against one."""
    if len(others) != 1 or not (_CLOCK.fullmatch(value) and _CLOCK.fullmatch(other := next(iter(others)))):
        return None
    text = next(each for each in given.texts(place.language, place.field) if each.place.item == place.item).text
    said = other.replace(".", ":") if ":" in text[place.start : place.end] else other
    whole = Place(place.language, place.field, place.item)
    return Fix(whole, text[: place.start] + said + text[place.end :])


def _written(given: Given, language: str, days: int) -> str:
    """The date so many days from now: ``20. november``, ``20 November``."""
    words = given.words.language(language)
    on: date = (given.now.astimezone(OSLO) + timedelta(days=days)).date()
    return words.date.format(day=on.day, month=words.months[on.month - 1])
