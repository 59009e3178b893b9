"""The last requests as they came, accepted or not: where credentials were, and what was answered."""

from collections import deque
from typing import Any

from adapters.sandbox.exchange import Asked

KEPT = 2000


class Traffic:
    """A short memory per provider, and counts that are never cut short."""

    def __init__(self) -> None:
        self._last: dict[str, deque[tuple[Asked, list[str], int, str | None]]] = {}
        self.requests: dict[str, int] = {}
        self.tokens_in_urls: dict[str, int] = {}

    def note(self, provider: str, asked: Asked, status: int, fault: str | None) -> None:
        """Remember one request. ``status`` is 0 where no answer went out."""
        self.requests[provider] = self.requests.get(provider, 0) + 1
        places = asked.token_places
        if "url" in places:
            self.tokens_in_urls[provider] = self.tokens_in_urls.get(provider, 0) + 1
        self._last.setdefault(provider, deque(maxlen=KEPT)).append((asked, places, status, fault))

    def show(self, provider: str | None, limit: int) -> list[dict[str, Any]]:
        """The last requests, oldest first."""
        found = [
            {
                "provider": name,
                "method": asked.method,
                "target": asked.target,
                "header_names": sorted(asked.headers),
                "token_in": places,
                "status": status,
                "fault": fault,
                "arrived": asked.arrived,
                "arrived_mono": asked.arrived_mono,
            }
            for name, entries in self._last.items()
            if provider in {None, name}
            for asked, places, status, fault in entries
        ]
        found.sort(key=lambda entry: float(str(entry["arrived_mono"])))
        return found[-limit:]

    def clear(self) -> None:
        """Forget all."""
        for held in (self._last, self.requests, self.tokens_in_urls):
            held.clear()
