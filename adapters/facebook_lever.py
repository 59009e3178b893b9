"""Facebook's lever: who can publish on a page, and the tasks that are taken from them and given back.

A page that a business portfolio owns has *assigned users*: people and system users of that portfolio, each with tasks
(developers.facebook.com, business asset management, assigned_users). They are what the lever moves. People who were given
access to the page directly are listed under ``/roles``, and no interface of Meta's takes it from them: they are named, with
``is_removable`` false, and somebody calls them. Move them under the portfolio before the next crisis.

This service is left alone: the system user behind ``admin_token``, and those in ``publisher``, whom the page token belongs to.
Nothing is changed on a page where there is no such user: named wrongly, the lever would take our own right to publish.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.facebook_page import is_id, listed, page_of, pages, token_of
from adapters.graph import Graph
from crisis.channel_access import Access, Right
from crisis.channels import AccountRef, ChannelError, ChannelSetup, Gone, Misconfigured, OutcomeUnknown, Rejected

CONCURRENCY = 64
"""Calls at once, over all pages. Most of a call is waiting: a thousand pages, of five calls each, are done within a minute where
an answer takes a third of a second."""
IN_PAGE = 100
MOST_PAGES = 10
READING_TASKS = frozenset(
    {"ANALYZE", "MESSAGING", "VIEW_MONETIZATION_INSIGHTS", "PROFILE_PLUS_ANALYZE", "PROFILE_PLUS_MESSAGING",
     "PROFILE_PLUS_REVENUE"}
)  # fmt: skip
"""Tasks that let nobody see anything new on the page. A task that is not known here counts as one that publishes."""


@dataclass(frozen=True, slots=True)
class _Office:
    """A portfolio's administrator, and the page."""

    page: str
    business: str
    token: str
    publishers: frozenset[str]


class PageLever:
    """The :class:`~crisis.channel_access.Lever` of every page. Connections and threads apart from those that publish."""

    admin_credentials = ("business_id", "admin_token", "publisher")
    """The portfolio's id; a token of an admin system user of it (``pages_manage_metadata``, ``business_management``, and the task
    MANAGE on the page); and the id of the system user that publishes, or ids with commas between."""
    is_reversible = True

    def __init__(self, setup: ChannelSetup) -> None:
        self._graph = Graph(setup, concurrency=CONCURRENCY)
        self._own: dict[str, str] = {}  # who is behind a token: asked once
        self._page_tokens: dict[tuple[str, str], str] = {}

    async def inspect(self, account: AccountRef) -> Access:
        office = _office(account)
        own, assigned, roles = await asyncio.gather(
            self._own_id(office.token), self._assigned(office), self._roles(office)
        )
        known = {str(each["id"]) for each in (*assigned, *roles)} | {own}
        if not office.publishers <= known:
            raise Misconfigured(
                f"The page has no user {', '.join(sorted(office.publishers - known))}, as the administrator's credentials name our "
                "publishing user. Name it right (publisher), or the lever would take our own right to publish."
            )
        spared = office.publishers | {own}
        kept = [str(each.get("name") or each["id"]) for each in assigned if each["id"] in spared]
        rights = [_right(each, is_removable=True) for each in assigned if each["id"] not in spared]
        listed_above = {str(each["id"]) for each in assigned} | spared
        rights += [_right(each, is_removable=False) for each in roles if each["id"] not in listed_above]
        return Access(tuple(rights), {"left alone": ", ".join(kept)} if kept else {})

    async def revoke(self, account: AccountRef, access: Access) -> None:
        office = _office(account)
        if taken := _moved(access):
            spared = office.publishers | {await self._own_id(office.token)}
            taken = [each for each in taken if each.id not in spared]
        outcomes = await asyncio.gather(*(self._remove(office, each) for each in taken), return_exceptions=True)
        errors = [each for each in outcomes if isinstance(each, BaseException)]
        refused = [each for each in errors if isinstance(each, Rejected) and not isinstance(each, Gone)]
        if errors and len(refused) == len(errors):  # Graph may refuse to remove one who is removed already
            there = {str(each["id"]) for each in await self._assigned(office)}
            if there.isdisjoint(each.id for each in taken):
                return
        _raise_first(errors)

    async def restore(self, account: AccountRef, access: Access) -> None:
        office = _office(account)
        outcomes = await asyncio.gather(
            *(self._assign(office, each) for each in _moved(access)), return_exceptions=True
        )
        _raise_first([each for each in outcomes if isinstance(each, BaseException)])

    def close(self) -> None:
        """Release threads and connections."""
        self._graph.close()

    async def _remove(self, office: _Office, right: Right) -> None:
        answer = await self._graph.ask(office.token, "DELETE", f"{office.page}/assigned_users", {"user": right.id})
        _confirmed(answer)

    async def _assign(self, office: _Office, right: Right) -> None:
        tasks = json.dumps(list(right.rights))
        path = f"{office.page}/assigned_users"
        _confirmed(await self._graph.ask(office.token, "POST", path, {"user": right.id, "tasks": tasks}))

    async def _assigned(self, office: _Office) -> list[Mapping[str, Any]]:
        fields = {"business": office.business, "fields": "id,name,tasks", "limit": str(IN_PAGE)}
        return await self._whole(office.token, f"{office.page}/assigned_users", fields)

    async def _roles(self, office: _Office) -> list[Mapping[str, Any]]:
        """Asked with the page's own token, which the administrator's gives us."""
        fields = {"fields": "id,name,role,tasks", "limit": str(IN_PAGE)}
        which = (office.page, office.token)
        if which not in self._page_tokens:
            page = await self._graph.ask(office.token, "GET", office.page, {"fields": "id,access_token"})
            token = page.get("access_token")
            if not isinstance(token, str) or not token:
                raise Misconfigured(
                    "The administrator's token gives no token of this page, so nobody can be asked who has direct access to it. "
                    "Give its system user the task MANAGE on the page."
                )
            self._page_tokens[which] = token
        try:
            return await self._whole(self._page_tokens[which], f"{office.page}/roles", fields)
        except Misconfigured:
            del self._page_tokens[which]
            raise

    async def _whole(self, token: str, path: str, fields: Mapping[str, str]) -> list[Mapping[str, Any]]:
        return [
            each async for answer in pages(self._graph, token, path, fields, most=MOST_PAGES) for each in listed(answer)
        ]

    async def _own_id(self, token: str) -> str:
        if token not in self._own:
            me = (await self._graph.ask(token, "GET", "me", {"fields": "id"})).get("id")
            if not is_id(me):
                raise OutcomeUnknown(
                    "Facebook does not say who is behind the administrator's token. Nothing was changed."
                )
            self._own[token] = str(me)
        return self._own[token]


def _office(account: AccountRef) -> _Office:
    business = account.credentials.get("business_id", "").strip()
    if not is_id(business):
        raise Misconfigured(
            f"The Facebook account {account.name!r} has no business id among its administrator's credentials. Nothing was changed."
        )
    given = account.credentials.get("publisher", "").split(",")
    publishers = frozenset(each.strip() for each in given if each.strip())
    if not publishers or not all(is_id(each) for each in publishers):
        raise Misconfigured(
            f"The Facebook account {account.name!r} does not say which system user publishes for us (publisher). "
            "Nothing was changed."
        )
    return _Office(page_of(account), business, token_of(account, "admin_token"), publishers)


def _right(person: Mapping[str, Any], *, is_removable: bool) -> Right:
    tasks = person.get("tasks")
    held = [str(each) for each in tasks] if isinstance(tasks, list) else []
    if not held and person.get("role"):
        held = [str(person["role"])]
    publishes = not held or not READING_TASKS.issuperset(held)
    return Right(str(person["id"]), str(person.get("name") or person["id"]), tuple(held), publishes, is_removable)


def _moved(access: Access) -> list[Right]:
    """Those whom the lever takes from, and gives back to."""
    return [each for each in access.open_to if each.is_removable]


def _confirmed(answer: Mapping[str, Any]) -> None:
    if answer.get("success") is not True:
        raise OutcomeUnknown("Facebook answered 200 but did not confirm the change of access; read it back.")


def _raise_first(errors: Sequence[BaseException]) -> None:
    """What went wrong, once everyone has been seen to: what is no error of the port's first, then what is not known."""
    for kind in (BaseException, OutcomeUnknown, ChannelError):
        for error in errors:
            if isinstance(error, kind) and (kind is not BaseException or not isinstance(error, ChannelError)):
                raise error
