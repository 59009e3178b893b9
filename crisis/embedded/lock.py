"""A lock on a file, held as long as this process lives.

The kernel drops a ``flock`` when its holder dies, however it dies: a lock left by ``kill -9`` is free at once, and a pid
that was given to somebody else in the meantime cannot confuse anyone. The pid in the file is for the message only.
"""

import fcntl
import os
from pathlib import Path

from crisis.errors import Conflict


class Held(Conflict):
    """Another process holds the lock. ``pid`` is the holder's, where it could be read."""

    def __init__(self, what: str, pid: int | None) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(f"{what} is in use by {holder}. Stop that one first, or choose another CRISIS_HOME.")
        self.pid = pid


class Lock:
    """One exclusive lock. ``what`` names the thing it guards, for the message."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self.what = what
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds it."""
        return self._fd is not None

    def acquire(self) -> None:
        """Take it, or raise :class:`Held` with the holder's pid. Taking what one holds already is fine."""
        if self.held:
            return
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            self._take(fd)
        except BaseException:  # also somebody's who asks us to stop in this moment: nobody would let go of it
            os.close(fd)
            raise
        self._fd = fd

    def _take(self, fd: int) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            written = os.pread(fd, 32, 0).strip()
            raise Held(self.what, int(written) if written.isdigit() else None) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of one name."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
