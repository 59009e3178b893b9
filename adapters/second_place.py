"""Second place: a copy of the crisis page's files in another folder, meant to be a mount of another machine on another network.

It never holds up the first: copying goes on in a thread of its own, and whoever publishes does not wait for it. What it could
not copy is copied the next time somebody asks, which the sweep does every few seconds.

Runbook: *the second place* in the log or in ``crisis doctor`` means that readers there see an older page. The first place is
not touched by it. Is the folder mounted, has it room, may the worker's user write there? It mends itself when that is so.
"""

import errno
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from adapters.page_names import WITHDRAWN
from adapters.public_folder import write_atomically

log = logging.getLogger(__name__)

SILENT_SECONDS = 30.0
"""A copy that goes on for longer is stuck: a mount whose other end is gone answers nothing at all."""
LOOK_AGAIN_SECONDS = 60.0
"""How often the copy is compared, although nothing has changed here: somebody may have changed it there."""
_INDEX = "index.html"

Version = dict[str, tuple[int, int]]
"""``{name: (modified, size)}``."""


class SecondPlace:
    """Keeps ``second`` like ``first``: a copy is as old as its original, to the nanosecond where the file system keeps that."""

    def __init__(self, first: Path, second: Path) -> None:
        self._first, self.path = first, second
        self._mutex = threading.Lock()
        self._thread: threading.Thread | None = None
        self._again = False
        self._began = 0.0
        self._copied: tuple[float, Version] | None = None
        self._fault = ""

    def nudge(self) -> None:
        """Have it brought up to date, and do not wait. Cheap when it is."""
        with self._mutex:
            self._again = True
            if self._thread is None:
                self._began = time.monotonic()
                # A daemon: one that hangs in a dead mount must not keep its process from ending.
                self._thread = threading.Thread(target=self._run, name="second-place", daemon=True)
                self._thread.start()
            elif time.monotonic() - self._began > SILENT_SECONDS:
                self._say(f"{self.path} has not answered for {SILENT_SECONDS:.0f} seconds.")

    def fault(self, seconds: float) -> str:
        """What stands in the way of copying, or what is still missing there; empty when it is as the first.

        A mount that answers nothing is given ``seconds``, and left to itself.
        """
        found: list[str] = []
        looking = threading.Thread(target=lambda: found.append(self._compared()), daemon=True)
        looking.start()
        looking.join(seconds)
        return found[0] if found else f"{self.path} does not answer."

    def _compared(self) -> str:
        try:
            names = _version(self._first)
            behind = [name for name in names if (self._first / name).read_bytes() != self._held(name)]
        except OSError as error:
            return self._named(error)
        return f"{self.path} is behind: {len(behind)} of {len(names)} files are older there." if behind else ""

    def _held(self, name: str) -> bytes | None:
        if not self.path.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path))
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def _run(self) -> None:
        while True:
            with self._mutex:
                if not self._again:
                    self._thread = None
                    return
                self._again, self._began = False, time.monotonic()
            try:
                self._copy()
            except OSError as error:
                self._copied = None
                self._say(self._named(error))
            else:
                self._say("")

    def _copy(self) -> None:
        wanted = _version(self._first)
        if self._copied and self._copied[1] == wanted and time.monotonic() - self._copied[0] < LOOK_AGAIN_SECONDS:
            return
        held = _version(self.path)  # raises where it is not there: an unmounted folder is not made
        for name in _in_order(wanted):
            if not _is_same(held.get(name), wanted[name]):
                try:
                    content = (self._first / name).read_bytes()
                except FileNotFoundError:
                    continue  # withdrawn meanwhile
                write_atomically(self.path / name, content)
                os.utime(self.path / name, ns=(wanted[name][0], wanted[name][0]))
        if _INDEX in wanted:  # an empty first place says nothing about what was withdrawn
            for left in {found.name for pattern in WITHDRAWN for found in self.path.glob(pattern)} - wanted.keys():
                (self.path / left).unlink(missing_ok=True)
        self._copied = (time.monotonic(), wanted)

    def _say(self, fault: str) -> None:
        """Once per fault, and once when it is over."""
        if fault == self._fault:
            return
        if fault:
            log.error(
                "The second place of the crisis page is behind: %s Is it mounted, has it room, may this user write there? "
                "The first place is not affected.",
                fault,
            )
        else:
            log.warning("The second place of the crisis page, %s, is up to date again.", self.path)
        self._fault = fault

    def _named(self, error: OSError) -> str:
        what = error.strerror or type(error).__name__
        return f"{self.path} cannot be written ({what})."


def _in_order(version: Version) -> Iterator[str]:
    """Pages before what they link to: what people read comes first."""
    yield from sorted(version, key=lambda name: (name != _INDEX, not name.endswith(".html"), name))


def _version(folder: Path) -> Version:
    with os.scandir(folder) as found:
        return {each.name: _version_of(each) for each in found if each.is_file() and not each.name.startswith(".")}


def _version_of(file: os.DirEntry[str] | Path) -> tuple[int, int]:
    seen = file.stat()
    return seen.st_mtime_ns, seen.st_size


def _is_same(held: tuple[int, int] | None, wanted: tuple[int, int]) -> bool:
    """Where times are kept coarsely they never agree; then files are compared byte by byte before anything is written."""
    return held == wanted
