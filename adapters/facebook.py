"""Facebook pages: what :mod:`adapters.graph` can ask, as a channel.

How later revisions follow. An update or an all-clear is news: it is posted anew, for an edited post comes up in nobody's feed,
with the first post attached as its link. A correction or a retraction is about what people have shared and go on sharing, and
a share shows the post as it is now: so the post itself gets the new text, and a comment under it tells those who took part. A
post is deleted only when a person asks for it: with it would go the truth, while copies of it stay. Graph lets an app edit
only what it made itself; of any other post, and of one that is gone, :class:`Gone` is said, and the engine posts anew.
"""

import logging
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.comments import Comments, comment_on
from adapters.facebook_lever import PageLever
from adapters.facebook_page import is_id, listed, next_page, page_of, post_id, token_of
from adapters.facebook_watch import PageWatch
from adapters.feed_webhook import answer_challenge, read_rings, read_webhook
from adapters.graph import Graph, post_url
from crisis.channel_access import Access
from crisis.channel_watch import Planned, Posted
from crisis.channels import (
    AccountRef,
    Callback,
    Capabilities,
    ChannelError,
    ChannelSetup,
    Finding,
    FollowUp,
    Found,
    Gone,
    Limit,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Rejected,
    Sighting,
    Throttled,
    Unavailable,
    Unit,
)

log = logging.getLogger(__name__)

MOST_CHARACTERS = 63_206  # of one post
ATTEMPT_MARGIN = timedelta(seconds=2)
"""Graph gives times in whole seconds, and its clock is not ours."""
PAGE_OF_POSTS = 50
MOST_PAGES = 4
FIELDS = "id,message,created_time,permalink_url,is_published,application"
LINK_UNREADABLE = "1609005"
"""Meta could not make a preview of the link (its table of error codes): nothing was posted; without the link it would be."""
FOLLOW_UPS = {
    "update": FollowUp.NEW_WITH_REFERENCE,
    "all_clear": FollowUp.NEW_WITH_REFERENCE,
    "correction": FollowUp.EDIT_AND_COMMENT,
    "retraction": FollowUp.EDIT_AND_COMMENT,
}


class Facebook:
    """One page per account: ``address`` is the page's id, ``credentials["page_token"]`` its page access token.

    Its administrator's credentials are those of :class:`~adapters.facebook_lever.PageLever`.
    """

    name = "facebook"
    admin_credentials = PageLever.admin_credentials
    is_reversible = PageLever.is_reversible
    watch_seconds = 120.0
    """Meta lets an app make 4,800 calls for a page in 24 hours, times the people who engaged with it in them (rate limiting,
    Business Use Case), and a small page may have one: 720 looks a day are 15 % of that, and publishing must come through. The
    ``feed`` webhook is quicker; this finds what it did not bring."""
    keeps_unscheduled = False

    def __init__(self, setup: ChannelSetup) -> None:
        self.capabilities = Capabilities(
            limit=Limit(Unit.CHARACTERS, MOST_CHARACTERS),
            credentials=("page_token",),
            edit=True,
            follow_ups=FOLLOW_UPS,
            withdraw=True,
            receipts=True,
            reconcile=True,
            call_seconds=setup.call_seconds,
            look_seconds=(10.0, 30.0, 120.0, 600.0),
        )
        self._graph = Graph(setup, concurrency=self.capabilities.concurrency)
        self._comments = Comments(self._graph)
        self._app_id = setup.facebook_app_id
        self._lever = PageLever(setup)
        self._watch = PageWatch(self._graph, setup.facebook_app_id)
        self._app_secret = setup.facebook_app_secret
        self._verify_token = setup.facebook_verify_token

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:
        fields, link = {"message": outgoing.text}, _first_post(outgoing)
        path = f"{page_of(account)}/feed"
        try:
            answer = await self._graph.ask(token_of(account), "POST", path, fields | ({"link": link} if link else {}))
        except Rejected as error:
            if link is None or error.code != LINK_UNREADABLE:
                raise
            answer = await self._graph.ask(token_of(account), "POST", path, fields)
        reference = answer.get("id")
        if not is_id(reference):
            raise OutcomeUnknown("Facebook answered 200 but gave no id of a post; read the page before trying again.")
        return replace(_receipt(reference, outgoing.key), usage=answer.usage)

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:
        """Replace the text, and say under the post that it was replaced, once."""
        token = token_of(account)
        try:
            answer = await self._graph.ask(token, "POST", post_id(reference), {"message": outgoing.text})
        except Gone:
            raise
        except Rejected as error:
            if not await self._is_anothers(token, reference):
                raise
            raise Gone(
                f"The post was not made by our app, and so Facebook lets us change nothing of it. {error.reason}",
                code=error.code,
            ) from None
        if answer.get("success") is not True and answer.get("id") != reference:
            raise OutcomeUnknown("Facebook answered 200 but did not confirm the edit; read the post back.")
        note = None
        if _comments(outgoing):
            note = await self._comments.add(token, page_of(account), reference, comment_on(outgoing))
        return replace(_receipt(reference, outgoing.key), note=note, usage=answer.usage)

    async def withdraw(self, account: AccountRef, reference: str) -> None:
        try:
            answer = await self._graph.ask(token_of(account), "DELETE", post_id(reference))
        except Gone:
            return
        if answer.get("success") is not True:
            raise OutcomeUnknown("Facebook answered 200 but did not confirm the deletion; read the post back.")

    async def read_back(self, account: AccountRef, reference: str) -> Finding:
        """Raises :class:`Misconfigured` or :class:`Rejected` where a person must act; else trouble is CANNOT_TELL."""
        try:
            post = await self._graph.ask(token_of(account), "GET", post_id(reference), {"fields": FIELDS})
        except Gone:
            return Finding(Found.NO, reference)
        except (Unavailable, Throttled, OutcomeUnknown) as error:
            log.warning("Facebook: could not read %s back: %s", reference, error.reason)
            return Finding(Found.CANNOT_TELL, reference)
        if post.get("id") != reference:
            return Finding(Found.CANNOT_TELL, reference)
        return _found(post, Found.NO if post.get("is_published") is False else Found.YES)

    async def look(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Sighting:
        """By id, with the page's token: what is published, with this text, is what the public sees."""
        try:
            post = await self._graph.ask(token_of(account), "GET", post_id(reference), {"fields": FIELDS})
        except Gone:
            return Sighting(Found.NO, "Facebook has no such post any more.")
        if post.get("id") != reference:
            return Sighting(Found.CANNOT_TELL, "Facebook answered with something else than the post.")
        if post.get("is_published") is False:
            return Sighting(Found.NO, "Facebook has the post, and has not published it.")
        if _text(post.get("message")) != _text(outgoing.text):
            return Sighting(Found.NO, "The post is there with another text.")
        return Sighting(Found.YES)

    async def reconcile(self, account: AccountRef, outgoing: Outgoing, since: datetime) -> Finding:
        """Look through what the page published since the attempt for this whole text.

        NO only after every such post was read. The same text from another app is CANNOT_TELL: somebody put it out by
        hand, and a person must decide. Raises as :meth:`read_back`.
        """
        if outgoing.edits is not None:
            return await self._reconcile_edit(account, outgoing.edits, outgoing)
        start = since.astimezone(UTC) - ATTEMPT_MARGIN
        asked = {"fields": FIELDS, "since": str(int(start.timestamp())), "limit": str(PAGE_OF_POSTS)}
        path = f"{page_of(account)}/published_posts"
        try:
            for _ in range(MOST_PAGES):
                listing = await self._graph.ask(token_of(account), "GET", path, asked)
                posts, after = listed(listing), next_page(listing)
                for post in posts:
                    if _text(post.get("message")) == _text(outgoing.text) and not _before(post, start):
                        return _found(post, Found.YES if self._is_ours(post) else Found.CANNOT_TELL)
                if after is None:
                    return Finding(Found.NO)
                asked |= {"after": after}
        except (Unavailable, Throttled, OutcomeUnknown) as error:
            log.warning("Facebook: could not look for delivery %s: %s", outgoing.key, error.reason)
        return Finding(Found.CANNOT_TELL)

    def parse_receipts(self, callback: Callback) -> Sequence[Receipt]:
        """Posts that Meta's ``feed`` webhook says are live."""
        return read_webhook(callback, self._app_secret)

    def parse_rings(self, callback: Callback) -> Sequence[str]:
        return read_rings(callback, self._app_secret)

    def answer_challenge(self, query: Mapping[str, str]) -> str:
        return answer_challenge(query, self._verify_token)

    async def inspect(self, account: AccountRef) -> Access:
        return await self._lever.inspect(account)

    async def revoke(self, account: AccountRef, access: Access) -> None:
        await self._lever.revoke(account, access)

    async def restore(self, account: AccountRef, access: Access) -> None:
        await self._lever.restore(account, access)

    async def list_posted(self, account: AccountRef, within_seconds: float) -> Sequence[Posted]:
        return await self._watch.list_posted(account, within_seconds)

    async def list_planned(self, account: AccountRef) -> Sequence[Planned]:
        return await self._watch.list_planned(account)

    async def unschedule(self, account: AccountRef, planned: Planned) -> None:
        await self._watch.unschedule(account, planned)

    async def close(self) -> None:
        self._graph.close()
        self._lever.close()

    async def _reconcile_edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Finding:
        token = token_of(account)
        try:
            post = await self._graph.ask(token, "GET", post_id(reference), {"fields": FIELDS})
            if post.get("id") != reference:
                return Finding(Found.CANNOT_TELL, reference)
            if not self._is_ours(post):
                return Finding(Found.NO)
            done = _text(post.get("message")) == _text(outgoing.text)
            if done and _comments(outgoing):
                done = await self._comments.has(token, page_of(account), reference, comment_on(outgoing))
        except Gone:
            return Finding(Found.NO)
        except (Unavailable, Throttled, OutcomeUnknown) as error:
            log.warning("Facebook: could not look for the edit %s of %s: %s", outgoing.key, reference, error.reason)
            return Finding(Found.CANNOT_TELL, reference)
        return replace(_found(post, Found.YES if done else Found.NO), in_place=not done)

    async def _is_anothers(self, token: str, reference: str) -> bool:
        """Whether the post can be read, and names another app than ours."""
        try:
            return not self._is_ours(await self._graph.ask(token, "GET", reference, {"fields": FIELDS}))
        except ChannelError:
            return False

    def _is_ours(self, post: Mapping[str, Any]) -> bool:
        application = post.get("application")
        named = application.get("id") if isinstance(application, dict) else None
        return not self._app_id or named is None or named == self._app_id


def build(setup: ChannelSetup) -> Facebook:
    """The Facebook channel of one mode."""
    return Facebook(setup)


def _comments(outgoing: Outgoing) -> bool:
    return FOLLOW_UPS.get(outgoing.kind) is FollowUp.EDIT_AND_COMMENT


def _first_post(outgoing: Outgoing) -> str | None:
    """Where the oldest post of this message is, to be attached to what follows it."""
    return next((earlier.url for earlier in reversed(outgoing.earlier) if earlier.url), None)


def _receipt(reference: str, key: str) -> Receipt:
    return Receipt(reference, ReceiptStatus.ACCEPTED, key=key, url=post_url(reference), raw={"id": reference})


def _found(post: Mapping[str, Any], found: Found) -> Finding:
    reference = str(post["id"])
    link, message = post.get("permalink_url"), post.get("message")
    url = link if isinstance(link, str) and link.startswith("https://") else post_url(reference)
    return Finding(found, reference, url, message if isinstance(message, str) else None)


def _before(post: Mapping[str, Any], start: datetime) -> bool:
    created = post.get("created_time")
    try:
        return datetime.fromisoformat(created).astimezone(UTC) < start if isinstance(created, str) else False
    except ValueError:
        return False


def _text(value: Any) -> str:
    """For comparing: Facebook trims the ends, may end lines otherwise and may compose letters otherwise."""
    whole = unicodedata.normalize("NFC", str(value or "")).strip()
    return "\n".join(line.rstrip() for line in whole.splitlines())
