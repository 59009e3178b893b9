"""Callbacks: what the unruly provider tells of its messages, signed as Twilio signs, and in no order, twice, and late.

Each message is told of twice: *sent*, and how it ended. What is to be told waits in a pool from which one is drawn by chance, so
*delivered* often comes before *sent*, and before the answer to the creation too. What is not answered with 204 is told again.
"""

import asyncio
import hashlib
import hmac
import random
from array import array
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote_plus, urlsplit

import httptools

from bench.people import number_of
from bench.stub import SID

SENT, ENDED = 0, 1
STORED = 204
_KEY_BITS, _SERIAL_BITS = 1, 31


@dataclass(frozen=True, slots=True)
class Storm:
    """How it calls back. Shares are of messages' callbacks."""

    port: int
    """Of our API, on this machine."""
    token: str
    """Signs."""
    connections: int = 16
    shuffled: int = 5_000
    """How many wait at least before one is drawn: how far from their order they come."""
    duplicated: float = 0.10
    late: float = 0.02
    """Not told before everything has been sent."""
    undelivered: float = 0.03
    """Of messages."""


class Callbacks:
    """What is to be told, and the telling."""

    def __init__(self, people: int, storm: Storm, chance: random.Random) -> None:
        self._storm, self._chance = storm, chance
        self.deliveries = array("Q", bytes(8 * people))
        """Our id of the delivery to each recipient, as the creation's callback address named it."""
        self._address = ""
        self._pool, self._late = array("Q"), array("Q")
        self._released = False
        self._more = asyncio.Event()
        self._under_way = 0
        self._counts = Counter[str]()

    def plan(self, address: str, place: int, serial: int, *, late: bool) -> None:
        """A message was taken: it is to be told of."""
        self._address, _, delivery = address.rpartition("=")
        self.deliveries[place] = int(delivery)
        for kind in (SENT, ENDED):
            told = (place << (_KEY_BITS + _SERIAL_BITS)) | (serial << _KEY_BITS) | kind
            for _ in range(2 if self._chance.random() < self._storm.duplicated else 1):
                waits = late or self._chance.random() < self._storm.late
                (self._late if waits and not self._released else self._pool).append(told)
        self._more.set()

    def release(self) -> None:
        """Tell what was late, and hold back nothing any more."""
        self._released = True
        self._pool.extend(self._late)
        del self._late[:]
        self._more.set()

    def standing(self) -> dict[str, int]:
        """``stored`` and other answers by status, and what is ``waiting`` and ``late``."""
        counted = {str(name): count for name, count in self._counts.items()}
        return counted | {"waiting": len(self._pool) + self._under_way, "late": len(self._late)}

    async def run(self) -> None:
        """Tell, until cancelled."""
        await asyncio.gather(*(self._keep_telling() for _ in range(self._storm.connections)))

    async def _keep_telling(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                transport, connection = await loop.create_connection(_Connection, "127.0.0.1", self._storm.port)
            except OSError:
                self._counts["refused connections"] += 1
                await asyncio.sleep(0.5)
                continue
            try:
                while not transport.is_closing():
                    await self._tell(connection)
            finally:
                transport.close()

    async def _tell(self, connection: "_Connection") -> None:
        told = await self._draw()
        self._under_way += 1
        try:
            status = await connection.ask(self._request(told))
        finally:
            self._under_way -= 1
        self._counts["stored" if status == STORED else str(status) if status else "broken connections"] += 1
        if status != STORED:
            self._pool.append(told)
            if status:
                await asyncio.sleep(0.2)

    async def _draw(self) -> int:
        """One by chance, out of enough of them."""
        while len(self._pool) <= (0 if self._released else self._storm.shuffled):
            self._more.clear()
            await self._more.wait()
        place = self._chance.randrange(len(self._pool))
        told, last = self._pool[place], self._pool.pop()
        if place < len(self._pool):
            self._pool[place] = last
        return told

    def _request(self, told: int) -> bytes:
        kind, serial = told & 1, (told >> _KEY_BITS) & ((1 << _SERIAL_BITS) - 1)
        place = told >> (_KEY_BITS + _SERIAL_BITS)
        lost = kind == ENDED and (serial * 2_654_435_761) % 1_000_003 < self._storm.undelivered * 1_000_003
        word = "sent" if kind == SENT else "undelivered" if lost else "delivered"
        url, sid = f"{self._address}={self.deliveries[place]}", f"SM{serial:032x}"
        fields = [
            ("AccountSid", SID),
            ("ApiVersion", "2010-04-01"),
            *([("ErrorCode", "30003")] if lost else []),
            ("From", "Fjordvik"),
            ("MessageSid", sid),
            ("MessageStatus", word),
            ("SmsSid", sid),
            ("SmsStatus", word),
            ("To", number_of(place)),
        ]
        signed = url + "".join(name + value for name, value in fields)
        signature = b64encode(hmac.digest(self._storm.token.encode(), signed.encode(), hashlib.sha1)).decode()
        body = "&".join(f"{name}={quote_plus(value)}" for name, value in fields)
        parts = urlsplit(url)
        return (
            f"POST {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {signature}\r\n\r\n{body}"
        ).encode()


class _Connection(asyncio.Protocol):
    """One request after the other."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    async def ask(self, request: bytes) -> int:
        """The status; 0 when the connection broke, or had ended while there was nothing to say."""
        if self._transport.is_closing():
            return 0
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        if not self._parser.should_keep_alive():
            self._transport.close()
        self._end(self._parser.get_status_code())

    def connection_lost(self, _error: Exception | None) -> None:
        self._end(0)

    def _end(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)
