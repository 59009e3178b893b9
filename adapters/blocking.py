"""The session that blocking SDKs speak through, in place of a bare ``requests.Session``."""

import http.client
import logging
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from adapters.guard import MAX_ANSWER_BYTES, READS, Guard, redirected, too_long
from adapters.threads import CONNECT_SHARE, PATIENCE, current_ticket

_CHUNK = 1 << 16
CONNECTIONS = 32
# At DEBUG urllib3 writes addresses, and a look-up at Twilio has the recipient's number in its address.
logging.getLogger("urllib3").setLevel(logging.INFO)


class _Marked:
    """A connection whose failures before the first byte are all one kind, ``NewConnectionError``.

    urllib3 reports a TLS handshake that times out as a read timeout, and one that is reset like a reset after sending.
    Only here are they still apart.
    """

    def connect(self: Any) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except ConnectTimeoutError:
            raise
        except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
            self.close()
            raise NewConnectionError(self, f"Failed to establish a connection: {error}") from error

    def request(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        if ticket := current_ticket.get():
            ticket.begin(self.sock)
        super().request(*args, **kwargs)  # type: ignore[misc]


class _Plain(_Marked, HTTPConnection):
    """Over TCP."""


class _Secure(_Marked, HTTPSConnection):
    """Over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class MarkingAdapter(HTTPAdapter):
    """Makes connections of the kinds above."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


class GuardedSession(requests.Session):
    """A session for a blocking SDK: guarded, timed, capped, without retries, cookies or redirected writes.

    ``rewrite`` maps the start of a URL, such as an SDK's built-in ``https://api.twitter.com``, to the address really
    meant. It is applied before the request is signed. Safe to share between threads; ``connections`` of them are kept open.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        call_seconds: float,
        rewrite: Mapping[str, str] | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        super().__init__()
        self.guard = guard
        self.trust_env = guard.allowed_hosts is None
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._seconds = call_seconds * PATIENCE
        self._connect_seconds = call_seconds * CONNECT_SHARE
        self._rewrite = {old.rstrip("/"): new.rstrip("/") for old, new in (rewrite or {}).items()}
        for scheme in ("https://", "http://"):
            self.mount(scheme, MarkingAdapter(pool_maxsize=max(connections, CONNECTIONS), max_retries=0))

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        for old, new in self._rewrite.items():
            rest = str(request.url).removeprefix(old)
            if rest != request.url and rest[:1] in {"", "/", "?"}:
                request.url = new + rest
                break
        return super().prepare_request(request)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """One request; a redirected read comes through here again for every step."""
        kwargs["stream"] = True  # the body is read below, where its length is watched
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = urllib3.Timeout(total=self._seconds, connect=self._connect_seconds)
        if self.guard.allowed_hosts is not None:
            kwargs["proxies"] = {}  # a proxy would be a host that is not on the list
        if request.method not in READS:
            kwargs["allow_redirects"] = False
        self.guard.check(request.url or "")
        response = super().send(request, **kwargs)
        if request.method not in READS and response.is_redirect:
            raise redirected(response.status_code, response.headers["location"])
        _read(response)
        if ticket := current_ticket.get():
            ticket.rest()
        return response

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        _read(resp)  # requests would read the body of a redirect without limit
        return super().get_redirect_target(resp)


def _read(response: requests.Response) -> None:
    if getattr(response, "_content_consumed", False):  # read before, as one step of a redirect
        return
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            raise too_long()
    response._content = bytes(body)  # noqa: SLF001 - requests has no public way to hand it a body
