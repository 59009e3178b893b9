"""The connection itself: reading a request whole, and the good and bad ways to answer it."""

import asyncio
import time
from collections.abc import Iterable
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from adapters.sandbox.exchange import Answer, Asked

MOST_BYTES = 10_000_000


class Wire:
    """One request's connection."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self.date: float | None = None
        """When the answer says it was made, in seconds; the server's own clock where nobody has said."""

    async def read(self) -> Asked | None:
        """The whole request; nothing when its body is over ``MOST_BYTES``."""
        body = b""
        while True:
            event = await self._receive()
            body += event.get("body", b"")
            if len(body) > MOST_BYTES:
                return None
            if not event.get("more_body", False):
                break
        scope = self._scope
        query: bytes = scope["query_string"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        return Asked(
            method=scope["method"],
            path=scope["path"],
            target=(raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1"),
            query=dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {},
            headers=headers,
            body=body,
            origin=f"{scope['scheme']}://{headers.get('host', '')}",
            arrived=time.time(),
            arrived_mono=time.monotonic(),
        )

    async def reply(self, answer: Answer) -> None:
        """Answer properly."""
        await self._start(answer, len(answer.body))
        await self._send({"type": "http.response.body", "body": answer.body})

    async def _start(self, answer: Answer, length: int) -> None:
        headers = [*answer.headers, (b"content-length", str(length).encode())]
        if self.date is not None:
            self._silence_the_servers_date()
            headers.append((b"date", formatdate(self.date, usegmt=True).encode()))
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    def _silence_the_servers_date(self) -> None:
        """The server (uvicorn) puts a ``Date`` of its own before whatever an application sends; there would be two."""
        cycle: Any = getattr(self._send, "__self__", None)
        if (own := getattr(cycle, "default_headers", None)) is not None:
            cycle.default_headers = [each for each in own if each[0] != b"date"]

    async def trickle(self, answer: Answer, pieces: Iterable[bytes], length: int, pause: float) -> None:
        """Answer piece by piece with a pause between, until the client has had enough."""
        await self._start(answer, length)
        for piece in pieces:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            if await self.gone(pause):
                return
        await self._send({"type": "http.response.body", "body": b""})

    async def gone(self, seconds: float) -> bool:
        """Wait; true as soon as the client has closed the connection, false when the time is up."""
        try:
            async with asyncio.timeout(seconds):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            return False
        return True

    async def drop(self) -> None:
        """Close the TCP connection without a byte of answer."""
        # ASGI has no word for this; uvicorn's send is a method of the cycle that holds the transport.
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is None:
            raise RuntimeError(
                "This server gives no hold of its connections, so none can be dropped. Run under uvicorn."
            )
        transport.abort()
        await self.gone(5)
