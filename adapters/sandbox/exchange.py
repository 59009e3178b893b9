"""One request as it came and one answer as it goes out, free of ASGI: what a stand-in provider sees and says."""

import asyncio
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

import orjson

Headers = Sequence[tuple[bytes, bytes]]
JSON = (b"content-type", b"application/json; charset=utf-8")
HTML = (b"content-type", b"text/html; charset=utf-8")
TOKEN_NAMES = frozenset({"access_token", "oauth_token", "auth_token", "token"})


class Verb(StrEnum):
    """What a request asks a provider to do."""

    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    COMMENT = "comment"
    RIGHT = "right"  # to change who may publish
    READ = "read"


@dataclass(slots=True)
class Asked:
    """One HTTP request. ``path`` is below the provider's prefix; times are seconds at which it was read in full."""

    method: str
    path: str
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    origin: str
    arrived: float
    arrived_mono: float
    _fields: dict[str, Any] | None = None

    @property
    def authorization(self) -> str:
        """The Authorization header, or an empty string."""
        return self.headers.get("authorization", "")

    @property
    def bearer(self) -> str:
        """What follows ``Bearer`` or ``OAuth`` in the Authorization header; empty when there is none."""
        scheme, _, rest = self.authorization.partition(" ")
        return rest.strip() if scheme.lower() in {"bearer", "oauth"} else ""

    @property
    def basic(self) -> tuple[str, str] | None:
        """User and password of HTTP Basic, or nothing."""
        scheme, _, rest = self.authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, colon, password = b64decode(rest, validate=True).decode().partition(":")
        except (NotBase64, UnicodeDecodeError):
            return None
        return (user, password) if colon else None

    @property
    def fields(self) -> dict[str, Any]:
        """The body's fields, from a form or a JSON object; empty when it is neither."""
        if self._fields is None:
            self._fields = self._read_fields()
        return self._fields

    def _read_fields(self) -> dict[str, Any]:
        if not self.body:
            return {}
        if "json" in self.headers.get("content-type", ""):
            try:
                content = orjson.loads(self.body)
            except orjson.JSONDecodeError:
                return {}
            return content if isinstance(content, dict) else {}
        try:
            return dict(parse_qsl(self.body.decode(), keep_blank_values=True))
        except UnicodeDecodeError:
            return {}

    @property
    def token_places(self) -> list[str]:
        """Where credentials were found: ``header``, ``url``, ``body``. A token in a URL ends up in logs."""
        places = ["header"] if self.authorization else []
        token = self.bearer
        if not TOKEN_NAMES.isdisjoint(self.query) or (token and token in self.target):
            places.append("url")
        if not TOKEN_NAMES.isdisjoint(self.fields):
            places.append("body")
        return places


@dataclass(slots=True)
class Answer:
    """One HTTP answer. ``after`` is awaited before it is sent (callbacks told to come first)."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=lambda: [JSON])
    after: asyncio.Event | None = None


def say(status: int, content: Any, headers: Headers = ()) -> Answer:
    """An answer in JSON."""
    return Answer(status, orjson.dumps(content), [JSON, *headers])


def say_html(status: int, page: str, headers: Headers = ()) -> Answer:
    """An answer in HTML."""
    return Answer(status, page.encode(), [HTML, *headers])
