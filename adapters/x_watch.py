"""What an account on X has posted, whoever posted it: its own timeline. Which tool was used, X says unreliably, so it is not read."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import tweepy

from adapters.platform_time import age, date_of, moment_in
from adapters.x_api import XApi
from adapters.x_post import expanded, listed, post_url, user_of
from crisis.channel_watch import Posted
from crisis.channels import AccountRef, Gone, OutcomeUnknown

IN_PAGE = 100
MOST_PAGES = 8
CLOCKS_APART_SECONDS = 900
"""How much further back than asked is looked, since ``start_time`` is by X's clock and ours may be wrong."""


async def posted_by(x: XApi, account: AccountRef, within_seconds: float) -> Sequence[Posted]:
    """The account's posts, the newest first. Every post it returns is paid for, so ask for no longer than is needed.

    Raises :class:`Gone` for a user who is not there, and :class:`OutcomeUnknown` when there are more posts in the time than
    :data:`IN_PAGE` times :data:`MOST_PAGES`.
    """
    start = datetime.fromtimestamp(time.time() - within_seconds - CLOCKS_APART_SECONDS, UTC)
    asked: dict[str, Any] = {
        "id": user_of(account),
        "start_time": start.replace(microsecond=0),
        "max_results": IN_PAGE,
        "tweet_fields": ["created_at", "entities"],
        "user_auth": True,
    }
    found = list[Posted]()
    for _ in range(MOST_PAGES):
        answer = await x.ask(account, partial(tweepy.Client.get_users_tweets, **asked))
        if answer.is_not_found:
            raise Gone(f"X has no such user any more. {answer.said}".strip())
        now = date_of(answer.headers, "X")
        for post in listed(answer):
            reference, made = str(post["id"]), moment_in(post.get("created_at"), "X")
            found.append(Posted(reference, age(now, made), expanded(post), post_url(reference)))
        following = answer.body["meta"].get("next_token")
        if following is None:
            return sorted(found, key=lambda each: each.age_seconds)
        asked["pagination_token"] = following
    raise OutcomeUnknown(f"The account has posted more than {IN_PAGE * MOST_PAGES} times in the time asked for.")
