"""A stream of events, as a browser reads it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.api.desk.browser import HERE, Browser


class Events:
    """What a stream sends, event by event."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self, name: str) -> str:
        """The next event of this name."""
        async with asyncio.timeout(10):
            while True:
                said, data = await self._one()
                if said == name:
                    return data

    async def _one(self) -> tuple[str, str]:
        name, data = "", []
        while line := (await self._response.content.readline()).decode():
            line = line.rstrip("\n")
            if not line and name:
                return name, "\n".join(data)
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data.append(line.removeprefix("data: "))
        return "", ""

    async def rest(self) -> str:
        """Everything until it ends."""
        async with asyncio.timeout(10):
            return (await self._response.read()).decode()


@asynccontextmanager
async def watching(browser: Browser, path: str) -> AsyncIterator[Events]:
    headers = {**HERE, "Accept": "text/event-stream", "Cookie": "; ".join(browser.cookies.values())}
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session,
        session.get(f"{browser.url}{path}", headers=headers) as response,
    ):
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        yield Events(response)
