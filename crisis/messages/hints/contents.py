"""Contents: the five things a warning has to say (Mileti and Sorensen 1990): who says it, what, where, what to do, until when."""

import re
from collections.abc import Iterator
from typing import Final

from crisis.messages import promised
from crisis.messages.content import placeholders
from crisis.messages.hints.given import Given, check
from crisis.messages.hints.hint import Fix, Hint, Place
from crisis.messages.hints.lexicon import pattern
from crisis.messages.models import Kind

_SOURCE_WITHIN: Final = 40
"""Characters of the text message that its sender's name must begin in."""
_WORD: Final = re.compile(r"[^\W\d_]+")


@check("guidance")
def guidance(given: Given) -> Iterator[Hint]:
    """Nothing people are asked to do."""
    if given.kind.is_end:
        return
    for language, lexicon in given.spoken():
        content = given.contents[language]
        advice = given.template.contents.get(language) if given.template else None
        if not any(lexicon.find(lexicon.actions, each) for each in content.what_to_do):
            place = Place(language, "what_to_do", len(content.what_to_do))
            first = next((each for each in (advice or {}).get("what_to_do", ()) if not placeholders(each)), None)
            fix = Fix(place, first) if first else None
            yield Hint("guidance", place, fix=fix)
        elif content.short and not lexicon.find(lexicon.actions, content.short):
            yield Hint("guidance", Place(language, "short", None, 0, len(content.short)), content.short)


@check("hazard")
def hazard(given: Given) -> Iterator[Hint]:
    """No word for what has happened."""
    if given.kind.is_end:
        return
    for language, content in given.contents.items():
        templates = [given.template] if given.template else given.templates
        words = tuple(word for each in templates for word in each.words.get(language, ()))
        if not words:
            continue
        name = given.template.name.get(language) if given.template else None
        seen = (content.headline, content.what_happened) if not content.short else (content.headline,)
        if not any(pattern(words).search(each) for each in seen):
            place = Place(language, "headline", None, 0, len(content.headline))
            fix = Fix(Place(language, "headline"), f"{name}: {content.headline}") if name and content.headline else None
            yield Hint("hazard", place, content.headline, fix=fix)
        elif content.short and not pattern(words).search(content.short):
            place = Place(language, "short", None, 0, len(content.short))
            fix = Fix(Place(language, "short"), f"{name}: {content.short}") if name else None
            yield Hint("hazard", place, content.short, fix=fix)


@check("location")
def location(given: Given) -> Iterator[Hint]:
    """No place, or only "here" and "the area"; or a text message that names none."""
    for language, lexicon in given.spoken():
        content = given.contents[language]
        vague = {word.casefold() for word in lexicon.vague}
        named = [word for word in _WORD.findall(content.where) if word.casefold() not in vague]
        if not named:
            yield Hint("location", Place(language, "where", None, 0, len(content.where)), content.where)
        elif content.short and not {word.casefold() for word in named} & {
            word.casefold() for word in _WORD.findall(content.short)
        }:
            place = Place(language, "short", None, 0, len(content.short))
            yield Hint("location", place, content.short, fix=Fix(place, f"{content.where}: {content.short}"))


@check("time")
def time(given: Given) -> Iterator[Hint]:
    """No word of when the next message comes."""
    if given.next_update_at is None and not given.kind.is_end:
        at = promised.proposed(given.now)
        place = Place(given.languages[0], "next_update_at")
        yield Hint("time", place, values={"at": at}, fix=Fix(place, next_update_at=at))


@check("source")
def source(given: Given) -> Iterator[Hint]:
    """A text message that does not begin with who sends it."""
    for language, (text, _) in given.sms.items():
        if not 0 <= text.casefold().find(given.municipality.casefold()) < _SOURCE_WITHIN:
            content = given.contents[language]
            fix = Fix(Place(language, "short"), f"{given.municipality}: {content.short}") if content.short else None
            yield Hint("source", Place(language, "short"), values={"municipality": given.municipality}, fix=fix)


@check("promise")
def promise(given: Given) -> Iterator[Hint]:
    """The time this message was promised for has passed: if nothing is new, that is a message too."""
    if given.promised_at is None or given.promised_at > given.now:
        return
    language = given.languages[0]
    lexicon = given.lexicons.get(language)
    place = Place(language, "what_happened")
    is_update = given.kind is Kind.UPDATE and lexicon is not None
    fix = Fix(place, lexicon.no_change) if is_update and lexicon else None
    content = given.contents.get(language)
    if content is not None and lexicon is not None and lexicon.no_change in content.what_happened:
        fix = None
    yield Hint("promise", place, values={"at": given.promised_at}, fix=fix)
