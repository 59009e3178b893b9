"""What the adapters' tests share: scripted servers, and one way to ask over either HTTP library."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

import aiohttp
import pytest
import requests

from adapters.transport import (
    Guard,
    GuardedSession,
    from_aiohttp,
    from_requests,
    guarded_client,
)
from crisis.channels import ChannelError
from tests.adapters.scripted import Scripted

Ask = Callable[..., Awaitable[bytes]]
"""Makes one request over one of the two stacks; what it raises is already an error of the port."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


@pytest.fixture(params=["requests", "aiohttp"])
async def ask(request: pytest.FixtureRequest) -> AsyncIterator[Ask]:
    """The same behaviour is wanted of both stacks, so every test that takes this runs over each."""
    closers: list[Callable[[], Awaitable[None] | None]] = []

    async def by_requests(
        url: str, method: str, allowed: frozenset[str] | None, seconds: float, headers: Mapping[str, str]
    ) -> bytes:
        session = GuardedSession(Guard(allowed), call_seconds=seconds)
        closers.append(session.close)
        try:
            return (await asyncio.to_thread(session.request, method, url, headers=headers)).content
        except (requests.RequestException, ChannelError) as error:
            raise from_requests(error) from None

    async def by_aiohttp(
        url: str, method: str, allowed: frozenset[str] | None, seconds: float, headers: Mapping[str, str]
    ) -> bytes:
        client = guarded_client(Guard(allowed), limit=4, call_seconds=seconds, headers=headers)
        closers.append(client.close)
        try:
            async with client.request(method, url) as response:
                return await response.read()
        except (aiohttp.ClientError, TimeoutError, ChannelError) as error:
            raise from_aiohttp(error) from None

    chosen = by_requests if request.param == "requests" else by_aiohttp

    async def ask(
        url: str,
        method: str = "POST",
        *,
        allowed: frozenset[str] | None = None,
        seconds: float = 4.0,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        return await chosen(url, method, allowed, seconds, headers or {})

    yield ask
    for close in closers:
        if (waiting := close()) is not None:
            await waiting
