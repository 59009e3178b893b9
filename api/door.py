"""The door of every v1 address: who is there, before a byte of the body is read; the body, up to its cap; and repetition.

Every POST takes an ``Idempotency-Key``. The act and the record of its answer are one transaction: the same key with the same
request gets the stored answer and ``Idempotent-Replayed: true``, and with another request 409. A refusal is not stored, since
nothing was done, except 423: there the post is kept. A secret is not stored either: a replay has null in its place.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from api.deps import bearer_of, the_crisis
from api.errors import Stalled, TooLarge, answer
from api.problems import MEDIA_TYPE
from api.uploads import Upload
from crisis.errors import Conflict, Locked
from crisis.tokens import idempotency
from crisis.tokens.service import Bearer

BODY_MOST = 1 << 20
"""Bytes of JSON. A message in ten languages has some tens of thousands."""
BODY_SECONDS = 30.0
"""For all of a body that is read whole."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Door(APIRoute):
    """A JSON address, or (with ``text/csv`` in its description) one that reads a file as it comes."""

    secrets: ClassVar[frozenset[str]] = frozenset({"secret"})
    """Members of an answer that are never stored."""

    @property
    def streams(self) -> bool:
        """The body is a file of its own, with its own caps."""
        return "text/csv" in ((self.openapi_extra or {}).get("requestBody") or {}).get("content", {})

    def get_route_handler(self) -> Handler:
        """FastAPI's handler behind the door."""
        handle = super().get_route_handler()

        async def enter(request: Request) -> Response:
            request.state.bearer = bearer = await bearer_of(request)
            if self.streams:
                request.state.upload, body = Upload(request), b""
            else:
                body = await read_body(request, BODY_MOST)
                request = Request(request.scope, _replay(body))
            key = request.headers.get("idempotency-key") if request.method == "POST" else None
            return await (handle(request) if key is None else self._once(handle, request, bearer, key, body))

        return enter

    async def _once(self, handle: Handler, request: Request, bearer: Bearer, key: str, body: bytes) -> Response:
        asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
        async with the_crisis(request).db.together() as session:
            held = await idempotency.begin(session, bearer.token_id, key, hashlib.sha256(asked).digest())
            if held is None:
                try:
                    response = await handle(request)
                except Locked as locked:
                    response = answer(locked)
                kept = await self._kept(request, response)
                await idempotency.finish(session, bearer.token_id, key, kept)
                return response
        if self.streams and not hmac.compare_digest(await request.state.upload.digest(), held.body["sha256"]):
            raise Conflict(
                "This idempotency key was used for another file. Nothing was done. Use a new key for a new file."
            )
        return _replayed(held)

    async def _kept(self, request: Request, response: Response) -> idempotency.Answer:
        body = json.loads(bytes(response.body) or b"{}")
        shown = {name: None if name in self.secrets else value for name, value in body.items()}
        sha256 = await request.state.upload.digest() if self.streams else None
        held = {"body": shown, "location": response.headers.get("location"), "sha256": sha256}
        return idempotency.Answer(response.status_code, held)


async def read_body(request: Request, most: int) -> bytes:
    """The body. Raises :class:`TooLarge` as soon as it is known to be, without reading on, and :class:`Stalled`."""
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said) > most:
        raise TooLarge(most)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    raise TooLarge(most)
                chunks.append(chunk)
    except TimeoutError:
        raise Stalled(BODY_SECONDS) from None
    return b"".join(chunks)


def _replay(body: bytes) -> Callable[[], Coroutine[Any, Any, Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _replayed(held: idempotency.Answer) -> Response:
    headers = {"Idempotent-Replayed": "true"}
    if location := held.body["location"]:
        headers["Location"] = location
    if held.status == HTTPStatus.NO_CONTENT:
        return Response(None, held.status, headers)
    error = held.status >= HTTPStatus.BAD_REQUEST
    body = json.dumps(held.body["body"], ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, held.status, headers, MEDIA_TYPE if error else "application/json")
