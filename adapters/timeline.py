"""Timeline: the entries in their threads, which thread the crisis page is about, and what became of each message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.entry import Entry

RETRACTION = "retraction"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message: ``by`` corrected it or took it back."""

    by: Entry

    @property
    def void(self) -> bool:
        """It was taken back: nothing of it applies."""
        return self.by.kind == RETRACTION


class Timeline:
    """Every entry, newest first within its thread. ``over`` are the threads whose crisis has ended."""

    def __init__(self, entries: Sequence[Entry], over: Mapping[str, datetime]) -> None:
        self._threads: dict[str, list[Entry]] = {}
        for entry in sorted(entries, key=lambda each: (each.issued_at, len(each.key), each.key), reverse=True):
            self._threads.setdefault(entry.thread, []).append(entry)
        self._over = over
        self._order = sorted(
            self._threads, key=lambda thread: (self._threads[thread][-1].issued_at, thread), reverse=True
        )

    @property
    def newest(self) -> Sequence[Entry]:
        """The messages of the thread that began last. A late message of an older thread does not bring that one back."""
        return self._threads[self._order[0]] if self._order else ()

    @property
    def shown(self) -> Sequence[Entry]:
        """What the page is about: the newest thread, until it is over."""
        return () if self.is_over(self.newest) else self.newest

    @property
    def ended(self) -> Sequence[Sequence[Entry]]:
        """The threads that are over, the newest first."""
        return [self._threads[thread] for thread in self._order if thread in self._over]

    @property
    def entries(self) -> Sequence[Entry]:
        """All of them, the newest thread first."""
        return [entry for thread in self._order for entry in self._threads[thread]]

    def is_over(self, thread: Sequence[Entry]) -> bool:
        """Whether this thread's crisis has ended."""
        return bool(thread) and thread[0].thread in self._over

    def of(self, entry: Entry) -> Sequence[Entry]:
        """The thread of an entry, in its language."""
        return [each for each in self._threads.get(entry.thread, ()) if each.language == entry.language]


def fates(entries: Sequence[Entry]) -> Mapping[str, Fate]:
    """``{key: what became of it}``, of those that were corrected or taken back; a retraction outlasts every correction.

    ``entries`` are those of one language.
    """
    found: dict[str, Fate] = {}
    for entry in sorted(entries, key=lambda each: (each.kind == RETRACTION, each.issued_at)):
        found |= dict.fromkeys(entry.replaces, Fate(entry))
    return found
