"""Feed: the messages of one thread in one language as items, and the JSON Feed made of them (jsonfeed.org, version 1.1).

The Atom feed is a template over the same items. An item keeps its id for ever; one that was corrected or taken back says so
first, and has a new time, so that every reader fetches it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from markupsafe import Markup

from adapters.cap import MEDIA_TYPE
from adapters.entry import Entry
from adapters.timeline import Fate
from adapters.wording.phrases import Phrases

JSON_FEED = "https://jsonfeed.org/version/1.1"
_SAID = Markup("<p><strong>{}</strong></p>")
_NEXT = Markup("<p>{}</p>")


@dataclass(frozen=True, slots=True)
class Item:
    """One message in a feed."""

    id: str
    url: str
    cap_url: str
    """Empty where there is no CAP file of it."""
    kind: str
    label: str
    title: str
    html: Markup
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed of one language."""

    title: str
    language: str
    url: str
    page_url: str
    author: str
    items: Sequence[Item]

    @property
    def updated_at(self) -> datetime | None:
        """When it last said something new; ``None`` while it says nothing."""
        return max((item.updated_at for item in self.items), default=None)

    def json(self, url: str) -> bytes:
        """As a JSON Feed that is read at ``url``."""
        held = {
            "version": JSON_FEED,
            "title": self.title,
            "home_page_url": self.page_url,
            "feed_url": url,
            "language": self.language,
            "authors": [{"name": self.author}],
            "items": [_described(item, self.language) for item in self.items],
        }
        return orjson.dumps(held, option=orjson.OPT_INDENT_2)


def item_of(
    entry: Entry, fate: Fate | None, say: Phrases, *, host: str, url: str, cap_url: str, marker: str, newest: bool
) -> Item:
    """A message as an item. ``newest`` alone says when the next one comes: what an older one promised is past."""
    title, html, updated_at = entry.title, Markup(entry.html), entry.changed_at  # noqa: S704 - our renderer escaped it
    if fate:
        said = (say.withdrawn if fate.void else say.corrected).format(at=say.moment(fate.by.issued_at))
        said = ". ".join(filter(None, (marker, said)))
        title, html = f"{said} {title}", _SAID.format(said) + html
        updated_at = max(updated_at, fate.by.issued_at)
    if newest and entry.next_update_at:
        html += _NEXT.format(say.next_update(entry.next_update_at, entry.issued_at))
    return Item(
        id=f"https://{host}/{entry.language}/{entry.key}",
        url=url,
        cap_url=cap_url,
        kind=entry.kind,
        label=say.kind(entry.kind),
        title=title,
        html=html,
        published_at=entry.issued_at,
        updated_at=updated_at,
    )


def _described(item: Item, language: str) -> Mapping[str, object]:
    held: dict[str, object] = {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "content_html": str(item.html),
        "date_published": item.published_at,
        "date_modified": item.updated_at,
        "language": language,
        "tags": [item.kind],
    }
    if item.cap_url:
        held["attachments"] = [{"url": item.cap_url, "mime_type": MEDIA_TYPE}]
    return held
