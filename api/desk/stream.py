"""Stream: what one browser that watches is sent, as server-sent events, until somebody goes.

A reader keeps the newest of each event until it can be sent: that bounds what is held for one, whatever it does. A browser that
takes nothing for half a minute is let go, and comes back by itself if it is still there.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crisis.roles import Actor

log = logging.getLogger(__name__)

AWAY: Final = "away"
"""Event: the database does not answer, and what is shown stands still."""
BACK: Final = "back"
"""Event: it answers again."""
ENDED: Final = "ended"
"""Event: the session is over. The browser does not come back."""
HEARTBEAT: Final = 15.0
"""Seconds without anything else until a comment is sent, so that nobody in between thinks that the connection is dead."""
SLOW: Final = 30.0
"""Seconds that a browser may take for what it was sent."""
_RETRY = b"retry: 2000\n\n"
"""Milliseconds after which a browser comes back, when the stream has ended without an event that says so."""


class Reader:
    """Somebody who watches: what is to be sent to them."""

    def __init__(self, session_id: int, part: Actor | None = None) -> None:
        self.session_id, self.part = session_id, part
        self.wake = asyncio.Event()
        self.last: str | None = None
        """The event that ends the stream, empty for none; ``None`` as long as it goes on."""
        self._pending: dict[str, str] = {}

    def offer(self, frames: Mapping[str, str]) -> None:
        """Send these when the browser has taken what it has; what was to be sent before under the same name is not."""
        if AWAY in frames or BACK in frames:
            self._pending.pop(AWAY, None)
            self._pending.pop(BACK, None)
        self._pending |= frames
        if frames:
            self.wake.set()

    def end(self, last: str) -> None:
        """Send what there is, then the event ``last`` (empty: none), and no more."""
        self.last = self.last or last
        self.wake.set()

    def take(self) -> bytes:
        """What is to be sent now, on the wire's terms."""
        frames, self._pending = self._pending, {}
        self.wake.clear()
        if self.last:
            frames[self.last] = ""
        return b"".join(_event(name, data) for name, data in frames.items())


class Stream(Response):
    """The answer to a browser that watches. ``leave`` is called once, at its end."""

    def __init__(
        self, reader: Reader, leave: Callable[[], None], *, heartbeat: float = HEARTBEAT, slow: float = SLOW
    ) -> None:
        self._reader, self._leave, self._heartbeat, self._slow = reader, leave, heartbeat, slow
        self.status_code, self.background = 200, None
        self.body = b""
        self.init_headers({"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Until the reader goes, is too slow, or is ended."""
        gone = asyncio.create_task(self._wait_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._send(send, _RETRY)
            while self._reader.last is None:
                try:
                    async with asyncio.timeout(self._heartbeat):
                        await self._reader.wake.wait()
                    sent = self._reader.take()
                except TimeoutError:
                    sent = b": still here\n\n"
                await self._send(send, sent)
            await send({"type": "http.response.body", "body": self._reader.take()})
        except TimeoutError:
            log.info("A browser that watched took nothing for %.0f s, and was let go.", self._slow)
        finally:
            self._leave()
            gone.cancel()

    async def _send(self, send: Send, body: bytes) -> None:
        async with asyncio.timeout(self._slow):
            await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _wait_until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._reader.end("")


def _event(name: str, data: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {name}\n{lines}\n".encode()


def over() -> Stream:
    """A stream that ends at once, for whoever is not signed in: the browser does not come back."""
    reader = Reader(0)
    reader.end(ENDED)
    return Stream(reader, lambda: None)
