"""A municipality's WordPress site, through its REST API with an application password.

``AccountRef.address`` is the site's address (``https://www.fjordvik.kommune.no``); the credentials are ``username`` and
``application_password``. Give that user the author role: WordPress strips what an author must not publish, but stores
whatever an editor sends.

Every post carries the slug ``crisis-<key>``, and publishing looks for it first. That makes a repeat harmless when it comes
after the first call has ended, but not when two overlap: WordPress gives the second the slug ``crisis-<key>-2`` and
publishes both. So this channel claims to reconcile, not to be idempotent.

What follows is written into the same post: links to it, and search engines' copies of it, lead to the newest words, and below
them is what was said before. WordPress keeps every version as a revision. What somebody else wrote into the post meanwhile is
kept there too, and overwritten on the page.

The lock behind the gate: who else can publish is :mod:`adapters.wordpress_users`, with an administrator's credentials;
what came out past us, and what waits there to come out, is :mod:`adapters.wordpress_posts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from yarl import URL

from adapters.fragment import fragment, plain_text
from adapters.history import page_of, title_of
from adapters.site import Site
from adapters.transport import Guard
from adapters.visit import FIRST_WORDS, Visitor, lacks_words
from adapters.wordpress_post import (
    POSTS,
    key_in,
    link_of,
    plain_host,
    post_in,
    route_of,
    slug_of,
    words_of,
    written,
)
from adapters.wordpress_posts import Posts, all_seeing
from adapters.wordpress_rest import Rest
from adapters.wordpress_users import ADMIN_CREDENTIALS, Users
from crisis.channel_access import Access
from crisis.channel_watch import Planned, Posted
from crisis.channels import (
    AccountRef,
    Callback,
    Capabilities,
    Channel,
    ChannelError,
    ChannelSetup,
    Finding,
    FollowUp,
    Found,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Rejected,
    Sighting,
    Unavailable,
    Unsupported,
)

_CONNECTIONS = 16
_LOCK_CONNECTIONS = 64
"""Apart from those that publish: a thousand sites are locked within a minute where an answer takes a third of a second."""
_FIELDS = "id,slug,status,link,title,content"


class WordPress(Channel):
    """WordPress sites of one mode: a channel, and its :class:`~crisis.channel_access.Lever`,
    :class:`~crisis.channel_watch.Watch` and :class:`~crisis.channel_watch.Schedule`.
    """

    admin_credentials = ADMIN_CREDENTIALS
    is_reversible = True
    watch_seconds = 30.0
    """WordPress counts no calls. A look is five small ones, and up to two more where something is new."""
    keeps_unscheduled = True

    def __init__(self, setup: ChannelSetup) -> None:
        self.name = "wordpress"
        self.capabilities = Capabilities(
            credentials=("username", "application_password"),
            edit=True,
            follow_ups=dict.fromkeys(("update", "correction", "all_clear", "retraction"), FollowUp.EDIT_IN_PLACE),
            withdraw=True,
            reconcile=True,
            call_seconds=setup.call_seconds,
            look_seconds=(10.0, 30.0, 120.0, 600.0),
        )
        self._guard = Guard(setup.allowed_hosts)
        # publishing is a look-up and a creation within one call's limit
        request_seconds = setup.call_seconds / 2
        self._rest = Rest(self._guard, request_seconds, _CONNECTIONS)
        self._lock_rest = Rest(self._guard, request_seconds, _LOCK_CONNECTIONS)
        self._users, self._posts = Users(self._lock_rest), Posts(self._lock_rest)
        self._visitor = Visitor(self._guard, call_seconds=request_seconds)

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:
        """Publish a post, or finish and return the one that has this key's slug already."""
        site = Site(account)
        try:
            held = await self._find(site, slug_of(outgoing.key))
        except OutcomeUnknown as error:
            raise Unavailable(
                f"WordPress could not say whether this post is there already, so nothing was written. {error.reason}",
                code=error.code,
            ) from None
        except (
            Rejected
        ) as error:  # a search has no content to refuse: without rights, status=any is an "invalid parameter"
            raise Misconfigured(
                f"WordPress does not let us look among all posts ({error.code}). Nothing was written. "
                "Check the username and the application password, and that the user has the author role.",
                code=error.code,
            ) from None
        if held is not None and held.get("status") == "publish":
            return _receipt(held, outgoing.key)
        target = POSTS if held is None else f"{POSTS}/{held['id']}"
        content = {**_content(outgoing), "slug": slug_of(outgoing.key), "status": "publish"}
        return _published((await self._rest.call(site, "POST", target, body=content)).content, outgoing.key)

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:
        """Write the post anew. Its id, its slug and so its address stay; a draft, or one in the trash, is published again."""
        content = {**_content(outgoing), "status": "publish"}
        said = await self._rest.call(Site(account), "POST", route_of(reference), body=content)
        return _published(said.content, outgoing.key)

    async def withdraw(self, account: AccountRef, reference: str) -> None:
        """Delete the post for good; the trash would keep its slug's name for a look-alike.

        What does not carry a slug of ours is somebody else's: it becomes a draft of its author's, and no word of it is lost. An
        author may not do that, and the administrator in the account's credentials may.
        """
        site = all_seeing(account)
        asked = {"context": "edit", "_fields": "id,slug"}
        try:
            held = post_in((await self._rest.call(site, "GET", route_of(reference), asked, in_doubt="")).content)
            if key_in(held) is None:
                await self._posts.make_draft(site, reference, only="publish")
            else:
                await self._rest.call(Site(account), "DELETE", route_of(reference), {"force": "true"})
        except Gone:
            return

    async def read_back(self, account: AccountRef, reference: str) -> Finding:
        try:
            asked = {"context": "edit", "_fields": _FIELDS}
            post = post_in((await self._rest.call(all_seeing(account), "GET", route_of(reference), asked)).content)
        except Gone:
            return Finding(Found.NO)
        except ChannelError:
            return Finding(Found.CANNOT_TELL)
        return _finding(post)

    async def reconcile(self, account: AccountRef, outgoing: Outgoing, since: datetime) -> Finding:  # noqa: ARG002
        """By slug, so the time does not matter. A draft is not out; publishing again finishes it.

        An edit is there when the post begins with its words: below them may be more than we knew of, or less.
        """
        if outgoing.edits is not None:
            return await self._reconcile_edit(account, outgoing.edits, outgoing)
        try:
            held = await self._find(Site(account), slug_of(outgoing.key))
        except ChannelError:
            return Finding(Found.CANNOT_TELL)
        return Finding(Found.NO) if held is None else _finding(held)

    async def _reconcile_edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Finding:
        found = await self.read_back(account, reference)
        if found.found is Found.CANNOT_TELL or found.reference is None:
            return found
        words = "\n".join(filter(None, (plain_text(title_of(outgoing)), plain_text(str(fragment(outgoing))))))
        if found.found is Found.YES and f"{found.text}\n".startswith(f"{words}\n"):
            return found
        return replace(found, found=Found.NO, in_place=True)

    async def look(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Sighting:
        """Ask WordPress for the post, then fetch its public page as a reader would. Only a page on the site's own host is
        opened, whatever the post's link says.
        """
        site = Site(account)
        asked = {"context": "edit", "_fields": _FIELDS}
        try:
            post = post_in((await self._rest.call(site, "GET", route_of(reference), asked)).content)
        except Gone:
            return Sighting(Found.NO, "The post is no longer there.")
        if post.get("status") != "publish":
            return Sighting(
                Found.NO, f"WordPress has the post as {str(post.get('status'))[:40]!r}, which is not published."
            )
        held = " ".join(written(post, name) for name in ("title", "content"))
        if lacks := lacks_words(held, outgoing):
            return Sighting(Found.NO, f"The post {lacks}")
        link = link_of(post)
        if link is None or plain_host(URL(link)) != plain_host(site.address):
            return Sighting(Found.CANNOT_TELL, "The post's link does not lead to this site, so it was not opened.")
        return await self._visitor.look(link, lambda page: lacks_words(page, outgoing, first=FIRST_WORDS))

    def parse_receipts(self, callback: Callback) -> Sequence[Receipt]:  # noqa: ARG002
        raise Unsupported("WordPress reports nothing back; read the post instead.")

    def answer_challenge(self, query: Mapping[str, str]) -> str:  # noqa: ARG002
        raise Unsupported("WordPress has no subscription to confirm.")

    async def inspect(self, account: AccountRef) -> Access:
        return await self._users.inspect(account)

    async def revoke(self, account: AccountRef, access: Access) -> None:
        await self._users.revoke(account, access)

    async def restore(self, account: AccountRef, access: Access) -> None:
        await self._users.restore(account, access)

    async def list_posted(self, account: AccountRef, within_seconds: float) -> Sequence[Posted]:
        return await self._posts.list_posted(account, within_seconds)

    async def list_planned(self, account: AccountRef) -> Sequence[Planned]:
        return await self._posts.list_planned(account)

    async def unschedule(self, account: AccountRef, planned: Planned) -> None:
        await self._posts.unschedule(account, planned)

    async def close(self) -> None:
        for each in (self._rest, self._lock_rest, self._visitor):
            await each.close()

    async def _find(self, site: Site, slug: str) -> dict[str, Any] | None:
        asked = {"slug": slug, "status": "any", "context": "edit", "_fields": _FIELDS}
        listed = (await self._rest.call(site, "GET", POSTS, asked, in_doubt="")).content
        if not isinstance(listed, list):
            raise OutcomeUnknown("WordPress answered a search with something that is no list of posts.")
        return next((post for post in map(post_in, listed) if post.get("slug") == slug), None)


def _content(outgoing: Outgoing) -> dict[str, str]:
    """Both fields are HTML to WordPress, the title too."""
    return {"title": title_of(outgoing), "content": str(page_of(outgoing))}


def _published(answer: Any, key: str) -> Receipt:
    post = post_in(answer)
    if post.get("status") != "publish":
        raise Misconfigured(
            f"WordPress kept the post as {str(post.get('status'))[:40]!r} and did not publish it. "
            "Give the service's user the right to publish (the author role); the post is then published as it is.",
            code="not_published",
        )
    return _receipt(post, key)


def _receipt(post: Mapping[str, Any], key: str) -> Receipt:
    """Sent: WordPress says that it is published. Nobody has looked at the page from the outside yet."""
    raw = {name: str(post[name]) for name in ("id", "slug", "status") if name in post}
    return Receipt(str(post["id"]), ReceiptStatus.ACCEPTED, key=key, url=link_of(post), raw=raw)


def _finding(post: Mapping[str, Any]) -> Finding:
    if post.get("status") != "publish":
        return Finding(Found.NO, reference=str(post["id"]))
    return Finding(Found.YES, reference=str(post["id"]), url=link_of(post), text=words_of(post))


def build(setup: ChannelSetup) -> Channel:
    """WordPress for one mode."""
    return WordPress(setup)
