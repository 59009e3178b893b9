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
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import aiohttp
import orjson
from yarl import URL

from adapters.fragment import fragment, plain_text
from adapters.history import page_of, title_of
from adapters.rest_refusal import refusal
from adapters.site import Site
from adapters.transport import Guard, from_aiohttp, guarded_client
from adapters.visit import FIRST_WORDS, Visitor, lacks_words
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
_SUCCESS = range(200, 300)
_ID = re.compile(r"[1-9][0-9]{0,18}")
_FIELDS = "id,slug,status,link,title,content"


class WordPress(Channel):
    """WordPress sites of one mode. One session for all accounts, made at the first use, inside the running loop."""

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
        self._request_seconds = setup.call_seconds / 2
        self._client: aiohttp.ClientSession | None = None
        self._visitor = Visitor(self._guard, call_seconds=self._request_seconds)

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:
        """Publish a post, or finish and return the one that has this key's slug already."""
        site = Site(account)
        try:
            held = await self._find(site, _slug(outgoing.key))
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
        target = "/wp/v2/posts" if held is None else f"/wp/v2/posts/{held['id']}"
        content = {**_content(outgoing), "slug": _slug(outgoing.key), "status": "publish"}
        return _published(await self._call(site, "POST", target, body=content), outgoing.key)

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:
        """Write the post anew. Its id, its slug and so its address stay; a draft, or one in the trash, is published again."""
        content = {**_content(outgoing), "status": "publish"}
        route = f"/wp/v2/posts/{_id(reference)}"
        return _published(await self._call(Site(account), "POST", route, body=content), outgoing.key)

    async def withdraw(self, account: AccountRef, reference: str) -> None:
        """Delete the post for good; the trash would keep its slug's name for a look-alike."""
        try:
            await self._call(Site(account), "DELETE", f"/wp/v2/posts/{_id(reference)}", {"force": "true"})
        except Gone:
            return

    async def read_back(self, account: AccountRef, reference: str) -> Finding:
        try:
            asked = {"context": "edit", "_fields": _FIELDS}
            post = _post_in(await self._call(Site(account), "GET", f"/wp/v2/posts/{_id(reference)}", asked))
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
            held = await self._find(Site(account), _slug(outgoing.key))
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
            post = _post_in(await self._call(site, "GET", f"/wp/v2/posts/{_id(reference)}", asked))
        except Gone:
            return Sighting(Found.NO, "The post is no longer there.")
        if post.get("status") != "publish":
            return Sighting(
                Found.NO, f"WordPress has the post as {str(post.get('status'))[:40]!r}, which is not published."
            )
        held = " ".join(_written(post, name) for name in ("title", "content"))
        if lacks := lacks_words(held, outgoing):
            return Sighting(Found.NO, f"The post {lacks}")
        link = _link(post)
        if link is None or _plain_host(URL(link)) != _plain_host(site.address):
            return Sighting(Found.CANNOT_TELL, "The post's link does not lead to this site, so it was not opened.")
        return await self._visitor.look(link, lambda page: lacks_words(page, outgoing, first=FIRST_WORDS))

    def parse_receipts(self, callback: Callback) -> Sequence[Receipt]:  # noqa: ARG002
        raise Unsupported("WordPress reports nothing back; read the post instead.")

    def answer_challenge(self, query: Mapping[str, str]) -> str:  # noqa: ARG002
        raise Unsupported("WordPress has no subscription to confirm.")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None
        await self._visitor.close()

    async def _find(self, site: Site, slug: str) -> dict[str, Any] | None:
        asked = {"slug": slug, "status": "any", "context": "edit", "_fields": _FIELDS}
        listed = await self._call(site, "GET", "/wp/v2/posts", asked)
        if not isinstance(listed, list):
            raise OutcomeUnknown("WordPress answered a search with something that is no list of posts.")
        return next((post for post in map(_post_in, listed) if post.get("slug") == slug), None)

    async def _call(
        self,
        site: Site,
        method: str,
        route: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, str] | None = None,
    ) -> Any:
        """The decoded answer of a success. Raises what every other answer means for a write."""
        if self._client is None:
            self._client = guarded_client(
                self._guard,
                limit=_CONNECTIONS,
                call_seconds=self._request_seconds,
                headers={"Accept": "application/json", "Content-Type": "application/json"},
            )
        address = site.address.with_query({"rest_route": route, **(query or {})})
        data = None if body is None else orjson.dumps(dict(body))
        try:
            async with self._client.request(
                method, address, data=data, headers=site.headers, allow_redirects=False
            ) as response:
                answer = await response.read()
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the transport knows what it says
            raise from_aiohttp(error, site.secrets) from None
        try:
            decoded = orjson.loads(answer)
        except orjson.JSONDecodeError:
            decoded = None
        if response.status in _SUCCESS and isinstance(decoded, dict | list):
            return decoded
        raise refusal(response.status, decoded, response.headers)


def _slug(key: str) -> str:
    """The key as WordPress would write it: small letters, digits and dashes (``sanitize_title``)."""
    return "crisis-" + re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")


def _id(reference: str) -> str:
    if not _ID.fullmatch(reference):
        raise Rejected(f"{reference[:40]!r} is not the id of a WordPress post.")
    return reference


def _content(outgoing: Outgoing) -> dict[str, str]:
    """Both fields are HTML to WordPress, the title too."""
    return {"title": title_of(outgoing), "content": str(page_of(outgoing))}


def _post_in(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
        raise OutcomeUnknown("WordPress answered something that is no post, so it may be out. It is looked up first.")
    return answer


def _published(answer: Any, key: str) -> Receipt:
    post = _post_in(answer)
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
    return Receipt(str(post["id"]), ReceiptStatus.ACCEPTED, key=key, url=_link(post), raw=raw)


def _finding(post: Mapping[str, Any]) -> Finding:
    if post.get("status") != "publish":
        return Finding(Found.NO, reference=str(post["id"]))
    text = "\n".join(filter(None, (plain_text(_written(post, name)) for name in ("title", "content"))))
    return Finding(Found.YES, reference=str(post["id"]), url=_link(post), text=text)


def _written(post: Mapping[str, Any], name: str) -> str:
    """A field as it was stored (``raw``), or else as it is shown."""
    held = post.get(name)
    return str(held.get("raw", held.get("rendered", ""))) if isinstance(held, dict) else ""


def _link(post: Mapping[str, Any]) -> str | None:
    link = post.get("link")
    return link if isinstance(link, str) and link.startswith(("https://", "http://")) else None


def _plain_host(url: URL) -> str:
    return (url.host or "").lower().removeprefix("www.")


def build(setup: ChannelSetup) -> Channel:
    """WordPress for one mode."""
    return WordPress(setup)
