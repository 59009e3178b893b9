"""Posts on X: their ids and addresses, and what their text stands for."""

import html
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from adapters.x_api import XAnswer
from crisis.channels import AccountRef, Misconfigured, OutcomeUnknown

_ID = re.compile(r"[0-9]{1,19}")


def is_id(value: object) -> TypeGuard[str]:
    """Whether this can be an id of X's."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def user_of(account: AccountRef) -> str:
    """The account's user id. Raises :class:`Misconfigured` without one."""
    if not account.address or not is_id(account.address):
        raise Misconfigured(f"The X account {account.name!r} has no numeric user id as its address. Nothing was sent.")
    return account.address


def post_id(reference: str) -> str:
    """A post's id. Raises :class:`Misconfigured` for what cannot be one."""
    if not is_id(reference):
        raise Misconfigured(f"{reference!r} is not the id of a post on X. Nothing was sent.")
    return reference


def post_url(reference: str) -> str:
    """Where the public sees a post."""
    return f"https://x.com/i/web/status/{reference}"


def listed(answer: XAnswer) -> list[Mapping[str, Any]]:
    """What a list of X's holds. Raises :class:`OutcomeUnknown` unless it is whole and in its documented form."""
    posts = answer.body.get("data", [])
    proper = isinstance(posts, list) and all(isinstance(post, dict) and post.get("id") for post in posts)
    if not proper or not isinstance(answer.body.get("meta"), dict) or answer.body.get("errors"):
        raise OutcomeUnknown(f"X's list of posts is not whole or not in its documented form. {answer.said}")
    return list(posts)


def expanded(post: Mapping[str, Any]) -> str:
    """The text with every t.co link replaced by the one that was posted, and ``&amp;`` by ``&``."""
    text = html.unescape(str(post.get("text", "")))
    entities = post.get("entities")
    links = entities.get("urls") if isinstance(entities, dict) else None
    for link in links if isinstance(links, list) else ():
        if not isinstance(link, dict) or not link.get("url"):
            continue
        text = text.replace(str(link.get("url")), str(link.get("expanded_url") or link.get("url")))
    return text
