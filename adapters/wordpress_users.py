"""WordPress's lever: the users of a site who can publish, and the role that is taken from them and given back.

The right to publish comes with a user's *role*. The lever makes everyone who can publish a ``subscriber``, who can log in and read,
and nothing else: in wp-admin, in its apps and by an application password alike, from the next request on. It gives back exactly the
roles there were, in their order. What cannot be taken so is named and left (``is_removable`` false): a capability that a
plug-in has given to the user itself, beside the roles; no interface of WordPress's own takes it away.

**Application passwords are counted and never deleted.** Deleting one cannot be undone: its owner would have to make a new one and
set it up again wherever it was in use. And it gives nothing that the role does not: a subscriber's is worth nothing here.

Two users are left alone, and named among the facts: the administrator whom we ask as, and **our own publishing user, whom the
administrator's credentials name** (``publisher``). WordPress is not asked who that is, for the lever never sees the publishing
password. A publisher that is no user of the site stops the lever before anything is changed: it would lock us out.

In a network of sites (multisite) a site's own administrator is not shown the users' rights. That is said, and nothing is done;
the network's administrator can pull it. Network administrators who are no users of the site are not listed by it, and keep their rights.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.rest_refusal import NO_SUCH_USER
from adapters.site import ADMIN_PASSWORD, ADMIN_USERNAME, Site
from adapters.wordpress_rest import Rest
from crisis.channel_access import Access, Right
from crisis.channels import AccountRef, ChannelError, Gone, Misconfigured, OutcomeUnknown, Rejected, Throttled

USERS = "/wp/v2/users"
POWERLESS = "subscriber"
ADMIN_CREDENTIALS = (ADMIN_USERNAME, ADMIN_PASSWORD, "publisher")
_PUBLISHING = ("publish_", "edit_published_", "delete_published_")
"""How the capabilities begin that change what the public reads, those of a plug-in's own kinds of post too."""
_REACHING = frozenset({"promote_users", "edit_users", "create_users", "edit_theme_options", "manage_options"})
"""Capabilities that give themselves the others, or change every page at once."""
_FIELDS = "id,username,name,slug,email,roles,capabilities,extra_capabilities"
_AT_ONCE = 8  # changes at one site; a small host has few workers
_MOST_COUNTED = 40  # users whose application passwords are counted
_IN_DOUBT = "It may be done. It is read back."
_FIRST = (OutcomeUnknown, Throttled, Misconfigured, Rejected)
"""Which of several errors says what to do next: what may go by itself is tried again before a person is called."""


class Users:
    """The users of all sites of one mode, through each site's administrator."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def inspect(self, account: AccountRef) -> Access:
        """See :meth:`crisis.channel_access.Lever.inspect`."""
        site, publisher = _office(account)
        own, users = await asyncio.gather(
            self._rest.own_id(site),
            self._rest.read_all(site, USERS, {"context": "edit", "orderby": "id", "order": "asc", "_fields": _FIELDS}),
        )
        ours = [user for user in users if publisher in _names(user)]
        if not ours:
            raise Misconfigured(
                f"No user of the site is called {publisher!r}, as the administrator's credentials name our publishing user. "
                "Name it right (publisher), or the lever would take our own right to publish."
            )
        left = [user for user in users if user["id"] == own or user in ours]
        rights = [_right(user) for user in users if user not in left and _powers(user.get("capabilities"))]
        facts = {"left alone": ", ".join(f"{_name(user)}: {', '.join(_roles(user))}" for user in left)}
        if rights:
            facts["application passwords"] = await self._passwords(site, rights)
        return Access(tuple(rights), facts)

    async def revoke(self, account: AccountRef, access: Access) -> None:
        """See :meth:`crisis.channel_access.Lever.revoke`. A user who was deleted has nothing left to take."""
        site, _ = _office(account)
        failed = await self._give(site, [(each, (POWERLESS,)) for each in _movable(access)])
        _raise(
            [(right, error) for right, error in failed if not isinstance(error, Gone)],
            "Not everyone could be kept from publishing.",
        )

    async def restore(self, account: AccountRef, access: Access) -> None:
        """See :meth:`crisis.channel_access.Lever.restore`. Everyone is given theirs, also where one of them fails.

        Raises :class:`Rejected`, and not :class:`Gone`, when a user was deleted meanwhile: the site is there, and a person
        decides whether the user is made again.
        """
        site, _ = _office(account)
        failed = await self._give(site, [(each, each.rights) for each in _movable(access)])
        _raise([(right, _deleted(error)) for right, error in failed], "Not everyone got back what they had.")

    async def _give(
        self, site: Site, changes: Sequence[tuple[Right, Sequence[str]]]
    ) -> list[tuple[Right, ChannelError]]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def give(right: Right, roles: Sequence[str]) -> ChannelError | None:
            route, body = f"{USERS}/{right.id}", {"roles": list(roles)}
            async with gate:
                try:
                    said = await self._rest.reach(site, "POST", route, body=body, in_doubt=_IN_DOUBT)
                except ChannelError as error:
                    return error
            if not isinstance(said.content, dict) or str(said.content.get("id")) != right.id:
                return OutcomeUnknown("WordPress answered something that is no user. It is read back.")
            return None

        outcomes = await asyncio.gather(*(give(right, roles) for right, roles in changes))
        for error in outcomes:
            if isinstance(error, Gone) and error.code != NO_SUCH_USER:
                raise error
        return [(right, error) for (right, _), error in zip(changes, outcomes, strict=True) if error is not None]

    async def _passwords(self, site: Site, rights: Sequence[Right]) -> str:
        """How many each has. It is evidence and changes nothing, so a site that does not tell stops nothing."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def count(right: Right) -> int | None:
            async with gate:
                try:
                    route = f"{USERS}/{right.id}/application-passwords"
                    return len((await self._rest.read(site, route, {"_fields": "uuid"})).content)
                except ChannelError:
                    return None

        asked = rights[:_MOST_COUNTED]
        counts = await asyncio.gather(*map(count, asked))
        told = [
            f"{right.name}: {'?' if held is None else held}"
            for right, held in zip(asked, counts, strict=True)
            if held != 0
        ]
        return ", ".join([*told, *(["..."] if len(rights) > len(asked) else [])]) or "0"


def _office(account: AccountRef) -> tuple[Site, str]:
    site, publisher = Site(account, is_admin=True), account.credentials.get("publisher", "").strip()
    if not publisher:
        raise Misconfigured(
            f"The administrator's credentials of the account {account.name} do not name our own publishing user (publisher). "
            "Nothing was changed."
        )
    return site, publisher.casefold()


def _movable(access: Access) -> list[Right]:
    return [each for each in access.open_to if each.is_removable]


def _right(user: Mapping[str, Any]) -> Right:
    roles = _roles(user)
    given = user.get("extra_capabilities")
    own = {name: held for name, held in given.items() if name not in roles} if isinstance(given, dict) else {}
    return Right(str(user["id"]), _name(user), roles, is_removable=bool(roles) and not _powers(own))


def _powers(capabilities: Any) -> list[str]:
    """Which of them let a user change what the public reads."""
    held = capabilities.items() if isinstance(capabilities, dict) else ()
    return [name for name, given in held if given and (name.startswith(_PUBLISHING) or name in _REACHING)]


def _roles(user: Mapping[str, Any]) -> tuple[str, ...]:
    roles = user.get("roles")
    return tuple(map(str, roles)) if isinstance(roles, list) else ()


def _names(user: Mapping[str, Any]) -> set[str]:
    """What a user can log in as."""
    return {str(user.get(name) or "").casefold() for name in ("username", "email")} - {""}


def _name(user: Mapping[str, Any]) -> str:
    name, login = str(user.get("name") or ""), str(user.get("username") or user["id"])
    return f"{name} ({login})" if name and name != login else login


def _deleted(error: ChannelError) -> ChannelError:
    return Rejected("The user is not at the site any more.", code=error.code) if isinstance(error, Gone) else error


def _raise(failed: Sequence[tuple[Right, ChannelError]], what: str) -> None:
    """One error for all that failed, naming them; of the kind that says what to do next."""
    if not failed:
        return
    ranked = sorted(
        failed, key=lambda each: next((n for n, kind in enumerate(_FIRST) if isinstance(each[1], kind)), -1)
    )
    first = ranked[0][1]
    reasons = " ".join(f"{right.name}: {error.reason}" for right, error in ranked)
    raised = type(first)(f"{what} {reasons}", code=first.code)
    if isinstance(first, Throttled) and isinstance(raised, Throttled):
        raised.retry_after = first.retry_after
    raise raised
