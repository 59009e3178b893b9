"""A post, or a page, as WordPress's REST API shows it, and the reference we keep of it."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from yarl import URL

from adapters.fragment import plain_text
from adapters.platform_time import moment_in
from crisis.channels import OutcomeUnknown, Rejected

POSTS = "/wp/v2/posts"
PAGES = "/wp/v2/pages"
KINDS = {POSTS: "", PAGES: "pages/"}
"""What comes out on a site through its interface, and what a reference to one of them begins with."""
_REFERENCE = re.compile(r"(pages/)?([1-9][0-9]{0,18})")
_OURS = "crisis-"


def slug_of(key: str) -> str:
    """The key as WordPress would write it: small letters, digits and dashes (``sanitize_title``)."""
    return _OURS + re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")


def key_in(post: Mapping[str, Any]) -> str | None:
    """The key that a post's slug carries; ``None`` for a slug that we did not give it."""
    slug = str(post.get("slug") or "").removesuffix("__trashed")
    return slug.removeprefix(_OURS) if slug.startswith(_OURS) and slug != _OURS else None


def route_of(reference: str) -> str:
    """Where the API has it: ``12`` is a post, ``pages/12`` a page."""
    found = _REFERENCE.fullmatch(reference)
    if not found:
        raise Rejected(f"{reference[:40]!r} is not the id of a WordPress post.")
    return f"{PAGES if found[1] else POSTS}/{found[2]}"


def post_in(answer: Any) -> dict[str, Any]:
    """The post that an answer is. Raises :class:`OutcomeUnknown` when it is none."""
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
        raise OutcomeUnknown("WordPress answered something that is no post, so it may be out. It is looked up first.")
    return answer


def written(post: Mapping[str, Any], name: str) -> str:
    """A field as it was stored (``raw``), or else as it is shown."""
    held = post.get(name)
    return str(held.get("raw", held.get("rendered", ""))) if isinstance(held, dict) else ""


def words_of(post: Mapping[str, Any]) -> str:
    """Title and content as a reader reads them."""
    return "\n".join(filter(None, (plain_text(written(post, name)) for name in ("title", "content"))))


def link_of(post: Mapping[str, Any]) -> str | None:
    """The public address, where it is one."""
    link = post.get("link")
    return link if isinstance(link, str) and link.startswith(("https://", "http://")) else None


def author_of(post: Mapping[str, Any]) -> str | None:
    """The author's name, where it came with the post (``_embed=author``)."""
    embedded = post.get("_embedded")
    authors = embedded.get("author") if isinstance(embedded, dict) else None
    name = authors[0].get("name") if isinstance(authors, list) and authors and isinstance(authors[0], dict) else None
    return str(name) if name else None


def moment_of(post: Mapping[str, Any], name: str) -> datetime:
    """One of its times (``date_gmt``, ``modified_gmt``), by the site's clock."""
    return moment_in(post.get(name), "WordPress")


def plain_host(url: URL) -> str:
    """A host whatever its letters and its ``www``."""
    return (url.host or "").lower().removeprefix("www.")
