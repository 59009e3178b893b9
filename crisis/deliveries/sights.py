"""Sights: what a second look from outside made of a public post, and the words for it. Nothing else says these things."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from crisis.clock import OSLO


class Sight(StrEnum):
    """What an outsider saw."""

    WAITING = "waiting"
    """Not seen yet; there are looks to come."""
    SEEN = "seen"
    """There, with this text, at the last look that could tell."""
    NOT_SEEN = "not_seen"
    """The provider accepted it, and no look found it."""
    GONE = "gone"
    """Seen once, and no longer there: taken down by the platform or by hand, or replaced by somebody."""
    REPLACED = "replaced"
    """A newer revision has taken its place, or it was withdrawn: there is nothing to look for."""


_WORDS: Mapping[Sight, str] = {
    Sight.WAITING: "accepted, being looked for",
    Sight.SEEN: "seen live at {seen}",
    Sight.NOT_SEEN: "accepted, not seen",
    Sight.GONE: "seen live at {seen}, gone at {looked}",
    Sight.REPLACED: "replaced by a newer revision",
}


def words(sight: Sight, seen_at: datetime | None, looked_at: datetime | None) -> str:
    """What a sight means to the person at the desk. Times are Norwegian and written as Norwegians do: ``05.58``."""
    return _WORDS[sight].format(seen=clock_time(seen_at), looked=clock_time(looked_at))


def clock_time(at: datetime | None) -> str:
    """``05.58``, in Norway; a question mark for no time."""
    return at.astimezone(OSLO).strftime("%H.%M") if at else "?"
