"""One post on a Facebook page, as Graph shows it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

DEFAULT_FIELDS = "created_time,message,id"


def graph_time(at: float) -> str:
    """Graph's way to write a time."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment under a post. Its id is ``{post's number}_{number}``; pages comment as themselves here."""

    id: str
    page: str
    app: str
    message: str
    created: float

    def show(self, fields: str | None, skew: float = 0.0) -> dict[str, Any]:
        """The fields that were asked for; ``id`` is always there. ``skew``: how far the platform's clock is ahead."""
        everything: dict[str, Any] = {
            "id": self.id,
            "message": self.message,
            "created_time": graph_time(self.created + skew),
            "from": {"id": self.page, "name": f"Page {self.page}"},
            "application": {"id": self.app, "name": "Sandbox"},
        }
        return _chosen(everything, fields)


@dataclass(slots=True)
class PagePost:
    """Its id is ``{page}_{number}``."""

    id: str
    page: str
    app: str
    message: str
    link: str | None
    created: float
    updated: float
    published: bool
    hidden: bool = False
    scheduled: int | None = None
    """When it is due, by the platform's clock."""
    author: str = ""
    """Who made it in the platform's own window."""
    edits: list[float] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)

    def show(self, fields: str | None, skew: float = 0.0) -> dict[str, Any]:
        """The fields that were asked for; unknown ones are left out, ``id`` is always there. ``skew`` as of a comment."""
        attached = {"data": [{"media_type": "link", "unshimmed_url": self.link}]} if self.link else None
        everything: dict[str, Any] = {
            "id": self.id,
            "message": self.message,
            "created_time": graph_time(self.created + skew),
            "updated_time": graph_time(self.updated + skew),
            "is_published": self.published,
            "is_hidden": self.hidden,
            "permalink_url": f"https://www.facebook.com/{self.page}/posts/{self.id.partition('_')[2]}",
            "application": {"id": self.app, "name": "Sandbox"},
            "from": {"id": self.page, "name": f"Page {self.page}"},
            "admin_creator": {"id": f"9{self.page}", "name": self.author} if self.author else None,
            "attachments": attached,
            "link": self.link,
            "scheduled_publish_time": self.scheduled,
        }
        return _chosen(everything, fields)


def _chosen(everything: dict[str, Any], fields: str | None) -> dict[str, Any]:
    names = {name.partition("{")[0].strip() for name in (fields or DEFAULT_FIELDS).split(",")} | {"id"}
    return {name: value for name, value in everything.items() if name in names and value is not None}
