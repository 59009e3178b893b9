"""One WordPress post, or page, as the REST API shows it."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

NORDIC = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "Æ": "ae", "Ø": "o", "Å": "a"})


def wp_time(at: float) -> str:
    """WordPress's way to write a time; this site's clock runs in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def slugify(text: str) -> str:
    """What WordPress makes of a wanted slug."""
    plain = unicodedata.normalize("NFKD", text.translate(NORDIC)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_]+", "-", plain.lower()).strip("-")


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a post, as WordPress keeps it from the first update on."""

    id: int
    author: int
    title: str
    content: str
    modified: float

    def show(self, parent: int, skew: float = 0.0) -> dict[str, Any]:
        """The revision resource. ``skew``: how far the site's clock is ahead."""
        return {
            "id": self.id,
            "parent": parent,
            "author": self.author,
            "modified_gmt": wp_time(self.modified + skew),
            "slug": f"{parent}-revision-v1",
            "title": {"raw": self.title, "rendered": self.title},
            "content": {"raw": self.content, "rendered": self.content},
        }


@dataclass(slots=True)
class Article:
    """``site`` is the path of the site under ``origin``; ``user`` the login of its author. Times are everyone's, not the site's."""

    id: int
    origin: str
    site: str
    user: str
    author: int
    title: str
    content: str
    excerpt: str
    slug: str
    status: str
    sticky: bool
    created: float
    modified: float
    revisions: list[Revision] = field(default_factory=list)
    """Oldest first. An update of the words adds one; the status alone does not."""
    is_page: bool = False
    is_undated: bool = False
    """A draft that nobody has given a date: it gets that of its publication."""

    @property
    def link(self) -> str:
        """Where readers find it."""
        return f"{self.origin}{self.site}/?p={self.id}"

    def show(
        self, *, raw: bool, fields: str | None = None, skew: float = 0.0, embedded: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The post resource; ``raw`` texts beside the rendered ones in the context ``edit``. ``skew``: how far the site's
        clock is ahead.
        """

        def text(value: str, **more: Any) -> dict[str, Any]:
            return {**({"raw": value} if raw else {}), "rendered": value, **more}

        shown: dict[str, Any] = {
            "id": self.id,
            "date": wp_time(self.created + skew),
            "date_gmt": wp_time(self.created + skew),
            "guid": text(self.link),
            "modified": wp_time(self.modified + skew),
            "modified_gmt": wp_time(self.modified + skew),
            "slug": self.slug,
            "status": self.status,
            "type": "page" if self.is_page else "post",
            "link": self.link,
            "title": text(self.title),
            "content": text(self.content, protected=False),
            "excerpt": text(self.excerpt, protected=False),
            "author": self.author,
            "featured_media": 0,
            "comment_status": "closed",
            "ping_status": "closed",
            "sticky": self.sticky,
            "template": "",
            "format": "standard",
            "meta": [],
            "categories": [1],
            "tags": [],
            **({"_embedded": embedded} if embedded is not None else {}),
        }
        if fields is None:
            return shown
        names = {name.strip() for name in fields.split(",")}
        return {name: value for name, value in shown.items() if name in names}
