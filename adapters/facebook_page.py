"""A Facebook page as Graph shows it: its id and token as an account has them, and its lists of posts, read page by page."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeGuard

from adapters.graph import Graph, GraphAnswer
from crisis.channels import AccountRef, Misconfigured, OutcomeUnknown

_ID = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")


def is_id(value: object) -> TypeGuard[str]:
    """Whether this can be an id of Graph's, and so go into a path."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def page_of(account: AccountRef) -> str:
    """The page's id. Raises :class:`Misconfigured` without one."""
    if not account.address or not is_id(account.address):
        raise Misconfigured(f"The Facebook account {account.name!r} has no page id as its address. Nothing was sent.")
    return account.address


def token_of(account: AccountRef, name: str = "page_token") -> str:
    """One of the account's tokens. Raises :class:`Misconfigured` without a usable one."""
    token = account.credentials.get(name, "")
    if not token.isascii() or not token.isprintable() or not token.strip():
        if name == "page_token":
            raise Misconfigured(f"The Facebook account {account.name!r} has no usable page token. Nothing was sent.")
        raise Misconfigured(
            f"The Facebook account {account.name!r} has no usable administrator's token. Nothing was changed."
        )
    return token.strip()


def post_id(reference: str) -> str:
    """A post's id. Raises :class:`Misconfigured` for what cannot be one."""
    if not is_id(reference):
        raise Misconfigured(f"{reference!r} is not the id of a Facebook post. Nothing was sent.")
    return reference


def listed(listing: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a list of Graph's holds. Raises :class:`OutcomeUnknown` unless it is in its documented form."""
    found = listing.get("data")
    if not isinstance(found, list) or not all(isinstance(each, dict) and each.get("id") for each in found):
        raise OutcomeUnknown("Facebook's list is not in the form it documents, so it proves nothing.")
    return found


def next_page(listing: Mapping[str, Any]) -> str | None:
    """The cursor of the next page. ``paging.next`` itself is not followed: it carries the token in its URL."""
    paging = listing.get("paging") or {}
    try:
        return str(paging["cursors"]["after"]) if paging.get("next") else None
    except (KeyError, TypeError, AttributeError):
        raise OutcomeUnknown("Facebook's list goes on, but it gave no cursor to go on from.") from None


async def pages(
    graph: Graph, token: str, path: str, fields: Mapping[str, str], *, most: int
) -> AsyncIterator[GraphAnswer]:
    """A list, answer by answer. Raises :class:`OutcomeUnknown` when it goes on after ``most`` of them."""
    asked = dict(fields)
    for _ in range(most):
        listing = await graph.ask(token, "GET", path, asked)
        yield listing
        after = next_page(listing)
        if after is None:
            return
        asked |= {"after": after}
    raise OutcomeUnknown(f"Facebook's list is longer than {most} pages and was not read to its end.")
