"""Grants: what the identity provider's word about somebody is worth here. Nothing, unless ``CRISIS_OIDC_ROLES`` says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crisis.errors import Invalid, NotAllowed
from crisis.roles import Role
from crisis.users.service import NAME_MOST, ROLES, unit_for


class NoRole(NotAllowed):
    """The provider knows this person; none of their groups or roles there is one that lets them in here."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is known to the identity provider, and has no role here. Ask the administrator: somebody has to be put in one "
            "of the groups that CRISIS_OIDC_ROLES names."
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """What a value of the claim gives."""

    role: Role
    unit: str | None


def grant_of(said: str, editors_unit: str) -> Grant:
    """``director``, or ``unit:biblioteket``. Raises :class:`crisis.errors.Invalid`."""
    name, _, unit = said.partition(":")
    role = next((each for each in ROLES if each.value == name), None)
    if role is None or (role is Role.UNIT) != bool(unit):
        raise Invalid(
            f"CRISIS_OIDC_ROLES cannot be used: {said!r} is no role. Write group=director,other=unit:biblioteket. The roles are "
            f"{', '.join(each.value for each in ROLES)}."
        )
    return Grant(role, unit_for(role, unit or None, editors_unit))


def find_grant(claims: Mapping[str, Any], role_claim: str, grants: Mapping[str, Grant], name: str) -> Grant:
    """The first of the configured values that the person has: the order of ``CRISIS_OIDC_ROLES`` decides.

    ``role_claim`` is a claim, or a path into one (``resource_access.crisis.roles``). Raises :class:`NoRole`.
    """
    said: Any = claims
    for part in (role_claim,) if role_claim in claims else role_claim.split("."):
        said = said.get(part) if isinstance(said, Mapping) else None
    has = {str(each) for each in said} if isinstance(said, list) else {said} if isinstance(said, str) else set()
    for value, grant in grants.items():
        if value in has:
            return grant
    raise NoRole(name)


def name_in(claims: Mapping[str, Any]) -> str:
    """What to call them: the name, or whatever comes nearest."""
    said = claims.get("name") or claims.get("preferred_username") or claims["sub"]
    tidy = " ".join("".join(each if each.isprintable() else " " for each in str(said)).split())
    return tidy[:NAME_MOST] or "?"
