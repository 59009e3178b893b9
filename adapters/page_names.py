"""Page names: what the crisis page's files are called, and their addresses.

The primary language's have no language in their name: ``index.html``, ``feed.atom``, ``message-2026-0007-31.html``. The others
do: ``nn.html``, ``feed.nn.atom``, ``message-2026-0007-31.nn.html``.
"""

from collections.abc import Sequence

from adapters.entry import Entry

BANNER, BANNER_SCRIPT = "banner.json", "banner.js"
WITHDRAWN = ("message-*", "archive-*")
"""What goes when a message is withdrawn. Everything else is only ever replaced."""


class PageNames:
    """Of one host, whose message languages are ``languages``, the primary one first."""

    def __init__(self, host: str, languages: Sequence[str]) -> None:
        self.host, self.primary = host, languages[0]

    def page(self, language: str) -> str:
        """The crisis page itself."""
        return "index.html" if language == self.primary else f"{language}.html"

    def feed(self, language: str, ending: str) -> str:
        """The feed, as ``atom`` or ``json``."""
        return self._named("feed", language, ending)

    def sheet(self, language: str) -> str:
        """The noticeboard sheet."""
        return self._named("noticeboard", language, "html")

    def message(self, entry: Entry) -> str:
        """One message by itself. Never anything else, as long as there is a page."""
        return self._named(entry.name, entry.language, "html")

    def cap(self, entry: Entry) -> str:
        """One message as CAP, all its languages; empty where it has none."""
        return f"{entry.name}.cap.xml" if entry.cap else ""

    def archive(self, thread: str, language: str) -> str:
        """What was said in a crisis that is over."""
        return self._named(f"archive-{thread}", language, "html")

    def url(self, name: str) -> str:
        """Where the public reads a file."""
        return f"https://{self.host}/" + ("" if name == "index.html" else name)

    def _named(self, what: str, language: str, ending: str) -> str:
        return f"{what}.{ending}" if language == self.primary else f"{what}.{language}.{ending}"
