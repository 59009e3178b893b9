"""Uploads: a request's body as a file that is read while it comes, never held whole; and one that stops coming, or finds no room.

A page's form is spooled by Starlette: what is larger than 1 MB to a nameless file in ``TMPDIR``, which must have room for the
largest list (``CRISIS_CSV_MAX_BYTES``) and is gone when it is closed or the process ends.
"""

import asyncio
import errno
import hashlib
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, cast

from starlette.requests import Request
from starlette.types import Message

from api.errors import NoRoom, Stalled, TooLarge

STALL_SECONDS = 15.0
"""A client that sends nothing for so long is given up on: its import holds the list meanwhile."""


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Upload(io.RawIOBase):
    """Read from a worker thread. What is not read yet stays with the client: the network's own flow control holds it."""

    def __init__(self, request: Request, most: int | None = None, stall_seconds: float = STALL_SECONDS) -> None:
        super().__init__()
        self._chunks: AsyncIterator[bytes] = request.stream()
        self._loop = asyncio.get_running_loop()
        self._stall_seconds = stall_seconds
        self.most = most
        self._rest = memoryview(b"")
        self._hash = hashlib.sha256()
        self.size = 0

    def file(self) -> BinaryIO:
        """As importers want it: whole blocks, as long as there are any."""
        return cast("BinaryIO", io.BufferedReader(self, 1 << 16))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for the next bytes. Raises :class:`Stalled`, :class:`TooLarge`, or what the connection's end raises."""
        if not self._rest:
            self._rest = memoryview(asyncio.run_coroutine_threadsafe(self.next(), self._loop).result())
        taken = min(len(self._rest), len(buffer))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken

    async def next(self) -> bytes:
        """The next bytes, empty at the end; as :meth:`readinto`, for those who are on the loop."""
        try:
            async with asyncio.timeout(self._stall_seconds):
                chunk = await anext(self._chunks, b"")
        except TimeoutError:
            raise Stalled(self._stall_seconds) from None
        self.size += len(chunk)
        if self.most is not None and self.size > self.most:
            raise TooLarge(self.most)
        self._hash.update(chunk)
        return chunk

    async def digest(self) -> str:
        """SHA-256 in hex of the whole body, what was not read included."""
        while await self.next():
            pass
        return self._hash.hexdigest()


def patient(request: Request, stall_seconds: float) -> Request:
    """The same request, whose body is waited for so long and no longer: reading it raises :class:`Stalled` after that.

    It is every piece that is waited for so long, not the whole: a large file over a slow line takes the time it takes.
    """
    is_coming = True

    async def receive() -> Message:
        nonlocal is_coming
        if not is_coming:  # what comes now is the browser's going away, and that may take as long as it likes
            return await request.receive()
        try:
            async with asyncio.timeout(stall_seconds):
                message = await request.receive()
        except TimeoutError:
            raise Stalled(stall_seconds) from None
        is_coming = message["type"] == "http.request" and message.get("more_body", False)
        return message

    return Request(request.scope, receive)


@contextmanager
def spooling() -> Iterator[None]:
    """Around reading a form. Raises :class:`NoRoom` when there is none for its file."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NoRoom from error
