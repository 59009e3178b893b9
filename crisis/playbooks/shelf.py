"""Shelf: the folder of playbooks. One that cannot be used stands there with its faults, and takes nobody else down.

The files are looked at again whenever somebody asks, and read again when they have changed: who mends a playbook sees it at once.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from crisis.errors import NotFound
from crisis.playbooks.faults import PlaybookFault, PlaybookRefused
from crisis.playbooks.known import Known
from crisis.playbooks.models import Playbook, Status
from crisis.playbooks.reading import read_file

_Seen = tuple[int, int, int]
"""Of a file: when it was changed, how large it is, and which file it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the folder."""

    id: str
    """The file's name without its ending; the playbook's id as well."""
    file: str
    playbook: Playbook | None
    """``None`` where it cannot be used; then ``faults`` says why."""
    sha256: str = ""
    """Of the file, in hex."""
    faults: Sequence[PlaybookFault] = ()

    @property
    def is_offered(self) -> bool:
        """It may be used in a real crisis: it is whole, and approved."""
        return self.playbook is not None and self.playbook.status is Status.APPROVED

    def overdue(self, today: date) -> bool:
        """It should have been looked through by now. It can be used all the same: an old plan is better than none."""
        due = self.playbook.review_by if self.playbook is not None else None
        return due is not None and due < today


class Shelf:
    """The playbooks in ``folder``. A folder that is not there is an empty one."""

    def __init__(self, folder: Path, known: Known) -> None:
        self._folder, self.known = folder, known
        self._held: dict[Path, tuple[_Seen, Entry]] = {}

    def entries(self) -> Sequence[Entry]:
        """Every file, by name. Raises nothing."""
        files = sorted(each for ending in ("yaml", "yml") for each in self._folder.glob(f"*.{ending}"))
        held = {path: self._entry(path) for path in files}
        self._held = held
        return [entry for _, entry in held.values()]

    def offered(self) -> Sequence[Entry]:
        """Those that may be used in a real crisis."""
        return [each for each in self.entries() if each.is_offered]

    def entry(self, key: str) -> Entry:
        """One file, usable or not. Raises :class:`NotFound`, naming those there are."""
        entries = self.entries()
        found = next((each for each in entries if each.id == key), None)
        if found is None:
            there = ", ".join(each.id for each in entries)
            raise NotFound("playbook", key, f"There are: {there}." if there else f"There is none in {self._folder}.")
        return found

    def get(self, key: str) -> Playbook:
        """One playbook. Raises :class:`NotFound`, and :class:`PlaybookRefused` for one that cannot be used."""
        entry = self.entry(key)
        if entry.playbook is None:
            raise PlaybookRefused(entry.file, entry.faults)
        return entry.playbook

    def _entry(self, path: Path) -> tuple[_Seen, Entry]:
        try:
            about = path.stat()
            seen = (about.st_mtime_ns, about.st_size, about.st_ino)
        except OSError:
            seen = (0, 0, 0)
        held = self._held.get(path)
        if held is not None and held[0] == seen:
            return held
        try:
            playbook, data = read_file(path, self.known)
        except PlaybookRefused as refused:
            return seen, Entry(path.stem, path.name, None, faults=refused.faults)
        return seen, Entry(path.stem, path.name, playbook, hashlib.sha256(data).hexdigest())
