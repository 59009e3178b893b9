"""Weight: how many bytes a page costs whoever opens it, as they come over the line: packed, with their headers."""

from typing import Any

from playwright.async_api import CDPSession, Page

SETTLED = 100
"""Milliseconds after a page is loaded, for what its scripts ask for at once."""


class Scales:
    """Counts what one page transfers. Nothing is counted that the browser had already."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        self._page, self._session = page, session
        self._bytes = 0

    @classmethod
    async def under(cls, page: Page) -> "Scales":
        """From now on."""
        scales = cls(page, await page.context.new_cdp_session(page))
        scales._session.on("Network.loadingFinished", scales._add)
        await scales._session.send("Network.enable")
        return scales

    async def forget(self) -> None:
        """Let the browser have nothing, as on its first visit."""
        await self._session.send("Network.clearBrowserCache")

    async def weigh(self, address: str) -> int:
        """Open a page, and return the bytes that came."""
        self._bytes = 0
        await self._page.goto(address, wait_until="load")
        await self._page.wait_for_timeout(SETTLED)
        return self._bytes

    def _add(self, event: dict[str, Any]) -> None:
        self._bytes += int(event["encodedDataLength"])
