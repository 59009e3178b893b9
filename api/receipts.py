"""Callbacks from providers: ``POST /receipts/{mode}/{channel}``, and Meta's subscription check with ``GET``.

Nothing in a callback is read before its signature holds, and the signature is checked against the address the provider was
given (``CRISIS_PUBLIC_URL``), never against the Host header. 204 means that the receipts are committed.

After a broadcast a provider sends as many of these as there are recipients, so they have a door of their own, and its room is
limited: who comes when it is full is told at once to come again, before anything is read. ``crisis_receipts_total`` in
``/metrics`` counts what came of each: ``refused`` grows when the database is too slow or away, ``forged`` when somebody
guesses or ``CRISIS_PUBLIC_URL`` is not what the provider calls, ``unknown`` when it uses a status word that we do not know.

What a provider tells of an account also rings the watch (:mod:`crisis.watch.ring`), which then looks for itself.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import QueryParams
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from api.errors import Stalled, TooLarge, answer, failure
from api.front import WHOLE, inside
from api.problems import plain
from api.shell import HEADERS
from crisis.bootstrap import channels_for
from crisis.channel_watch import Ringer
from crisis.channels import Callback, Channel, ForgedCallback, Unsupported
from crisis.db import Database
from crisis.deliveries.inbox import Inbox
from crisis.deliveries.receipts import Recorded
from crisis.errors import CrisisError, Unready
from crisis.mode import Mode
from crisis.settings import Settings
from crisis.watch.ring import ring

log = logging.getLogger(__name__)

RECEIPTS = "receipts"
"""The first part of the path."""
RESULTS = ("recorded", "repeated", "unknown", "forged", "refused")
"""What comes of a receipt (the first three) or of a callback."""

_STORED: Message = {
    "type": "http.response.start",
    "status": 204,
    "headers": [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()],
}
_END: Message = {"type": "http.response.body", "body": b""}


@dataclass(frozen=True, slots=True)
class Room:
    """How much is taken in at once."""

    callbacks: int = 4_000
    """Being read or waiting for their commit. A quarter of a second's work, and with bodies as they are 10 MB."""
    body_bytes: int = 64 << 10
    """Twilio sends one, Meta up to a batch of some tens of kilobytes."""
    body_seconds: float = 10.0
    """For all of a body."""


class Full(Unready):
    """More callbacks wait than there is room for."""

    def __init__(self) -> None:
        super().__init__("Too many callbacks wait to be stored. This one was not read. Send it again in a moment.")


class _Gone(Exception):
    """The provider closed the connection in the middle of its body."""


@dataclass(frozen=True, slots=True)
class _Address:
    """Where one provider reports back."""

    mode: Mode
    channel: Channel
    url: str
    ringer: Ringer | None
    """The channel, where what it tells of is worth a look at the account."""


class Receipts:
    """The channels of each mode that report back, and what came of their callbacks."""

    def __init__(self, settings: Settings, db: Database, counter: Counter, room: Room | None = None) -> None:
        self._room, self._counter, self._inside = room or Room(), counter, 0
        self._db, self._inbox = db, Inbox(db, self._count)
        modes = {Mode.ACTUAL: settings}
        if settings.sandbox_url:
            modes[Mode.EXERCISE] = settings.without_secrets()
        self._channels: Mapping[Mode, Mapping[str, Channel]] = {
            mode: channels_for(mode, held) for mode, held in modes.items()
        }
        public_url = settings.public_url.rstrip("/")
        self._addresses = {
            path: _Address(mode, channel, f"{public_url}/{path}", channel if isinstance(channel, Ringer) else None)
            for mode, channels in self._channels.items()
            for channel in channels.values()
            if channel.capabilities.receipts and (path := f"{RECEIPTS}/{mode}/{channel.name}")
        }
        for at in self._addresses.values():
            for result in RESULTS:
                counter.labels(at.mode, at.channel.name, result)  # so that each is there, at nought

    async def door(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer whatever is asked of an address that begins with ``receipts``."""
        try:
            response = await self._answer(scope, receive)
        except CrisisError as error:
            response = answer(error)
        except _Gone:
            return True
        except Exception as error:  # noqa: BLE001 - the last net, as around every other address
            response = failure(error)
        if response is None:
            await send(_STORED)
            await send(_END)
        else:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            await response(scope, receive, send)
        return True

    async def close(self) -> None:
        """Store what waits, and release what the channels hold."""
        await self._inbox.close()
        for channels in self._channels.values():
            for channel in channels.values():
                await channel.close()

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        """The answer; ``None`` for a callback that is stored."""
        at = self._addresses.get(inside(scope))
        if at is None:
            return plain(404, "No provider reports back to this address.")
        try:
            if scope["method"] == "POST":
                await self._take(at, scope, receive)
                return None
            if scope["method"] != "GET":
                return plain(405, "This address does not take that method.", {"Allow": "POST"})
            return PlainTextResponse(at.channel.answer_challenge(QueryParams(scope["query_string"])))
        except ForgedCallback as forged:
            log.warning("a callback for %s.%s was refused: %s", at.mode, at.channel.name, forged)
            self._counter.labels(at.mode, at.channel.name, "forged").inc()
            return plain(403, "The signature does not hold. Nothing was read.")
        except Unsupported:
            return plain(404, "No provider reports back to this address.")
        except Unready:
            self._counter.labels(at.mode, at.channel.name, "refused").inc()
            raise

    async def _take(self, at: _Address, scope: Scope, receive: Receive) -> None:
        if self._inside >= self._room.callbacks:
            raise Full
        self._inside += 1
        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            body = await self._body(headers, receive, is_here=WHOLE in scope.get("state", ()))
            query = scope["query_string"]
            url = f"{at.url}?{query.decode('latin-1')}" if query else at.url
            callback = Callback("POST", url, headers, body)
            await self._inbox.put(at.mode, at.channel.name, at.channel.parse_receipts(callback))
            if at.ringer is not None and (addresses := at.ringer.parse_rings(callback)):
                await self._ring(at, addresses)
        finally:
            self._inside -= 1

    async def _ring(self, at: _Address, addresses: Sequence[str]) -> None:
        """Let these accounts be looked at now. What cannot ring is found at its time: no provider is asked to repeat it."""
        try:
            async with self._db.transaction() as session:
                await ring(session, at.mode, at.channel.name, addresses)
        except (SQLAlchemyError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            log.warning("A callback of %s.%s could not ring: %s", at.mode, at.channel.name, type(cause).__name__)

    async def _body(self, headers: Mapping[str, str], receive: Receive, *, is_here: bool) -> bytes:
        """The body. Raises :class:`TooLarge` as soon as it is known to be, without reading on, and :class:`Stalled`.

        ``is_here``: all of it has arrived. Then there is nothing to wait for, and no clock is set, which costs as much as the check
        of the signature.
        """
        most, seconds = self._room.body_bytes, self._room.body_seconds
        said = headers.get("content-length", "")
        if said.isascii() and said.isdigit() and int(said) > most:
            raise TooLarge(most)
        if is_here:
            return await _read(receive, most)
        try:
            async with asyncio.timeout(seconds):
                return await _read(receive, most)
        except TimeoutError:
            raise Stalled(seconds) from None

    def _count(self, mode: Mode, channel: str, receipts: int, recorded: Recorded) -> None:
        for result, count in (
            ("recorded", recorded.new - recorded.unknown),
            ("unknown", recorded.unknown),
            ("repeated", receipts - recorded.new),
        ):
            self._counter.labels(mode, channel, result).inc(count)


async def _read(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        if len(body) > most:
            raise TooLarge(most)
        if not message.get("more_body", False):
            return bytes(body)
