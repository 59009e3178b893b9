"""Wording: what is hard to read in a hurry. Lengths and words say nothing by themselves, so nothing here is a score."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from crisis.messages.hints.given import Given, Text, check
from crisis.messages.hints.hint import Hint
from crisis.messages.hints.lexicon import pattern

LONG: Final = 20
"""Words of a sentence that can be read in a hurry."""
_CAPITALS: Final = 0.2
_CAPITALS_FROM: Final = 12
"""Letters: fewer are a word or two."""
_INITIALS: Final = 3
"""Letters of a name that is written in capitals: NRK, NVE, P1."""
_WORD: Final = re.compile(r"[^\W_]+(?:[-.:][^\W_]+)*")
_READ: Final = ("headline", "what_happened", "what_to_do", "short")


@check("negation")
def negation(given: Given) -> Iterator[Hint]:
    """A sentence that takes back twice: what is left to do is hard to see."""
    for language, lexicon in given.spoken():
        for text in given.texts(language, *_READ):
            for begin, end in text.sentences():
                if len(pattern(tuple(lexicon.negations)).findall(text.text[begin:end])) > 1:
                    yield text.hint("negation", begin, end)


@check("caps")
def caps(given: Given) -> Iterator[Hint]:
    """More than every fifth letter a capital. A few words in capitals draw the eye; a text in capitals is not read."""
    for language in given.contents:
        names = {name.casefold(): name for text in given.texts(language) for name in _names(text)}
        for text in given.texts(language, "headline", "what_happened", "where", "what_to_do", "short"):
            if _shouts(text.text):
                yield text.hint("caps", 0, len(text.text), _lowered(text, names))


@check("hard")
def hard(given: Given) -> Iterator[Hint]:
    """An official word that has a plain one."""
    for language, lexicon in given.spoken():
        simpler = {**lexicon.heavy, **lexicon.hard}
        if not simpler:
            continue
        for text in given.texts(language, *_READ):
            for found in pattern(tuple(simpler)).finditer(text.text):
                word = found[0].casefold()
                fix = text.instead(found.start(), found.end(), simpler[word]) if word in lexicon.hard else None
                yield text.hint("hard", found.start(), found.end(), fix, instead=simpler[word])


@check("long")
def long(given: Given) -> Iterator[Hint]:
    """A sentence that is two."""
    for language in given.contents:
        for text in given.texts(language, *_READ):
            for begin, end in text.sentences():
                if (words := len(_WORD.findall(text.text[begin:end]))) > LONG:
                    yield text.hint("long", begin, end, words=words)


def _shouts(text: str) -> bool:
    words = [word for word in _WORD.findall(text) if not (word.isupper() and len(word) <= _INITIALS)]
    letters = [each for word in words for each in word if each.isalpha()]
    return len(letters) >= _CAPITALS_FROM and sum(each.isupper() for each in letters) > _CAPITALS * len(letters)


def _names(text: Text) -> Iterator[str]:
    """The words that have a capital in the middle of a sentence of a text that does not shout."""
    if not _shouts(text.text):
        for begin, end in text.sentences():
            yield from (word for word in _WORD.findall(text.text[begin:end])[1:] if word[0].isupper())


def _lowered(text: Text, names: Mapping[str, str]) -> str:
    """In small letters, but for the beginnings of sentences and for names."""
    made = _WORD.sub(lambda word: names.get(word[0].casefold(), word[0].lower()), text.text)
    for begin, _ in text.sentences():
        made = made[:begin] + made[begin : begin + 1].upper() + made[begin + 1 :]
    return made
