"""Retraction: "false alarm", made out of the alert it takes back, so that it is ready before the alert goes out.

Hawaii needed 38 minutes on 13 January 2018 to say that its missile alert was false, because nobody had prepared the words (FCC,
DOC-350119A1). Here the words are rendered and checked when the alert is, and an alert whose retraction would not pass stops.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crisis.messages.content import Content
from crisis.messages.words import LanguageWords

_LEAST = 12
"""Characters a shortened headline keeps at least: fewer would not tell which message is meant."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a retraction takes back."""

    sent_at: datetime
    """When the alert was approved."""
    contents: Mapping[str, Content]
    """The alert in every language that the message has had since."""


def taken_back(sent_at: datetime, revisions: Sequence[Mapping[str, object]], languages: Sequence[str]) -> TakenBack:
    """What there is to take back of a message. ``revisions`` are its contents, the alert first: in a language that came later
    the retraction names the headline that readers of that language got first.
    """
    contents: dict[str, Content] = {}
    for language in languages:
        found = next((each[language] for each in revisions if language in each), None)
        if found is not None:
            contents[language] = Content.model_validate(found)
    return TakenBack(sent_at, contents)


def prepared(words: LanguageWords, alert: Content, sent_at: datetime, now: datetime) -> Content:
    """What a retraction of ``alert`` says in one language when it goes out at ``now``."""
    say = words.retraction
    return alert.model_copy(
        update={
            "headline": say.headline,
            "what_happened": say.what_happened.format(at=words.moment(sent_at, now), headline=alert.headline),
            "what_to_do": list(say.what_to_do),
            "short": "",
        }
    )


def short_forms(words: LanguageWords, alert: Content, sent_at: datetime, now: datetime) -> Iterator[tuple[str, ...]]:
    """The sentences of the short form, the fullest first: with whom to ask, without, and then with ever less of the headline."""
    say, at = words.retraction, words.moment(sent_at, now)
    whole = say.short.format(at=at, headline=alert.headline)
    yield whole, say.ask.format(contact=alert.contact)
    yield (whole,)
    left = alert.headline.split(" ")
    while len(left) > 1:
        left = left[:-1]
        headline = " ".join(left).rstrip(" ,;:.-–")
        if len(headline) < _LEAST:
            return
        yield (say.short.format(at=at, headline=f"{headline}…"),)
