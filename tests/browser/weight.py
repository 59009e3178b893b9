"""Weight: how many bytes a page costs whoever opens it, as they come over the line: packed, with their headers."""

from typing import Any

from playwright.async_api import Page


class Scales:
    """Counts what one page transfers. Nothing is counted that the browser had already."""

    def __init__(self) -> None:
        self.bytes = 0
        self.requests = 0

    @classmethod
    async def under(cls, page: Page) -> "Scales":
        """From now on."""
        scales = cls()
        session = await page.context.new_cdp_session(page)
        session.on("Network.loadingFinished", scales._add)
        await session.send("Network.enable")
        return scales

    def empty(self) -> int:
        """What was counted, in bytes, and begin again."""
        counted, self.bytes = self.bytes, 0
        return counted

    def _add(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])
        self.requests += 1
