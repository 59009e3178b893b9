"""What is out on a WordPress site and what waits there to come out: posts and pages, by the site's own clock.

**Watching** needs no more than the publishing user. A post counts from when it was published or last changed, whichever is later, so
that one with a date in the past is seen too, and one whose words were changed. Not seen: what an import creates with a date in the
past in one step, for WordPress says of it that it was last changed then; and plug-ins' own kinds of post (events, job
advertisements), which their feed may show.

**What waits** (status ``future``) is shown only to whoever may edit it: to an administrator (``admin_username``,
``admin_application_password`` in the account's credentials), or, where there is none, to a publishing user who is an editor.
An author sees their own, so asking as one is refused where there is more. A post that waits comes out by itself even when its author has
lost the right to publish meanwhile; unscheduling makes it a draft of its author's, with the same words and the same date. Told
of it are its words; its blocks and pictures stay in the draft.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.fragment import plain_text
from adapters.platform_time import age
from adapters.site import ADMIN_USERNAME, Site
from adapters.wordpress_post import (
    KINDS,
    author_of,
    key_in,
    link_of,
    moment_of,
    post_in,
    route_of,
    words_of,
    written,
)
from adapters.wordpress_rest import PAGE, Rest, Said
from crisis.channel_watch import Planned, Posted
from crisis.channels import AccountRef, Gone, OutcomeUnknown

_SEEN = "id,slug,author,date_gmt,modified_gmt"
_SHOWN = "id,slug,author,link,title,content,_links,_embedded"
_WAITING = "id,date_gmt,author,title,content,excerpt,featured_media,_links,_embedded"
_DRAFTS = frozenset({"draft", "pending", "auto-draft", "trash"})
_MEANWHILE = "The post is not waiting any more: it was published meanwhile."


class Posts:
    """The posts and pages of all sites of one mode."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def list_posted(self, account: AccountRef, within_seconds: float) -> list[Posted]:
        """See :meth:`crisis.channel_watch.Watch.list_posted`."""
        site = Site(account)
        own, *listed = await asyncio.gather(
            self._rest.own_id(site), *(self._posted(site, route, within_seconds) for route in KINDS)
        )
        posted = [_posted(post, out, prefix, own) for prefix, found in zip(KINDS.values(), listed, strict=True)
                  for post, out in found]  # fmt: skip
        return sorted(posted, key=lambda each: each.age_seconds)

    async def list_planned(self, account: AccountRef) -> list[Planned]:
        """See :meth:`crisis.channel_watch.Schedule.list_planned`."""
        site = all_seeing(account)
        asked = {"status": "future", "context": "edit", "orderby": "date", "order": "asc", "_embed": "author"}
        listed = await asyncio.gather(
            *(self._rest.read_all(site, route, {**asked, "_fields": _WAITING}) for route in KINDS)
        )
        planned = [_planned(site, post, prefix) for prefix, posts in zip(KINDS.values(), listed, strict=True)
                   for post in posts]  # fmt: skip
        return sorted(planned, key=lambda each: each.due_at)

    async def unschedule(self, account: AccountRef, planned: Planned) -> None:
        """See :meth:`crisis.channel_watch.Schedule.unschedule`."""
        await self.make_draft(all_seeing(account), planned.reference, only="future")

    async def make_draft(self, site: Site, reference: str, *, only: str) -> None:
        """Turn one of status ``only`` into a draft of its author's. A draft, or one in the trash, is done already.

        Raises :class:`Gone` when it is not there, or has another status.
        """
        route = route_of(reference)
        asked = {"context": "edit", "_fields": "id,status"}
        status = post_in((await self._rest.read(site, route, asked)).content).get("status")
        if status in _DRAFTS:
            return
        if status != only:
            raise Gone(_MEANWHILE if only == "future" else "The post is not published any more.", code=str(status)[:40])
        said = await self._rest.reach(
            site,
            "POST",
            route,
            {"_fields": "id,status"},
            body={"status": "draft"},
            in_doubt="It may be done. It is asked again.",
        )
        if post_in(said.content).get("status") not in _DRAFTS:
            raise OutcomeUnknown("WordPress says yes to a draft, and does not show one. It is asked again.")

    async def _posted(self, site: Site, route: str, within: float) -> list[tuple[dict[str, Any], float]]:
        """Each with its age in seconds: by publication and by change, since neither order alone has them all."""
        found = dict[int, float]()
        for ages in await asyncio.gather(*(self._recent(site, route, order, within) for order in ("date", "modified"))):
            found |= ages
        ids = list(found)
        wanted = [ids[begin : begin + PAGE] for begin in range(0, len(ids), PAGE)]
        pages = await asyncio.gather(*(self._whole(site, route, each) for each in wanted))
        return [(post, found[post["id"]]) for said in pages for post in said.items if post["id"] in found]

    async def _recent(self, site: Site, route: str, order: str, within: float) -> dict[int, float]:
        """Ages of those that are young enough, by id: nothing but numbers, for a quiet site is asked again and again."""
        ages, page = dict[int, float](), 1
        while True:
            asked = {"orderby": order, "order": "desc", "per_page": str(PAGE), "page": str(page), "_fields": _SEEN}
            said = await self._rest.read(site, route, asked)
            items = said.items
            listed = {post["id"]: age(said.clock, _out_since(post)) for post in items}
            ages |= {each: seconds for each, seconds in listed.items() if seconds <= within}
            is_last = len(items) < PAGE or page >= (said.count("X-WP-TotalPages") or page + 1)
            if is_last or age(said.clock, moment_of(items[-1], f"{order}_gmt")) > within:
                return ages
            page += 1

    async def _whole(self, site: Site, route: str, ids: Sequence[int]) -> Said:
        asked = {"include": ",".join(map(str, ids)), "per_page": str(PAGE), "_embed": "author", "_fields": _SHOWN}
        return await self._rest.read(site, route, asked)


def all_seeing(account: AccountRef) -> Site:
    """The site as its administrator, where the account has one: who sees what others have written, and may change it."""
    return Site(account, is_admin=bool(account.credentials.get(ADMIN_USERNAME)))


def _out_since(post: Mapping[str, Any]) -> datetime:
    return max(moment_of(post, "date_gmt"), moment_of(post, "modified_gmt"))


def _posted(post: Mapping[str, Any], out: float, prefix: str, own: int) -> Posted:
    ours = post.get("author") == own
    return Posted(
        f"{prefix}{post['id']}", out, words_of(post), link_of(post), author_of(post), is_ours=ours,
        key=key_in(post) if ours else None,  # anybody can name a post so
    )  # fmt: skip


def _planned(site: Site, post: Mapping[str, Any], prefix: str) -> Planned:
    attributes = {"kind": "page"} if prefix else {}
    if post.get("featured_media"):
        attributes["picture"] = str(post["featured_media"])
    if excerpt := plain_text(written(post, "excerpt")):
        attributes["excerpt"] = excerpt
    address = site.address.join(site.address.__class__(f"wp-admin/post.php?post={post['id']}&action=edit"))
    return Planned(
        f"{prefix}{post['id']}", moment_of(post, "date_gmt"), plain_text(written(post, "content")) or "", plain_text(written(post, "title")) or "",
        str(address), author_of(post), attributes,
    )  # fmt: skip
