"""Carriage: what costs, or is lost, on the way: links in text messages, characters that double the price, pictures nobody sees."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from crisis.messages.hints.given import Given, Text, check
from crisis.messages.hints.hint import Hint, Place
from crisis.messages.hints.lexicon import pattern
from crisis.messages.lengths import UCS_2, normalise

_LINK: Final = re.compile(
    r"(?<![\w@.])(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?://)?"
    r"(?P<host>(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?:[a-z]{2}|com|org|net|info|biz|app|gle|link|news))(?![\w.-]*\w)(?P<path>/\S*)?"
)
"""With the endings of addresses, in small letters: "f.eks." and "her.Se" are none."""


@check("link")
def link(given: Given) -> Iterator[Hint]:
    """Anything but the bare name of our own site: people are taught not to tap links in text messages."""
    ours = {given.host.casefold(), given.host.casefold().partition(".")[2]}
    for language in given.contents:
        for text in given.carried(language):
            for found in _LINK.finditer(text.text):
                path = (found["path"] or "").rstrip(".,;:!?)/")
                if found["scheme"] or path or found["host"].casefold().removeprefix("www.") not in ours:
                    end = found.start("path") + len(path) if found["path"] else found.end()
                    fix = text.text[: found.start()] + given.host + text.text[end:]
                    yield text.hint("link", found.start(), end, fix, host=given.host)


@check("sms")
def sms(given: Given) -> Iterator[Hint]:
    """More than one part, or a character that leaves room for less than half as much in each."""
    for language, (_, length) in given.sms.items():
        if length.count <= 1 and length.encoding != UCS_2:
            continue
        characters = {each.character for each in length.offenders}
        values = {"parts": length.count, "encoding": length.encoding}
        for text in given.carried(language):
            at = next((at for at, each in enumerate(text.text) if characters.intersection(normalise(each))), None)
            if at is not None:
                yield text.hint(
                    "sms", at, at + 1, _sendable(text, characters), **values, character=text.text[at : at + 1]
                )
                break
        else:
            if length.count > 1:
                yield Hint("sms", Place(language, "short"), values=values | {"character": ""})


@check("alt")
def alt(given: Given) -> Iterator[Hint]:
    """The text sends people to a picture, which not all of them see and no text message carries."""
    for language, lexicon in given.spoken():
        for text in given.texts(language):
            if found := pattern(tuple(lexicon.pictures)).search(text.text):
                yield text.hint("alt", found.start(), found.end())


def _sendable(text: Text, characters: set[str]) -> str | None:
    """The text without symbols that cost. A letter is left alone: without its accent a word is another word."""
    if any(unicodedata.category(each)[0] in "LM" for each in characters if each in text.text):
        return None
    kept = "".join(each for each in text.text if each not in characters)
    return re.sub(r" {2,}", " ", kept).strip()
