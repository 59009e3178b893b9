"""The users of every site, and ``/wp/v2/users``: roles, changed by administrators alone, and application passwords counted.

Whoever logs in is a user from then on, with any password, and with the role that the login begins with (``editor-kari``,
``admin``, ``subscriber-7``), or else as an author. Three are there from the beginning: ``admin``; ``sandbox``, an exercise's publishing
user; and ``redaktor``, the unit's editor.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from adapters.sandbox.wordpress_roles import ROLES, capabilities, role_of


class Given(BaseModel):
    """A user as a test or a drill puts one there (``/sandbox/rights/wordpress/<site>``)."""

    model_config = ConfigDict(extra="forbid")

    login: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@ -]{1,60}$")]
    name: str = ""
    roles: list[Annotated[str, Field(pattern=f"^({'|'.join(ROLES)})$")]]
    own: list[str] = []
    """Capabilities that are the user's own, as a plug-in gives them: no REST interface takes them away."""
    passwords: Annotated[int, Field(ge=0, le=20)] = 0


_GIVEN = TypeAdapter(list[Given])
_STAFF = (
    Given(login="admin", name="Administrator", roles=["administrator"]),
    Given(login="sandbox", name="Krisetjenesten", roles=["author"], passwords=1),
)
_EDITOR = Given(login="redaktor", name="Enhetens redaktør", roles=["editor"], passwords=1)


@dataclass(slots=True)
class User:
    """One user of one site."""

    id: int
    login: str
    name: str
    roles: list[str]
    own: list[str] = field(default_factory=list)
    passwords: list[dict[str, Any]] = field(default_factory=list)
    is_deleted: bool = False

    def may(self, capability: str) -> bool:
        """Whether a role of the user's, or the user, has it."""
        return capability in capabilities(self.roles, self.own)

    def show(self, *, edit: bool, fields: str | None = None) -> dict[str, Any]:
        """The user resource; what only those see who may list users in the context ``edit``."""
        shown: dict[str, Any] = {"id": self.id, "name": self.name, "slug": self.login.lower(), "link": "", "meta": []}
        if edit:
            shown |= {
                "username": self.login,
                "email": f"{self.login}@example.no",
                "roles": self.roles,
                "capabilities": capabilities(self.roles, self.own),
                "extra_capabilities": dict.fromkeys([*self.own, *self.roles], True),
            }
        names = None if fields is None else {name.strip() for name in fields.split(",")}
        return {name: value for name, value in shown.items() if names is None or name in names}


class Users:
    """Who is a user where."""

    def __init__(self) -> None:
        self._sites: dict[str, dict[int, User]] = {}

    def of(self, site: str) -> list[User]:
        """Those of a site, by id."""
        return sorted((user for user in self._at(site).values() if not user.is_deleted), key=lambda user: user.id)

    def one(self, site: str, number: int) -> User | None:
        """By id."""
        user = self._at(site).get(number)
        return None if user is None or user.is_deleted else user

    def log_in(self, site: str, login: str, name: str = "", roles: Sequence[str] = ()) -> User:
        """The user with this login, made now where there is none."""
        known = next((user for user in self._at(site).values() if user.login == login), None)
        return known or self.put(site, Given(login=login, name=name, roles=list(roles) or [role_of(login)]))

    def put(self, site: str, given: Given) -> User:
        """Let this be so. Only somebody who is new gets a new id."""
        held = self._at(site)
        number = next((user.id for user in held.values() if user.login == given.login), None) or _free(
            held, given.login
        )
        held[number] = User(number, given.login, given.name or given.login, list(given.roles), list(given.own))
        held[number].passwords = [_password(f"Program {count}") for count in range(1, given.passwords + 1)]
        return held[number]

    def put_all(self, site: str, given: Any) -> None:
        """Let exactly these be there, beside the administrator and the publishing user. Raises :class:`ValueError`."""
        people = _GIVEN.validate_python(given)
        self._sites[site] = {}
        for each in (*_STAFF, *people):
            self.put(site, each)

    def told(self, site: str) -> Iterator[dict[str, Any]]:
        """As they were given."""
        for user in self.of(site):
            yield Given(
                login=user.login, name=user.name, roles=user.roles, own=user.own, passwords=len(user.passwords)
            ).model_dump()

    def clear(self) -> None:
        """As it was in the beginning."""
        self._sites.clear()

    def _at(self, site: str) -> dict[int, User]:
        if site not in self._sites:
            self._sites[site] = {}
            for each in (*_STAFF, _EDITOR):
                self.put(site, each)
        return self._sites[site]


def _free(held: dict[int, User], login: str) -> int:
    number = crc32(login.encode()) % 1_000_000 + 1
    while number in held:
        number += 1
    return number


def _password(name: str) -> dict[str, Any]:
    return {"uuid": str(uuid.uuid4()), "app_id": "", "name": name, "created": "2026-01-01T00:00:00",
            "last_used": None, "last_ip": None}  # fmt: skip
