"""Harm: what may hurt somebody, or what others are to say. The police own the facts about people; the municipality its advice."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from crisis.messages.hints.given import Given, check
from crisis.messages.hints.hint import Hint
from crisis.messages.hints.lexicon import Lexicon

_NATIONAL_ID: Final = re.compile(r"(?<!\d)\d{6}\s?\d{5}(?!\d)")
_FULL_NAME: Final = re.compile(r"(?<!\w)[A-ZÆØÅ][a-zæøåéü]+(?:-[A-ZÆØÅ][a-zæøå]+)?(?: [A-ZÆØÅ][a-zæøåéü]+){1,2}(?!\w)")
_SAID: Final = ("headline", "what_happened", "where", "what_to_do", "short")


@check("personal")
def personal(given: Given) -> Iterator[Hint]:
    """Eleven digits, or a name beside a word about somebody's health."""
    for language in given.contents:
        for text in given.texts(language):
            for found in _NATIONAL_ID.finditer(text.text):
                yield text.hint("personal", found.start(), found.end(), text.without(found.start(), found.end()))
    for language, lexicon in given.spoken():
        for text in given.texts(language, *_SAID):
            for begin, end in text.sentences():
                name = _FULL_NAME.search(text.text, begin, end)
                if name and lexicon.find(lexicon.health, text.text[begin:end]):
                    yield text.hint("personal", name.start(), name.end())


@check("police")
def police(given: Given) -> Iterator[Hint]:
    """Words about people that the police decide whether to say."""
    for language, lexicon in given.spoken():
        yield from _sentences_with(given, language, lexicon, "police", lexicon.police)


@check("blame")
def blame(given: Given) -> Iterator[Hint]:
    """Causes and guilt, which nobody knows yet."""
    for language, lexicon in given.spoken():
        yield from _sentences_with(given, language, lexicon, "blame", lexicon.blame)


@check("reassure")
def reassure(given: Given) -> Iterator[Hint]:
    """Phrases that calm nobody."""
    for language, lexicon in given.spoken():
        yield from _sentences_with(given, language, lexicon, "reassure", lexicon.reassure)


def _sentences_with(given: Given, language: str, lexicon: Lexicon, name: str, words: Sequence[str]) -> Iterator[Hint]:
    """A hint at the first of these words in each text; one click takes its sentence out, where that leaves anything."""
    for text in given.texts(language, *_SAID):
        if found := lexicon.find(words, text.text):
            yield text.hint(name, found.start(), found.end(), text.without(*text.around(found.start())) or None)
