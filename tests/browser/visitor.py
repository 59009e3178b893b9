"""Visitor: somebody at a window of their own, with the look of one screen, who is watched for everything that goes wrong."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page

from tests.adapters.chromium import SCREENS, violations
from tests.browser import accessibility
from tests.browser.watch import Watch

PATIENCE = 15_000
"""Milliseconds until what is waited for has failed, on a machine that does other things too."""


@dataclass(frozen=True)
class Look:
    """A screen: how wide and high in CSS px, light or dark, and whether scripts run."""

    width: int = 1280
    height: int = 800
    scheme: Literal["light", "dark"] = "light"
    javascript: bool = True
    scale: float = 1.0

    @property
    def name(self) -> str:
        """As pictures are named by it."""
        zoomed = "" if self.scale == 1.0 else f"-{self.scale:.0f}00%"
        return f"{self.scheme}-{self.width}{zoomed}{'' if self.javascript else '-no-script'}"


DESKTOP = Look()
PHONE = Look(390, 844)
NARROW = Look(320, 640)
ZOOMED = Look(320, 200, scale=4.0)
"""A window of 1280 by 800 px at 400 %."""
DARK = Look(scheme="dark")
DARK_PHONE = Look(320, 640, scheme="dark")
NO_SCRIPT = Look(javascript=False)
LOOKS = (DESKTOP, NARROW, DARK, DARK_PHONE) if os.environ.get("BROWSER") == "long" else (DESKTOP, DARK_PHONE)
"""Both widths and both schemes; each width in each scheme with ``BROWSER=long``."""


class Visitor:
    """One window. Faults are collected in ``watch`` and raised when the window is closed."""

    def __init__(self, url: str, look: Look, context: BrowserContext, page: Page, watch: Watch) -> None:
        self.url, self.look, self.context, self.page, self.watch = url, look, context, page, watch

    async def go(self, path: str, status: int = 200) -> None:
        """Open a page."""
        if status >= 400:
            self.watch.allow(status)
        answer = await self.page.goto(self.url + path, wait_until="load")
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"

    @property
    def path(self) -> str:
        """Where the window is now, with what is asked for behind it."""
        return self.page.url.removeprefix(self.url)

    async def wear(self, look: Look) -> None:
        """Take on another look, without a new window: as somebody who turns their screen, or the light."""
        self.look = look
        await self.page.set_viewport_size({"width": look.width, "height": look.height})
        await self.page.emulate_media(color_scheme=look.scheme)

    async def shot(self, name: str, *, whole: bool = False) -> None:
        """Keep a picture: of what the window shows, or of the whole page."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        file = re.sub(r"[^\w-]+", "-", name).strip("-").lower()
        await self.page.screenshot(
            path=SCREENS / f"{file}--{self.look.name}.png", full_page=whole, animations="disabled"
        )

    async def too_wide(self) -> list[str]:
        """What sticks out to the right as the page stands."""
        return await accessibility.too_wide(self.page)

    async def check(self, name: str, looks: Iterable[Look] = LOOKS) -> list[str]:
        """Keep pictures, and return what is wrong with the page as it stands, each with where it was seen."""
        found = []
        for look in looks:
            await self.wear(look)
            await self.shot(name, whole=True)
            wrong = [f"not accessible: {each}" for each in await violations(self.page)]
            wrong += [f"too wide: {each}" for each in await accessibility.too_wide(self.page)]
            wrong += [f"too small: {each}" for each in await accessibility.too_small(self.page)]
            found += [f"{name} ({look.name}): {each}" for each in wrong]
        return found


class Windows:
    """Every window that is open, all in one browser, each with cookies of its own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._opened: list[Visitor] = []

    async def open(self, url: str, look: Look = DESKTOP, secret: str | None = None) -> Visitor:
        """A window on the desk at this address, of whoever has the session with this secret."""
        context = await self._browser.new_context(
            viewport={"width": look.width, "height": look.height},
            color_scheme=look.scheme,
            java_script_enabled=look.javascript,
            device_scale_factor=look.scale,
            locale="nb-NO",
            timezone_id="Europe/Oslo",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        watch = Watch(urlsplit(url).netloc)
        await watch.begin(context)
        if secret is not None:
            await context.add_cookies([{"name": "crisis", "value": secret, "url": url}])
        visitor = Visitor(url, look, context, await context.new_page(), watch)
        self._opened.append(visitor)
        return visitor

    async def close(self) -> None:
        """Close them all. Raises :class:`AssertionError` with what went wrong in any of them."""
        for visitor in self._opened:
            await visitor.context.close()
        for visitor in self._opened:
            visitor.watch.check()
