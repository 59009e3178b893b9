"""Transport: the only way adapters reach the network, for ``requests`` (blocking SDKs), for ``aiohttp`` and for libcurl.

Everything an adapter needs of it is imported from here: the :class:`Guard` over which hosts may be reached, the two
guarded clients, what an error of either library says about whether a request went out (:func:`from_requests`,
:func:`from_aiohttp`, :func:`from_curl`), and :func:`scrub` for its text. The client over libcurl is in ``curl_posts``.
Nothing here repeats a request.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import pycurl
import requests
from urllib3.exceptions import ConnectTimeoutError, PoolError, RequestError

from adapters.blocking import GuardedSession
from adapters.guard import MAX_ANSWER_BYTES, READS, REDIRECTS, ForbiddenHost, Guard, redirected, too_long
from adapters.scrubbing import scrub
from adapters.threads import CONNECT_SHARE, PATIENCE
from crisis.channels import ChannelError, Misconfigured, OutcomeUnknown, Unavailable

__all__ = [
    "ForbiddenHost",
    "Guard",
    "GuardedSession",
    "from_aiohttp",
    "from_curl",
    "from_requests",
    "guarded_client",
    "proxy_for",
    "scrub",
]

_UNSENDABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
)


def from_requests(error: BaseException, secrets: Sequence[str] = ()) -> ChannelError:
    """What an exception out of a :class:`GuardedSession`, or the SDK above it, says. Raise it ``from None``.

    What is not known to have failed before sending counts as sent. Cancellation is not translated but raised.
    """
    if isinstance(error, ChannelError) or not isinstance(error, Exception):
        return _passed_on(error)
    if isinstance(error, _UNSENDABLE):
        return _unsendable(_text(error, secrets))
    if isinstance(error, requests.exceptions.ConnectTimeout) or any(_is_unsent(cause) for cause in _causes(error)):
        return _unsent(_text(error, secrets))
    return _unknown(_text(error, secrets))


def _is_unsent(cause: BaseException) -> bool:
    if isinstance(cause, PoolError):  # no free or no open connection; a RequestError is a pool's report on a request
        return not isinstance(cause, RequestError)
    return isinstance(cause, ConnectTimeoutError)  # NewConnectionError and NameResolutionError among them


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what it was made of, as requests and urllib3 wrap it."""
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop()
        if id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            inner = (
                *cause.args,
                getattr(cause, "reason", None),
                getattr(cause, "original_error", None),
                cause.__cause__,
            )
            waiting += [each for each in inner if isinstance(each, BaseException)]


# aiohttp


class _GuardedConnector(aiohttp.TCPConnector):
    """Refuses at connect time, so for every step of a redirect and for a pooled connection too."""

    def __init__(self, guard: Guard, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._guard = guard

    async def connect(self, req: Any, traces: Any, timeout: aiohttp.ClientTimeout) -> Any:
        for url in (req.url, req.proxy):
            if url is not None:
                self._guard.check_address(url.host or "", url.port or 0)
        return await super().connect(req, traces, timeout)


class _CappedResponse(aiohttp.ClientResponse):
    """An answer that is not read beyond the cap, whatever its headers say."""

    async def read(self) -> bytes:
        if self._body is None and (self.content_length is None or "Content-Encoding" in self.headers):
            body = bytearray()
            async for chunk in self.content.iter_any():
                body += chunk
                self._check_length(len(body))
            self._body = bytes(body)
        self._check_length(self.content_length or 0)
        return await super().read()

    def _check_length(self, length: int) -> None:
        if length > MAX_ANSWER_BYTES:
            self.close()
            raise too_long()


async def _no_redirected_write(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Unasked, aiohttp would follow the redirect of a POST with a GET and show that answer as the write's."""
    response = await handler(request)
    if request.method not in READS and response.status in REDIRECTS and "Location" in response.headers:
        response.close()
        raise redirected(response.status, response.headers["Location"])
    return response


def guarded_client(
    guard: Guard,
    *,
    limit: int,
    call_seconds: float,
    headers: Mapping[str, str] | None = None,
) -> aiohttp.ClientSession:
    """An aiohttp session with at most ``limit`` connections. Call it inside the running loop, and close it.

    Without a list of allowed hosts, the environment's proxies hold.
    Credentials go into ``headers``, by ``aiohttp.encode_basic_auth`` or as a bearer: aiohttp retires its own ``auth``.
    """
    client = aiohttp.ClientSession(
        connector=_GuardedConnector(guard, limit=limit),
        timeout=aiohttp.ClientTimeout(total=call_seconds * PATIENCE, connect=call_seconds * CONNECT_SHARE),
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=_CappedResponse,
        middlewares=(_no_redirected_write,),
        trust_env=guard.allowed_hosts is None,
    )
    client._retry_connection = False  # noqa: SLF001 - else aiohttp repeats PUT and DELETE on a lost connection
    return client


def proxy_for(address: str) -> str | None:
    """The environment's proxy for an address, if it has one, as every other client of this machine reads it."""
    parts = urlsplit(address)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


_NO_CONNECTION = (
    aiohttp.ClientConnectorError,  # refused, DNS, TLS and certificates, an unreachable proxy
    aiohttp.ConnectionTimeoutError,  # also no free connection in time
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,  # the proxy refused the tunnel
)


def from_aiohttp(error: BaseException, secrets: Sequence[str] = ()) -> ChannelError:
    """The same for an exception out of a :func:`guarded_client`: ``TimeoutError``, ``aiohttp.ClientError``, bad JSON."""
    if isinstance(error, ChannelError) or not isinstance(error, Exception):
        return _passed_on(error)
    if isinstance(error, aiohttp.InvalidURL) and not isinstance(error, aiohttp.InvalidUrlRedirectClientError):
        return _unsendable(_text(error, secrets))
    return _unsent(_text(error, secrets)) if isinstance(error, _NO_CONNECTION) else _unknown(_text(error, secrets))


# libcurl


def from_curl(code: int, words: str, secrets: Sequence[str] = (), *, asked: bool) -> ChannelError:
    """The same for one of libcurl's error codes. ``asked``: a connection was made, and the request began to leave on it."""
    text = scrub(words or f"error {code}", secrets)[:500]
    if code in _NO_ADDRESS and not asked:  # an answer that is no HTTP has one of these codes too
        return _unsendable(text)
    return _unknown(text) if asked else _unsent(text)


_NO_ADDRESS = frozenset({pycurl.E_URL_MALFORMAT, pycurl.E_UNSUPPORTED_PROTOCOL})


# What all say


def _passed_on(error: BaseException) -> ChannelError:
    if isinstance(error, ChannelError):
        return error
    raise error


def _text(error: Exception, secrets: Sequence[str]) -> str:
    return scrub(f"{type(error).__name__}: {error}".removesuffix(": "), secrets)[:500]


def _unsent(text: str) -> Unavailable:
    return Unavailable(f"No connection to the provider, so nothing was sent. {text}")


def _unsendable(text: str) -> Misconfigured:
    return Misconfigured(f"The address or a credential cannot be sent; check the settings. {text}")


def _unknown(text: str) -> OutcomeUnknown:
    return OutcomeUnknown(f"No usable answer, so it may have been processed; read back first. {text}")
