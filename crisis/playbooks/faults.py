"""Faults: what is wrong with a playbook, each with where it stands; a playbook is refused with all of them at once."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from crisis.errors import Invalid

MOST: Final = 200
"""Faults of one file that are told. A file with more is another kind of file, or is full of one mistake."""


@dataclass(frozen=True, slots=True)
class PlaybookFault:
    """One thing to mend, and where."""

    file: str
    line: int
    """From 1."""
    key: str
    """The way to it: ``injects[2].via``; empty for what concerns the whole file."""
    said: str
    """What is wrong, what it means where that is not plain, and what to write."""
    nearest: str | None = None
    """What was perhaps meant, of what could stand there."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: {self.key}: " if self.key else f"{self.file}:{self.line}: "
        return f"{where}{self.said}{f' Did you mean “{self.nearest}”?' if self.nearest else ''}"


class PlaybookRefused(Invalid):
    """A playbook that cannot be used. ``faults`` has everything that is wrong, in the order of the file's lines."""

    def __init__(self, file: str, faults: Sequence[PlaybookFault]) -> None:
        ordered = sorted(faults, key=lambda each: each.line)
        self.faults: Sequence[PlaybookFault] = tuple(ordered[:MOST])
        summary = f"The playbook {file} cannot be used as it stands. Mend this and try again:"
        if len(ordered) > MOST:
            summary = (
                f"The playbook {file} has {len(ordered)} faults. These are the first {MOST}; mend them and try again:"
            )
        super().__init__(summary, [str(each) for each in self.faults])


def nearest(word: str, known: Iterable[str]) -> str | None:
    """What was perhaps meant: the one that is most alike, if any is alike at all."""
    found = difflib.get_close_matches(word[:80].casefold(), {each.casefold(): each for each in known}, n=1, cutoff=0.6)
    return next((each for each in known if each.casefold() == found[0]), None) if found else None
