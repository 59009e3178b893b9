"""Texts: what a notification says, as one text message and as an e-mail, from ``notifications/words.json``.

A text message is one part in GSM-7 with the link in it: of several ways to say the same, the longest that fits is taken. A title or
a name with letters that GSM-7 has not is left to the e-mail and the link's page. An exercise's begin with the marker, from here.
"""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from crisis.channels import Unit
from crisis.errors import Unready
from crisis.messages.lengths import GSM_7, measure, normalise
from crisis.messages.words import Words
from crisis.mode import Mode

PLACE: Final = Path("notifications/words.json")
EXCERPT_MOST: Final = 280
"""Characters of somebody's post that an e-mail shows."""


class _Shipped(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KindWords(_Shipped):
    """One kind of notification. Names in braces are filled in; a paragraph with nothing in it is left out."""

    sms: Annotated[tuple[str, ...], Field(min_length=1)]
    """The same thing, shorter each time."""
    subject: str
    body: Annotated[tuple[str, ...], Field(min_length=1)]


class LanguageWords(_Shipped):
    """Everything in one language."""

    call: str
    call_nobody: str
    """Where no telephone of the web editors is set."""
    next: str
    nothing_waits: str
    waits: str
    many_wait: str
    lock: KindWords
    reminder: KindWords
    escalation: KindWords
    editors: KindWords
    """For the web editors themselves, in place of ``lock``."""
    breach: KindWords
    breaches: KindWords
    """For the last of an account's that is told for a while."""
    planned: KindWords
    release: KindWords


class _File(RootModel[Mapping[str, LanguageWords]]):
    pass


@dataclass(frozen=True, slots=True)
class Composed:
    """One notification in one language."""

    sms: str
    subject: str
    body: str


class Texts:
    """The words of every language, and how they are put together."""

    def __init__(self, words: Words, languages: Mapping[str, LanguageWords], municipality: str) -> None:
        self.words = words
        self._languages, self._municipality = languages, municipality

    @classmethod
    def load(cls, templates_dir: Path, municipality: str) -> "Texts":
        """Read them. Raises :class:`crisis.errors.Unready` when the file is not there or not whole."""
        path = templates_dir / PLACE
        try:
            found = _File.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise Unready(
                f"The words for notifications in {path} cannot be used, so nobody can be told of a lock. "
                f"Check CRISIS_TEMPLATES_DIR, or install again:\n{error}"
            ) from error
        return cls(Words.load(templates_dir), found.root, municipality)

    def language(self, wanted: str | None, primary: str) -> str:
        """The language to write in: the person's, else the municipality's first, else bokmål."""
        return next((each for each in (wanted, primary) if each is not None and each in self._languages), "nb")

    def of(self, language: str) -> LanguageWords:
        """The words of one language that there is."""
        return self._languages[language]

    def call(self, language: str, contact: str) -> str:
        """Whom to call."""
        said = self._languages[language]
        return said.call.format(contact=contact) if contact else said.call_nobody

    def waits(self, language: str, count: int) -> str:
        """How many posts wait for somebody."""
        said = self._languages[language]
        if not count:
            return said.nothing_waits
        return said.waits if count == 1 else said.many_wait.format(count=count)

    def compose(self, name: str, language: str, mode: Mode, values: Mapping[str, str]) -> Composed:
        """The notification called ``name``, with its blanks filled in. What was typed by people is data: it fills blanks alone."""
        said: KindWords = getattr(self._languages[language], name)
        blanks = {name: "" for text in (*said.sms, said.subject, *said.body) for name in _blanks(text)}
        filled = blanks | {"municipality": self._municipality} | dict(values)
        marker = self._marker(language, mode)
        subject = _line(f"{marker} {said.subject.format_map(filled)}")
        paragraphs = [text.format_map(filled).strip() for text in said.body]
        body = "\n\n".join(filter(None, (marker, *paragraphs, self._municipality))) + "\n"
        return Composed(_one_part(said.sms, marker, filled), subject, body)

    def _marker(self, language: str, mode: Mode) -> str:
        if mode is Mode.ACTUAL:
            return ""
        return " ".join(filter(None, (self.words.marker, self.words.also_marked(language))))


def excerpt(text: str) -> str:
    """The beginning of somebody's post, on one line, in quotation marks. Nothing of nothing."""
    squeezed = _line(text)
    cut = squeezed if len(squeezed) <= EXCERPT_MOST else squeezed[: EXCERPT_MOST - 1].rstrip() + "…"
    return f"«{cut}»" if cut else ""


def _one_part(forms: Sequence[str], marker: str, values: Mapping[str, str]) -> str:
    said = ""
    for form in forms:
        said = normalise(_line(f"{marker} {form.format_map(values)}"))
        length = measure(said, Unit.SEGMENTS)
        if length.count == 1 and length.encoding == GSM_7:
            return said
    return said


def _blanks(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


def _line(text: str) -> str:
    """On one line, without anything that cannot be seen."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
