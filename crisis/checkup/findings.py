"""Findings: what the checkup says about one part, and how bad it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from crisis.messages.rendered import CHANNEL_NAMES, CRISIS_PAGE
from crisis.said import Said

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


class Level(StrEnum):
    """``note``: works, and somebody should know. ``wrong``: mend it."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one part."""

    part: str
    level: Level
    found: str
    advice: str = ""


def listed(items: Sequence[str]) -> str:
    """``a, b and c``, so that it can be said in another language, and what is in it too. Of one at least."""
    *others, last = items
    if not others:
        return last
    said = others[0]
    for each in others[1:]:
        said = Said("{first}, {second}", first=said, second=each)
    return Said("{first} and {last}", first=said, last=last)


def called(name: str) -> str:
    """What people call a channel."""
    return Said("the crisis page") if name == CRISIS_PAGE else CHANNEL_NAMES.get(name, name.capitalize())


def span(seconds: float) -> Said:
    """How long, in its largest unit."""
    count = int(seconds)
    if seconds >= 2 * _DAY:
        return Said("{count} days", count=count // _DAY)
    if seconds >= 2 * _HOUR:
        return Said("{count} hours", count=count // _HOUR)
    if seconds >= 2 * _MINUTE:
        return Said("{count} minutes", count=count // _MINUTE)
    return Said("{count} s", count=count)
