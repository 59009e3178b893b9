"""Findings: what the checkup says about one part, and how bad it is."""

from dataclasses import dataclass
from enum import StrEnum


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
