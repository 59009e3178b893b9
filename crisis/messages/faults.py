"""Fault: one reason why a message cannot go out as it stands, and where to mend it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a page can show it beside the field: ``language``, ``field`` and, of a list, ``item`` (from 0)."""

    code: str
    """Which kind it is. The pages have a sentence of their own for each, made with ``values``."""
    said: str
    """The whole of it in English, for the command line and the API."""
    language: str | None = None
    field: str | None = None
    item: int | None = None
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    of_retraction: bool = False
    """It is what would be said if this proved a false alarm that cannot go out."""

    def in_retraction(self) -> Self:
        """The same, of the retraction that is made ready with the message."""
        return replace(self, said=f"If it proved a false alarm: {self.said}", of_retraction=True)
