"""Chromium: the real browser that pages are looked at in, with axe-core to judge them.

It is Debian's: ``apt-get install chromium``; or another one, named by ``CHROMIUM=<path>``. Without one these tests fail.
"""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
SCHEMES = ("light", "dark")
WIDTHS = (320, 1280)
SCREENS = ROOT / "build" / "screens"
"""Pictures of every screen and state. Build output: look at them."""
_JUDGE = "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']}).then(found => found.violations)"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser, without a window."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("There is no Chromium: `apt-get install chromium`, or say where it is with CHROMIUM=<path>.")
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


@cache
def _axe() -> str:
    assert AXE.is_file(), f"{AXE} is not there: `make .venv` fetches it by npm"
    return AXE.read_text(encoding="utf-8")


async def violations(page: Page) -> list[str]:
    """What axe-core finds on a page against WCAG 2.1 A and AA: the rule, where, and how to mend it."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_axe())
    found = await page.evaluate(_JUDGE, list(TAGS))
    return [
        f"{each['id']}: {node['html'][:200]} | {node['failureSummary']}" for each in found for node in each["nodes"]
    ]


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
        return await violations(self.page)

    async def keep(self, name: str) -> None:
        """A picture of the whole page."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENS / f"{name}.png", full_page=True)
