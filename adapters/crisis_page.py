"""The crisis page's files, made anew from the entries: per language the page, two feeds and a sheet for noticeboards; per message
a page of its own and a CAP file; a banner for other sites; and, of every crisis that is over, what was said.

The page shows one thread, the newest, and the same one in every language: a page that has no message in its language yet says
so and points to those that have, and never goes on showing an older crisis. When the crisis is over it says that all is quiet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from adapters.cap import CapAlert, document
from adapters.entries import Entries
from adapters.entry import Entry
from adapters.feed import Feed, item_of
from adapters.fragment import plain_text
from adapters.page_names import BANNER, BANNER_SCRIPT, WITHDRAWN, PageNames
from adapters.phrases import NAMES, direction, phrases
from adapters.public_folder import PublicFolder
from adapters.timeline import Timeline, fates
from crisis.channels import ChannelSetup
from crisis.compiled import Compiled
from crisis.mode import Mode

MARKER = "ØVELSE ØVELSE ØVELSE"
MOST_IN_FULL = 24
"""Earlier messages shown in full; those before them by title, so that the page stays within its 14 kB."""
MOST_ENDED = 5
"""Crises that are over, listed on the page in peace; their archives stay."""
_TEMPLATES = ("page", "message", "archive", "noticeboard")
_COMPILED = Compiled()
_GIST = 200  # characters that a shared link shows


class CrisisPage:
    """The public folder of one mode. An exercise's has the marker on every page and keeps search engines away."""

    def __init__(self, setup: ChannelSetup, folder: Path) -> None:
        environment = Environment(
            loader=FileSystemLoader(setup.templates_dir),
            bytecode_cache=_COMPILED,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._marker = "" if setup.mode is Mode.ACTUAL else MARKER
        self.names = PageNames(setup.crisis_page_host, setup.languages)
        environment.filters["iso"] = datetime.isoformat
        environment.filters["fragment"] = Markup  # entries hold what our renderer escaped
        environment.globals = {
            "municipality": setup.municipality,
            "marker": self._marker,
            "imprint": setup.imprint,
            "names": self.names,
        }
        self._templates = {name: environment.get_template(f"public/{name}.html") for name in _TEMPLATES}
        self._atom = environment.get_template("public/feed.atom.xml")
        self._script = environment.get_template("public/banner.js").render()
        self._setup, self._languages = setup, tuple(setup.languages)
        self._folder = PublicFolder(folder)
        self._codes: dict[str, Markup] = {}
        self.entries = Entries(folder / ".entries")

    def url(self, language: str) -> str:
        """Where the public reads this language."""
        return self.names.url(self.names.page(language))

    def timeline(self) -> Timeline:
        """What there is to show, as it is kept now."""
        return Timeline(self.entries.all(), self.entries.over())

    def is_written(self) -> bool:
        """Whether every language has its page: somebody may have emptied the folder."""
        return all(self._folder.has(self.names.page(language)) for language in self._languages)

    def update(self, entry: Entry, others: Sequence[Entry]) -> None:
        """Write what a new or changed entry changes: its own language's page before all else. Call under the entries' lock.

        ``others`` are the entries beside it. The other languages' pages say only whether there is anything in this one, so they
        change with its first message alone.
        """
        self._folder.clear()
        timeline = Timeline([entry, *others], self.entries.over())
        self._pages(timeline, [entry.language])
        touched = {entry.key, *entry.replaces}
        self._messages([each for each in timeline.of(entry) if each.key in touched], timeline)
        if len(timeline.of(entry)) == 1:
            self._pages(timeline, [each for each in self._every(timeline) if each != entry.language])
        if timeline.is_over([entry]):
            self._archives(timeline)

    def rebuild(self, first: str | None = None) -> None:
        """Write every file anew, the page of the language ``first`` before the others, and remove those of messages that were
        withdrawn. Call under the entries' lock.
        """
        self._folder.clear()
        timeline = self.timeline()
        self._pages(timeline, dict.fromkeys([*([first] if first else ()), *self._every(timeline)]))
        self._messages(timeline.entries, timeline)
        wanted = self._archives(timeline)
        for entry in timeline.entries:
            wanted |= {self.names.message(entry), self.names.cap(entry)}
        for left in {name for pattern in WITHDRAWN for name in self._folder.names(pattern)} - wanted:
            self._folder.remove(left)

    def is_about(self, entry: Entry) -> bool:
        """Whether the page is about this entry's crisis, and not about a newer one or about none."""
        shown = self.timeline().shown
        return bool(shown) and shown[0].thread == entry.thread

    def text_of(self, entry: Entry) -> str | None:
        """The words of one message as readers have them; ``None`` if they have not. Those of the page while it is about them."""
        about_it = self.is_about(entry)
        name = self.names.page(entry.language) if about_it else self.names.message(entry)
        page = self._folder.read(name)
        return None if page is None else plain_text(page, within=f"t-{entry.key}")

    def _every(self, timeline: Timeline) -> Iterable[str]:
        """The languages that have a page: those of the newest crisis, and those that ever had an entry."""
        return dict.fromkeys([*self._spoken(timeline), *self.entries.languages()])

    def _spoken(self, timeline: Timeline) -> Sequence[str]:
        spoken = {entry.language for entry in timeline.newest}
        return [*self._languages, *sorted(spoken.difference(self._languages))]

    def _pages(self, timeline: Timeline, languages: Iterable[str]) -> None:
        shown, newest, links = timeline.shown, timeline.newest, self._spoken(timeline)
        written = {entry.language for entry in shown}
        for language in languages:
            own = [entry for entry in shown if entry.language == language]
            values = self._values(language, own) | {
                "languages": [self._link(other, self.names.page(other)) for other in links],
                "elsewhere": [self._link(other, self.names.page(other)) for other in links if other in written],
                "ended": list(self._ended(timeline, language)),
            }
            self._folder.put(self.names.page(language), self._templates["page"].render(values), lasting=True)
            sheet = values | {
                "languages": [self._link(other, self.names.sheet(other)) for other in links],
                "code": self._code(self.url(language)),
                "size": _size(own[0]) if own else "large",
            }
            self._folder.put(self.names.sheet(language), self._templates["noticeboard"].render(sheet))
            feed = self._feed(language, [entry for entry in newest if entry.language == language])
            atom = self._atom.render(values | {"feed": feed})
            self._folder.put(self.names.feed(language, "atom"), atom)
            name = self.names.feed(language, "json")
            self._folder.put(name, feed.json(self.names.url(name)))
        self._folder.put(BANNER, self._banner(shown))
        self._folder.put(BANNER_SCRIPT, self._script)

    def _messages(self, entries: Sequence[Entry], timeline: Timeline) -> None:
        for entry in entries:
            values = self._values(entry.language, timeline.of(entry)) | {
                "languages": [],
                "entry": entry,
                "over": timeline.is_over([entry]),
            }
            self._folder.put(self.names.message(entry), self._templates["message"].render(values))
            name = self.names.cap(entry)
            if entry.cap and not self._folder.has(name):  # issued once
                self._folder.put(name, self._cap(entry, entry.cap), lasting=True)

    def _archives(self, timeline: Timeline) -> set[str]:
        """Write what was said in every crisis that is over; the names of the files."""
        every: set[str] = set()
        for thread in timeline.ended:
            written = {entry.language for entry in thread}
            said = [each for each in self._languages if each in written] + sorted(written.difference(self._languages))
            named = {language: self.names.archive(thread[0].thread, language) for language in said}
            for language, name in named.items():
                values = self._values(language, [entry for entry in thread if entry.language == language])
                values["languages"] = [self._link(other, file) for other, file in named.items()]
                self._folder.put(name, self._templates["archive"].render(values))
            every |= set(named.values())
        return every

    def _values(self, language: str, entries: Sequence[Entry]) -> dict[str, Any]:
        return {
            "language": language,
            "direction": direction(language),
            "say": phrases(language, self.names.primary),
            "entries": entries,
            "fates": fates(entries),
            "most_in_full": MOST_IN_FULL,
            "gist": _gist,
            "updated_at": max((entry.changed_at for entry in entries), default=None),
        }

    def _ended(self, timeline: Timeline, language: str) -> Iterator[Mapping[str, Any]]:
        """The archives to list, each in this language, or the primary one, or the one it was written in first."""
        for thread in timeline.ended[:MOST_ENDED]:
            for other in (language, self.names.primary, thread[-1].language):
                if said := [entry for entry in thread if entry.language == other]:
                    yield {"first": said[-1], "last": said[0], "file": self.names.archive(said[-1].thread, other)}
                    break

    def _feed(self, language: str, entries: Sequence[Entry]) -> Feed:
        say, fate = phrases(language, self.names.primary), fates(entries)
        page = say.page.format(municipality=self._setup.municipality)
        return Feed(
            title=". ".join(filter(None, (self._marker, page))),
            language=language,
            url=self.names.url(self.names.feed(language, "atom")),
            page_url=self.url(language),
            author=self._setup.municipality,
            items=[
                item_of(
                    *(entry, fate.get(entry.key), say),
                    host=self.names.host,
                    url=self.names.url(self.names.message(entry)),
                    cap_url=self.names.url(self.names.cap(entry)) if entry.cap else "",
                    marker=self._marker,
                    newest=entry is entries[0],
                )
                for entry in entries
            ],
        )

    def _cap(self, entry: Entry, alert: CapAlert) -> bytes:
        each = {language: replace(entry, language=language) for language in alert.contents}
        return document(
            alert,
            kind=entry.kind,
            next_update_at=entry.next_update_at,
            municipality=self._setup.municipality,
            imprint=self._setup.imprint,
            addresses={language: self.names.url(self.names.message(held)) for language, held in each.items()},
            marker=self._marker,
        )

    def _banner(self, shown: Sequence[Entry]) -> bytes:
        """What ``banner.js`` shows on other sites: the newest message of each language."""
        said: dict[str, Mapping[str, str]] = {}
        for entry in shown:
            say = phrases(entry.language, self.names.primary)
            said.setdefault(
                entry.language,
                {
                    "kind": say.kind(entry.kind),
                    "title": entry.title,
                    "at": say.moment(entry.changed_at),
                    "url": self.url(entry.language),
                },
            )
        state = "quiet" if not shown else "over" if shown[0].kind in {"all_clear", "retraction"} else "ongoing"
        held = {"state": state, "exercise": bool(self._marker), "primary": self.names.primary, "languages": said}
        return orjson.dumps(held, option=orjson.OPT_INDENT_2)

    def _link(self, language: str, file: str) -> dict[str, str]:
        return {
            "language": language,
            "name": NAMES.get(language, language),
            "file": file,
            "direction": direction(language),
        }

    def _code(self, url: str) -> Markup:
        """A QR code of an address (ISO/IEC 18004), which a phone reads off paper that is a little dirty."""
        if url not in self._codes:
            drawn = segno.make(url, error="q", micro=False).svg_inline(border=3, light="#fff", omitsize=True)
            self._codes[url] = Markup(drawn)  # noqa: S704 - paths of our own
        return self._codes[url]


def _gist(entry: Entry) -> str:
    words = " ".join((plain_text(entry.html) or "").split())
    return words if len(words) <= _GIST else words[: _GIST - 1].rpartition(" ")[0] + "…"


def _size(entry: Entry) -> str:
    """How large the sheet's letters can be so that most messages fit one page."""
    length = len(plain_text(entry.html) or "") + 2 * len(entry.title)
    return "large" if length < 420 else "medium" if length < 900 else "small"  # noqa: PLR2004 - tried on paper
