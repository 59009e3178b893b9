"""Keyboard: somebody who has no mouse. What they want to press they come to by Tab, and what they cannot come to they cannot press."""

import asyncio

from playwright.async_api import Page

MOST_STOPS = 150
"""Tab this often on one page without coming there, and nobody would find it."""


class Keyboard:
    """Hands on the keys. ``speed``: characters a second; as fast as the machine goes when it is not given."""

    def __init__(self, page: Page, speed: float | None = None) -> None:
        self.page, self._speed = page, speed
        self.stops = 0
        """How often Tab was pressed."""

    async def reach(self, selector: str) -> None:
        """Go there by Tab."""
        await self.page.locator(selector).first.wait_for(state="visible")
        for _ in range(MOST_STOPS):
            if await self.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
            await self.page.keyboard.press("Tab")
            self.stops += 1
        raise AssertionError(f"{selector} cannot be reached by keyboard on {self.page.url}")

    async def press(self, selector: str, key: str = "Enter") -> None:
        """Go there and press it."""
        await self.reach(selector)
        await self.page.keyboard.press(key)

    async def follow(self, selector: str) -> None:
        """Go there, press it, and wait for the next page."""
        await self.reach(selector)
        async with self.page.expect_navigation(wait_until="load"):
            await self.page.keyboard.press("Enter")

    async def write(self, selector: str, text: str) -> None:
        """Go there and write over what stands in it."""
        await self.reach(selector)
        await self.page.keyboard.press("Control+A")
        if self._speed is None:
            await self.page.keyboard.insert_text(text)
            return
        for character in text:
            await self.page.keyboard.insert_text(character)
            await asyncio.sleep(1 / self._speed)
