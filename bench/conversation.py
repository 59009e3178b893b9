"""The conversation: HTTP as a provider's stand-in speaks it when it must cost next to nothing beside what is measured."""

import asyncio
import time
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol, cast
from urllib.parse import urlsplit

import httptools


class Provider(Protocol):
    """What answers: a status and a body; status 0 to close the connection, and nothing at all to stay silent."""

    def create(self, body: bytes) -> tuple[int, bytes] | None:
        """A POST, by its form."""
        ...

    def read(self, query: str) -> tuple[int, bytes] | None:
        """A GET, by its query."""
        ...


class Conversation(asyncio.Protocol):
    """One connection of a client, for as many requests as it likes."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._parser = httptools.HttpRequestParser(self)
        self._url, self._body = b"", b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._parser.get_method() == b"POST":
            said = self._provider.create(self._body)
        else:
            said = self._provider.read(urlsplit(self._url.decode()).query)
        self._url, self._body = b"", b""
        if said is None or self._transport.is_closing():
            return
        status, body = said
        if not status:
            self._transport.abort()
            return
        self._transport.write(
            b"HTTP/1.1 %d -\r\nDate: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (status, _date(int(time.time())), len(body), body)
        )


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()
