"""Chromium: the real browser that residents' pages are looked at in, with axe-core to judge them."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

EXECUTABLE = "/usr/bin/chromium"
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
SCHEMES = ("light", "dark")
WIDTHS = (320, 1280)
KEPT = os.environ.get("CRISIS_SCREENSHOTS")
"""Where screenshots are kept; nowhere when unset."""
_JUDGE = "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']}).then(found => found.violations)"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


class Watched:
    """A page, and everything it asked for, complained of and tried to say."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda said: self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._dialog)

    async def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    async def violations(self) -> Sequence[str]:
        """What axe-core finds against WCAG 2.1 A and AA, each with where."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await self.page.evaluate(_JUDGE, list(TAGS))
        return [f"{each['id']}: {each['help']} {[node['target'] for node in each['nodes']]}" for each in found]

    async def keep(self, name: str) -> None:
        """A screenshot of the whole page, where somebody wants them."""
        if KEPT:
            await self.page.screenshot(path=Path(KEPT) / f"{name}.png", full_page=True)
