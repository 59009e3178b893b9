"""Watch: everything that goes wrong in a browser's window, which a page would rather not say."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, Response, WebError

_REPORTS = "__reports__"
_LISTEN = """
addEventListener("securitypolicyviolation", (event) =>
  window.%s(JSON.stringify([event.violatedDirective, event.blockedURI, event.sourceFile, event.sample])));
"""
_STATUS = "Failed to load resource: the server responded with a status of"
_LEFT = {"net::ERR_ABORTED"}
"""The page was left while it was being fetched: a stream that ends with its page, and what a reader did not wait for."""


@dataclass
class Watch:
    """What was seen in one browser context. ``allowed``: statuses that the test itself brings about."""

    host: str
    allowed: set[int] = field(default_factory=set)
    away: bool = False
    """The server is stopped by the test: nothing can be fetched, and that is no fault."""
    seen: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    async def begin(self, context: BrowserContext) -> None:
        """From now on, in every page of this context."""
        context.on("console", self._said)
        context.on("weberror", self._failed)
        context.on("requestfailed", self._lost)
        context.on("response", self._answered)
        context.on("request", self._asked)
        context.on("page", self._opened)
        await context.expose_binding(_REPORTS, self._blocked)
        await context.add_init_script(_LISTEN % _REPORTS)

    def allow(self, *statuses: int) -> None:
        """These answers are what the test is about."""
        self.allowed |= set(statuses)

    def check(self) -> None:
        """Raise :class:`AssertionError` with everything that was seen."""
        assert not self.seen, "the browser saw:\n" + "\n".join(dict.fromkeys(self.seen))
        assert not self.dialogs, f"a page opened a dialog: {self.dialogs}"

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"} or self.away:
            return
        if any(f"{_STATUS} {status}" in message.text for status in self.allowed):
            return
        if message.text.startswith("Failed to load resource: net::ERR_ABORTED"):
            return
        self.seen.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _failed(self, error: WebError) -> None:
        self.seen.append(f"error: {error.error}")

    def _lost(self, request: Request) -> None:
        if not self.away and request.failure not in _LEFT:
            self.seen.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.allowed and not self.away:
            self.seen.append(f"{response.status}: {response.request.method} {response.url}")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws"} and parts.netloc != self.host:
            self.seen.append(f"a request to elsewhere: {request.url}")

    def _opened(self, page: Page) -> None:
        async def dismiss(dialog: Dialog) -> None:
            if dialog.type != "beforeunload":
                self.dialogs.append(dialog.message)
            await dialog.dismiss()

        handler: Callable[[Dialog], Any] = dismiss
        page.on("dialog", handler)

    def _blocked(self, _source: dict[str, Any], report: str) -> None:
        directive, blocked, place, sample = json.loads(report)
        self.seen.append(f"blocked by the policy: {directive} {blocked} in {place} {sample}")
