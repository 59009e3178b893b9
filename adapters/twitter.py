"""X (Twitter): what :mod:`adapters.x_api` can ask, as a channel."""

import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NoReturn

import tweepy

from adapters.x_api import XApi
from adapters.x_lever import TokenLever
from adapters.x_post import expanded, is_id, listed, post_id, post_url, user_of
from adapters.x_watch import posted_by
from crisis.channel_access import Access
from crisis.channel_watch import Posted
from crisis.channels import (
    AccountRef,
    Callback,
    Capabilities,
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
    Sighting,
    Throttled,
    Unavailable,
    Unit,
    Unsupported,
)

log = logging.getLogger(__name__)

MOST_WEIGHTED = 280
ATTEMPT_MARGIN = timedelta(seconds=2)
"""X gives times in whole seconds or thousandths, and its clock is not ours."""
PAGE_OF_POSTS = 100
MOST_PAGES = 4
FIELDS = ["created_at", "entities"]
RATE_HEADERS = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")


class Twitter:
    """One X account per account: ``address`` is its numeric user id.

    ``credentials`` are ``access_token`` and ``access_token_secret``; the app's consumer key and secret are settings.
    Its administrator's credentials are those of :class:`~adapters.x_lever.TokenLever`.
    """

    name = "twitter"
    admin_credentials = TokenLever.admin_credentials
    is_reversible = TokenLever.is_reversible
    watch_seconds = 120.0
    """X allows 900 looks at a timeline in 15 minutes; what binds is the price. Each post that a look returns costs USD 0.001 (own
    posts, 2026), and a look returns all of the time it is asked for: ten posts in a lock of a day come to USD 7 at most.
    """

    def __init__(self, setup: ChannelSetup) -> None:
        self.capabilities = Capabilities(
            limit=Limit(Unit.WEIGHTED, MOST_WEIGHTED),
            credentials=("access_token", "access_token_secret"),
            short=True,
            # By its words: a reply would hide it from the timeline, and an edit needs X Premium and the first hour.
            follow_ups=dict.fromkeys(("correction", "retraction"), FollowUp.NEW_WITH_REFERENCE),
            withdraw=True,
            reconcile=True,
            call_seconds=setup.call_seconds,
            look_seconds=(10.0, 120.0),  # every post read is paid for
        )
        self._x = XApi(setup, concurrency=self.capabilities.concurrency)
        self._lever = TokenLever(setup)

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:
        answer = await self._x.ask(account, lambda x: x.create_tweet(text=outgoing.text, user_auth=True))
        reference = answer.data.get("id")
        if not is_id(reference):
            raise OutcomeUnknown(f"X answered with success but no id of a post; read the account first. {answer.said}")
        raw = {name: answer.headers[name] for name in RATE_HEADERS if name in answer.headers}
        return Receipt(
            reference,
            ReceiptStatus.ACCEPTED,
            key=outgoing.key,
            url=post_url(reference),
            raw={"id": reference} | raw,
            usage=answer.usage,
        )

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:  # noqa: ARG002 - the port's
        _unsupported("edit a post: publish a correction")

    async def withdraw(self, account: AccountRef, reference: str) -> None:
        try:
            answer = await self._x.ask(account, lambda x: x.delete_tweet(post_id(reference), user_auth=True))
        except Gone:
            return
        if answer.data.get("deleted") is not True and not answer.is_not_found:
            raise OutcomeUnknown(f"X did not confirm the deletion; read the post back. {answer.said}")

    async def read_back(self, account: AccountRef, reference: str) -> Finding:
        """Raises :class:`Misconfigured` or :class:`Rejected` where a person must act; else trouble is CANNOT_TELL."""
        try:
            answer = await self._x.ask(
                account, lambda x: x.get_tweet(post_id(reference), user_auth=True, tweet_fields=FIELDS)
            )
        except Gone:
            return Finding(Found.NO, reference)
        except (Unavailable, Throttled, OutcomeUnknown) as error:
            log.warning("X: could not read %s back: %s", reference, error.reason)
            return Finding(Found.CANNOT_TELL, reference)
        post = answer.data
        if post.get("id") == reference:
            return _found(post)
        return Finding(Found.NO if answer.is_not_found else Found.CANNOT_TELL, reference)

    async def look(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Sighting:
        """By id; the text is compared with its links expanded."""
        try:
            answer = await self._x.ask(
                account, lambda x: x.get_tweet(post_id(reference), user_auth=True, tweet_fields=FIELDS)
            )
        except Gone:
            return Sighting(Found.NO, "X has no such post any more.")
        post = answer.data
        if post.get("id") != reference:
            if answer.is_not_found:
                return Sighting(Found.NO, "X has no such post any more.")
            return Sighting(Found.CANNOT_TELL, f"X answered with something else than the post. {answer.said}".strip())
        if _comparable(outgoing.text) not in _readings(post):
            return Sighting(Found.NO, "The post is there with another text.")
        return Sighting(Found.YES)

    async def reconcile(self, account: AccountRef, outgoing: Outgoing, since: datetime) -> Finding:
        """Look through the account's own posts since the attempt for this text, links expanded.

        NO only after every such post was read. Raises as :meth:`read_back`.
        """
        start = since.astimezone(UTC) - ATTEMPT_MARGIN
        asked: dict[str, Any] = {"start_time": start, "max_results": PAGE_OF_POSTS, "tweet_fields": FIELDS}
        user, sought = user_of(account), _comparable(outgoing.text)
        try:
            for _ in range(MOST_PAGES):
                call = partial(tweepy.Client.get_users_tweets, id=user, user_auth=True, **asked)
                answer = await self._x.ask(account, call)
                for post in listed(answer):
                    if sought in _readings(post) and not _before(post, start):
                        return _found(post)
                following = answer.body["meta"].get("next_token")
                if following is None:
                    return Finding(Found.NO)
                asked["pagination_token"] = following
        except (Unavailable, Throttled, OutcomeUnknown) as error:
            log.warning("X: could not look for delivery %s: %s", outgoing.key, error.reason)
        return Finding(Found.CANNOT_TELL)

    def parse_receipts(self, callback: Callback) -> Sequence[Receipt]:  # noqa: ARG002 - the port's
        _unsupported("report what became of a post")

    def answer_challenge(self, query: Mapping[str, str]) -> str:  # noqa: ARG002 - the port's
        _unsupported("subscribe to callbacks")

    async def inspect(self, account: AccountRef) -> Access:
        return await self._lever.inspect(account)

    async def revoke(self, account: AccountRef, access: Access) -> None:
        await self._lever.revoke(account, access)

    async def restore(self, account: AccountRef, access: Access) -> None:
        await self._lever.restore(account, access)

    async def list_posted(self, account: AccountRef, within_seconds: float) -> Sequence[Posted]:
        return await posted_by(self._x, account, within_seconds)

    async def close(self) -> None:
        self._x.close()
        self._lever.close()


def build(setup: ChannelSetup) -> Twitter:
    """The X channel of one mode."""
    return Twitter(setup)


def _found(post: Mapping[str, Any]) -> Finding:
    reference = str(post["id"])
    return Finding(Found.YES, reference, post_url(reference), expanded(post))


def _readings(post: Mapping[str, Any]) -> set[str]:
    """What may have been posted for this to come back: X escapes ``&``, ``<`` and ``>``, not every stand-in does."""
    plain = {**post, "text": str(post.get("text", "")).replace("&", "&amp;")}
    return {_comparable(expanded(post)), _comparable(expanded(plain))}


def _comparable(text: str) -> str:
    """A bare ``kommune.no`` comes back as ``http://kommune.no``: schemes and final slashes are not compared."""
    bare = re.sub(r"https?://", "", unicodedata.normalize("NFC", text))
    return re.sub(r"/(?=\s|$)", "", bare).strip()


def _before(post: Mapping[str, Any], start: datetime) -> bool:
    created = post.get("created_at")
    try:
        return datetime.fromisoformat(created).astimezone(UTC) < start if isinstance(created, str) else False
    except ValueError:
        return False


def _unsupported(what: str) -> NoReturn:
    raise Unsupported(f"X cannot {what}. This should not have been asked of it.")
