"""The crisis page's files: one HTML page and one Atom feed per language, made anew from the entries.

It shows one thread, the newest, and the same one in every language: a page that has no message in its language yet says
so and points to those that have, and never goes on showing an older crisis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from adapters.entries import Entries, Entry, write_atomically
from adapters.fragment import plain_text
from adapters.phrases import NAMES, direction, phrases

MARKER = "ØVELSE ØVELSE ØVELSE"
RETRACTION = "retraction"
MOST_IN_FULL = 24
"""Earlier messages shown in full; those before them by title, so that the page stays within its 14 kB."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message: ``by`` corrected it or took it back."""

    by: Entry

    @property
    def void(self) -> bool:
        """It was taken back: nothing of it applies."""
        return self.by.kind == RETRACTION


class CrisisPage:
    """The public folder. ``exercise`` puts the marker on every page and keeps search engines away."""

    def __init__(
        self, folder: Path, templates: Path, *, municipality: str, host: str, languages: Sequence[str], exercise: bool
    ) -> None:
        environment = Environment(
            loader=FileSystemLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters["iso"] = datetime.isoformat
        environment.filters["fragment"] = Markup  # entries hold what our renderer escaped
        environment.globals = {"municipality": municipality, "host": host, "marker": MARKER if exercise else ""}
        self._page = environment.get_template("public/crisis-page.html")
        self._feed = environment.get_template("public/feed.atom.xml")
        self._folder = folder
        self._languages = tuple(languages)
        self._host = host
        self.entries = Entries(folder / ".entries")

    def file_name(self, language: str) -> str:
        """``index.html`` for the primary language, ``<language>.html`` for the others."""
        return "index.html" if language == self._languages[0] else f"{language}.html"

    def feed_name(self, language: str) -> str:
        """``feed.atom`` for the primary language, ``feed.<language>.atom`` for the others."""
        return "feed.atom" if language == self._languages[0] else f"feed.{language}.atom"

    def url(self, language: str) -> str:
        """Where the public reads this language."""
        return f"https://{self._host}/" + ("" if language == self._languages[0] else self.file_name(language))

    def rebuild(self, first: str | None = None) -> None:
        """Write every page and feed anew, the language ``first`` before the others. Call under the entries' lock."""
        for left_behind in self._folder.glob(
            ".*.part"
        ):  # by a process that was killed; under the lock nobody is writing
            left_behind.unlink(missing_ok=True)
        shown = newest_thread(self.entries.all())
        written = {entry.language for entry in shown}
        links = [*self._languages, *sorted(written.difference(self._languages))]
        every = dict.fromkeys([*([first] if first else ()), *links, *self.entries.languages()])
        for language in every:
            entries = [entry for entry in shown if entry.language == language]
            values = {
                "language": language,
                "direction": direction(language),
                "say": phrases(language),
                "entries": entries,
                "most_in_full": MOST_IN_FULL,
                "elsewhere": [self._link(other) for other in links if other in written] if not entries else [],
                "languages": [self._link(other) for other in links],
                "fates": fates(entries),
                "updated_at": max((entry.changed_at for entry in entries), default=None),
                "feed": self.feed_name(language),
                "url": self.url(language),
            }
            write_atomically(self._folder / self.feed_name(language), self._feed.render(values).encode())
            write_atomically(self._folder / self.file_name(language), self._page.render(values).encode())

    def text_of(self, language: str, key: str) -> str | None:
        """The words of one message as the written page has them; ``None`` if the page does not have it."""
        try:
            page = (self._folder / self.file_name(language)).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return plain_text(page, within=f"t-{key}")

    def shows_thread_of(self, entry: Entry) -> bool:
        """Whether the page is about this entry's thread; a message of an older one is kept but not shown."""
        shown = newest_thread(self.entries.all())
        return bool(shown) and shown[0].thread == entry.thread

    def _link(self, language: str) -> dict[str, str]:
        return {
            "language": language,
            "name": NAMES.get(language, language),
            "file": self.file_name(language),
            "direction": direction(language),
        }


def fates(entries: Sequence[Entry]) -> Mapping[str, Fate]:
    """``{key: what became of it}``, of those that were corrected or taken back; a retraction outlasts every correction.

    ``entries`` are those of one language.
    """
    found: dict[str, Fate] = {}
    for entry in sorted(entries, key=lambda each: (each.kind == RETRACTION, each.issued_at)):
        found |= dict.fromkeys(entry.replaces, Fate(entry))
    return found


def newest_thread(entries: Sequence[Entry]) -> list[Entry]:
    """The messages of the thread that began last, newest first. A late message of an older thread does not bring it back."""
    began: dict[str, datetime] = {}
    for entry in entries:
        began[entry.thread] = min(entry.issued_at, began.get(entry.thread, entry.issued_at))
    if not began:
        return []
    newest = max(began, key=lambda thread: (began[thread], thread))
    of_it = (entry for entry in entries if entry.thread == newest)
    return sorted(of_it, key=lambda entry: (entry.issued_at, len(entry.key), entry.key), reverse=True)
