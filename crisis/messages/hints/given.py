"""Given: everything a hint may look at, and the list of the hints there are."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from crisis.messages.content import FIELDS, Content
from crisis.messages.hints.hint import Fix, Hint, Place
from crisis.messages.hints.lexicon import Lexicon
from crisis.messages.lengths import Length
from crisis.messages.library import Template
from crisis.messages.models import Kind
from crisis.messages.words import Words

_SENTENCE_END: Final = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"»”)]))\s+(?=[\"«“(]?[^\W\d_a-zæøå])|\n+")
"""Not before a digit or a small letter: "kl. 05.58", "20. november"."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the draft and where it stands."""

    place: Place
    text: str

    def at(self, start: int, end: int) -> Place:
        """A piece of it."""
        return Place(self.place.language, self.place.field, self.place.item, start, end)

    def hint(self, check: str, start: int, end: int, fix: str | None = None, **values: object) -> Hint:
        """A hint about a piece of it. ``fix`` is the whole new text."""
        made = None if fix is None or fix == self.text else Fix(self.place, fix)
        return Hint(check, self.at(start, end), self.text[start:end], values, made)

    def sentences(self) -> Iterator[tuple[int, int]]:
        """Where each begins and ends."""
        begin = 0
        for gap in (*_SENTENCE_END.finditer(self.text), None):
            end = gap.start() if gap else len(self.text)
            if self.text[begin:end].strip():
                yield begin, end
            begin = gap.end() if gap else end

    def around(self, position: int) -> tuple[int, int]:
        """The sentence that ``position`` is in."""
        return next((span for span in self.sentences() if span[0] <= position < span[1]), (0, len(self.text)))

    def instead(self, start: int, end: int, said: str) -> str:
        """The text with ``said`` in the place of this piece, with a capital where the piece began with one."""
        if self.text[start : start + 1].isupper():
            said = said[:1].upper() + said[1:]
        return self.text[:start] + said + self.text[end:]

    def without(self, start: int, end: int) -> str:
        """The rest of the text when this piece is taken out."""
        return re.sub(r"[ \t]{2,}", " ", self.text[:start] + self.text[end:].lstrip(" ")).strip()


@dataclass(frozen=True, slots=True)
class Given:
    """A draft as far as it is typed, and what is known around it. ``languages`` are those a message should have, the primary first."""

    kind: Kind
    languages: Sequence[str]
    contents: Mapping[str, Content]
    lexicons: Mapping[str, Lexicon]
    words: Words
    municipality: str
    host: str
    now: datetime
    template: Template | None = None
    """Of the message's hazard; without one, the words of every hazard count."""
    templates: Sequence[Template] = ()
    sms: Mapping[str, tuple[str, Length]] = field(default_factory=dict)
    """The text message in each language without the exercise's marker, and its length with it."""
    next_update_at: datetime | None = None
    promised_at: datetime | None = None
    """When this message was promised, if one before it did."""
    outdated: Sequence[str] = ()
    """Translations that are older than the text they translate."""
    unfinished: Sequence[str] = ()
    """Translations that are begun and not whole."""

    def texts(self, language: str, *fields: str) -> Iterator[Text]:
        """What is written in one language: in these fields, or in all of them."""
        content = self.contents.get(language)
        for name in (fields or FIELDS) if content is not None else ():
            value = getattr(content, name)
            for item, each in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if each:
                    yield Text(Place(language, name, item), each)

    def carried(self, language: str) -> Iterator[Text]:
        """What of it goes into text messages and on X."""
        content = self.contents.get(language)
        if content is not None:
            yield from self.texts(language, *(["short"] if content.short else ["headline", "where", "what_to_do"]))

    def spoken(self) -> Iterator[tuple[str, Lexicon]]:
        """The languages that are written in and have words of their own to look for."""
        return ((each, self.lexicons[each]) for each in self.contents if each in self.lexicons)


Check = Callable[[Given], Iterator[Hint]]
CHECKS: dict[str, Check] = {}
"""Every check by its id. Which is the worst, :data:`crisis.messages.hints.service.ORDER` says."""


def check(name: str) -> Callable[[Check], Check]:
    """Put a check on the list."""

    def put(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return put
