"""Hint: one question to the editor, where it is about, and the new text that one click puts there.

The questions themselves are the page's, one for each id. The list is that of the message science in Norwegian plans and of the Warning
Response Model: who says it, what has happened, where, what to do, and until when (Mileti and Sorensen 1990; Sutton and Kuligowski).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where: a field of one language, of a list its item (from 0), and the characters ``start`` to ``end`` of it."""

    language: str
    field: str = ""
    item: int | None = None
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Fix:
    """What one click does: the whole new text of a field, or the time the next message is promised for."""

    place: Place
    text: str | None = None
    next_update_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """``values`` fill in the question; ``found`` is the piece of text it is about."""

    id: str
    place: Place
    found: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    fix: Fix | None = None

    def recorded(self) -> dict[str, str]:
        """What goes on record when it is left: never the text itself."""
        return {"id": self.id, "language": self.place.language, "field": self.place.field}
