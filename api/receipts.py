"""Callbacks from providers: ``POST /receipts/{mode}/{channel}``, and Meta's subscription check with ``GET``.

Nothing in a callback is read before its signature holds, and the signature is checked against the address the provider was
given (``CRISIS_PUBLIC_URL``), never against the Host header. 204 means that the receipts are committed.
"""

import logging
from collections.abc import Mapping

from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.door import read_body
from api.problems import plain
from crisis.bootstrap import channels_for
from crisis.channels import Callback, Channel, ForgedCallback, Unsupported
from crisis.db import Database
from crisis.deliveries.receipts import record
from crisis.mode import Mode
from crisis.settings import Settings

log = logging.getLogger(__name__)

BODY_MOST = 64 << 10
"""Bytes. Twilio sends one, Meta up to a batch of some tens of kilobytes."""


class Receipts:
    """The channels of each mode that report back, and what came of their callbacks."""

    def __init__(self, settings: Settings, db: Database, counter: Counter) -> None:
        self._db, self._counter = db, counter
        self._public_url = settings.public_url.rstrip("/").encode()
        modes = {Mode.ACTUAL: settings}
        if settings.sandbox_url:
            modes[Mode.EXERCISE] = settings.without_secrets()
        self._channels: Mapping[Mode, Mapping[str, Channel]] = {
            mode: channels_for(mode, held) for mode, held in modes.items()
        }

    def routes(self) -> list[Route]:
        """Where providers call."""
        return [Route("/receipts/{mode}/{channel}", self.receive, methods=["POST", "GET"], include_in_schema=False)]

    async def receive(self, request: Request) -> Response:
        """One callback, or one subscription check."""
        found = self._find(request)
        if found is None:
            return plain(404, "No provider reports back to this address.")
        mode, channel = found
        try:
            if request.method != "POST":
                return PlainTextResponse(channel.answer_challenge(request.query_params))
            receipts = channel.parse_receipts(await self._callback(request))
        except ForgedCallback as forged:
            log.warning("a callback for %s.%s was refused: %s", mode, channel.name, forged)
            self._counter.labels(mode, channel.name, "forged").inc()
            return plain(403, "The signature does not hold. Nothing was read.")
        except Unsupported:
            return plain(404, "No provider reports back to this address.")
        async with self._db.transaction() as session:
            new = (await record(session, mode, channel.name, receipts)).new
        self._counter.labels(mode, channel.name, "recorded").inc(new)
        self._counter.labels(mode, channel.name, "repeated").inc(len(receipts) - new)
        return Response(status_code=204)

    async def close(self) -> None:
        """Release what the channels hold."""
        for channels in self._channels.values():
            for channel in channels.values():
                await channel.close()

    def _find(self, request: Request) -> tuple[Mode, Channel] | None:
        given = request.path_params
        for mode, channels in self._channels.items():
            channel = channels.get(given["channel"])
            if mode.value == given["mode"] and channel is not None and channel.capabilities.receipts:
                return mode, channel
        return None

    async def _callback(self, request: Request) -> Callback:
        query = request.scope["query_string"]
        url = self._public_url + request.scope["raw_path"] + (b"?" + query if query else b"")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        return Callback(request.method, url.decode("latin-1"), headers, await read_body(request, BODY_MOST))
