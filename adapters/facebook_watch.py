"""What is on a Facebook page, whoever put it there, and what is scheduled to come."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.facebook_page import listed, page_of, pages, post_id, token_of
from adapters.graph import Graph, post_url
from adapters.platform_time import age, moment_in
from crisis.channel_watch import Planned, Posted
from crisis.channels import AccountRef, Gone, OutcomeUnknown

POSTED = "id,message,story,created_time,permalink_url,application,from,admin_creator"
PLANNED = "id,message,scheduled_publish_time,permalink_url,from,admin_creator,attachments{media_type,unshimmed_url}"
IN_PAGE = 100
MOST_PAGES = 10
CLOCKS_APART_SECONDS = 900
"""How much further back than asked is looked, since ``since`` is by Facebook's clock and ours may be wrong."""


class PageWatch:
    """The :class:`~crisis.channel_watch.Watch` and :class:`~crisis.channel_watch.Schedule` of every page."""

    def __init__(self, graph: Graph, app_id: str) -> None:
        self._graph = graph
        self._app_id = app_id

    async def list_posted(self, account: AccountRef, within_seconds: float) -> Sequence[Posted]:
        start = int(time.time() - within_seconds - CLOCKS_APART_SECONDS)
        asked = {"fields": POSTED, "since": str(start), "limit": str(IN_PAGE)}
        page, found = page_of(account), []
        async for answer in pages(self._graph, token_of(account), f"{page}/published_posts", asked, most=MOST_PAGES):
            found += [self._posted(page, post, answer.date) for post in listed(answer)]
        return sorted(found, key=lambda each: each.age_seconds)

    async def list_planned(self, account: AccountRef) -> Sequence[Planned]:
        page, found = page_of(account), []
        asked = {"fields": PLANNED, "limit": str(IN_PAGE)}
        async for answer in pages(self._graph, token_of(account), f"{page}/scheduled_posts", asked, most=MOST_PAGES):
            found += [_planned(page, post) for post in listed(answer)]
        return sorted(found, key=lambda each: each.due_at)

    async def unschedule(self, account: AccountRef, planned: Planned) -> None:
        """Delete it, unless it has gone out: Graph has no way to make a draft of it, and deleting would take down what is out.

        Whether an app may delete what another has scheduled is not documented; where it may not, Graph refuses with 200.
        """
        token, path = token_of(account), post_id(planned.reference)
        post = await self._graph.ask(token, "GET", path, {"fields": "id,is_published"})
        if post.get("id") != planned.reference:
            raise OutcomeUnknown("Facebook answered with something else than the planned post. Nothing was changed.")
        if post.get("is_published") is not False:
            raise Gone("The planned post has been published meanwhile.")
        if (await self._graph.ask(token, "DELETE", path)).get("success") is not True:
            raise OutcomeUnknown("Facebook answered 200 but did not confirm the deletion; list what is planned again.")

    def _posted(self, page: str, post: Mapping[str, Any], now: datetime) -> Posted:
        reference, application = str(post["id"]), post.get("application")
        app = application.get("id") if isinstance(application, dict) else None
        return Posted(
            reference,
            age(now, moment_in(post.get("created_time"), "Facebook")),
            str(post.get("message") or post.get("story") or ""),
            _url(post),
            _author(page, post),
            is_ours=bool(self._app_id) and app == self._app_id,
        )


def _planned(page: str, post: Mapping[str, Any]) -> Planned:
    due = post.get("scheduled_publish_time")
    if not str(due).isdigit():
        raise OutcomeUnknown("Facebook listed a planned post without a time, so its list is not whole.")
    return Planned(
        str(post["id"]),
        datetime.fromtimestamp(int(str(due)), UTC),
        str(post.get("message") or ""),
        url=_url(post),
        author=_author(page, post),
        attributes=_attached(post),
    )


def _attached(post: Mapping[str, Any]) -> dict[str, str]:
    """What a text alone would not bring back: a link, and how many pictures and films its owner must find again."""
    attachments = post.get("attachments")
    held = attachments.get("data") if isinstance(attachments, dict) else None
    found = [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
    links = [
        str(each["unshimmed_url"]) for each in found if each.get("media_type") == "link" and each.get("unshimmed_url")
    ]
    others = sum(each.get("media_type") != "link" for each in found)
    return {**({"link": " ".join(links)} if links else {}), **({"pictures": str(others)} if others else {})}


def _url(post: Mapping[str, Any]) -> str:
    link = post.get("permalink_url")
    return link if isinstance(link, str) and link.startswith("https://") else post_url(str(post["id"]))


def _author(page: str, post: Mapping[str, Any]) -> str | None:
    """The person, where Facebook tells; a page posts as itself, and that is nobody's name."""
    for name in ("admin_creator", "from"):
        person = post.get(name)
        if isinstance(person, dict) and person.get("name") and person.get("id") != page:
            return str(person["name"])
    return None
