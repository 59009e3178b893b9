"""Transport: the only way adapters reach the network, for ``requests`` (blocking SDKs), for ``aiohttp`` and for libcurl.

Everything an adapter needs of it is imported from here: the :class:`Guard` over which hosts may be reached, the two
guarded clients, what an error of either library says about whether a request went out (:func:`from_requests`,
:func:`from_aiohttp`), and :func:`scrub` for its text. The client over libcurl is in ``curl_posts``, by itself, since whoever
sends nothing but SMS does without the others. Nothing here repeats a request.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import aiohttp
import requests
from urllib3.exceptions import ConnectTimeoutError, PoolError, RequestError

from adapters import failures
from adapters.blocking import GuardedSession
from adapters.guard import MAX_ANSWER_BYTES, READS, REDIRECTS, ForbiddenHost, Guard, redirected, too_long
from adapters.scrubbing import scrub
from adapters.threads import CONNECT_SHARE, PATIENCE
from crisis.channels import ChannelError

__all__ = [
    "ForbiddenHost",
    "Guard",
    "GuardedSession",
    "from_aiohttp",
    "from_requests",
    "guarded_client",
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
        return failures.passed_on(error)
    if isinstance(error, _UNSENDABLE):
        return failures.unsendable(failures.text(error, secrets))
    if isinstance(error, requests.exceptions.ConnectTimeout) or any(_is_unsent(cause) for cause in _causes(error)):
        return failures.unsent(failures.text(error, secrets))
    return failures.unknown(failures.text(error, secrets))


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


_NO_CONNECTION = (
    aiohttp.ClientConnectorError,  # refused, DNS, TLS and certificates, an unreachable proxy
    aiohttp.ConnectionTimeoutError,  # also no free connection in time
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,  # the proxy refused the tunnel
)


def from_aiohttp(error: BaseException, secrets: Sequence[str] = ()) -> ChannelError:
    """The same for an exception out of a :func:`guarded_client`: ``TimeoutError``, ``aiohttp.ClientError``, bad JSON."""
    if isinstance(error, ChannelError) or not isinstance(error, Exception):
        return failures.passed_on(error)
    if isinstance(error, aiohttp.InvalidURL) and not isinstance(error, aiohttp.InvalidUrlRedirectClientError):
        return failures.unsendable(failures.text(error, secrets))
    return (
        failures.unsent(failures.text(error, secrets))
        if isinstance(error, _NO_CONNECTION)
        else failures.unknown(failures.text(error, secrets))
    )
