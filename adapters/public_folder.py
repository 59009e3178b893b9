"""The public folder: files that any web server may be reading while they are written.

Each is written under a temporary name and renamed, so that a reader gets the old one or the new one, whole. One that has not
changed keeps its time and its ETag.
"""

import os
import tempfile
from pathlib import Path

_PART = ".part"


class PublicFolder:
    """What readers see, by name. Call under the entries' lock: nobody else is writing then."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, name: str, content: bytes | str, *, lasting: bool = False) -> None:
        """Write a file, if it says anything new. ``lasting``: on the disk when this returns, whatever the power does.

        The others are on the disk a little later. After a power cut they are mended by writing them all again, which every
        worker does when it starts.
        """
        write_atomically(self.path / name, content.encode() if isinstance(content, str) else content, lasting=lasting)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.path / name).is_file()

    def read(self, name: str) -> str | None:
        """A file's text; ``None`` where there is none."""
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Take a file away; what is gone already stays gone."""
        (self.path / name).unlink(missing_ok=True)

    def names(self, pattern: str) -> set[str]:
        """Names of the files that match a shell pattern."""
        return {found.name for found in self.path.glob(pattern)}

    def clear(self) -> None:
        """Remove what a process that was killed left half written."""
        for left_behind in self.path.glob(f".*{_PART}"):
            left_behind.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes, *, lasting: bool = True) -> bool:
    """Put ``content`` at ``path`` in one step, readable by all. False if it was there already.

    ``lasting``: on the disk when this returns.
    """
    try:
        if path.read_bytes() == content:
            return False  # keeps its time and ETag
    except FileNotFoundError:
        pass
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(content)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if lasting:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # else a power cut may bring the old name back
        finally:
            os.close(folder)
    return True
