"""The settings of an identity provider: which roles they give, and which of them are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from crisis.errors import Invalid
from crisis.roles import Role
from crisis.settings import Settings
from crisis.users.grants import NoRole, find_grant, grant_of
from crisis.users.oidc import Oidc


@pytest.mark.parametrize("said", ["operator", "chief", "unit", "director:x", ""])
def test_a_role_that_there_is_none_of_is_refused(said: str) -> None:
    with pytest.raises(Invalid, match="CRISIS_OIDC_ROLES"):
        grant_of(said, "nettredaksjonen")


def test_a_claim_may_lie_inside_another_and_the_first_role_of_the_settings_counts() -> None:
    grants = {"a": grant_of("director", ""), "b": grant_of("unit:skole", "")}
    claims = {"sub": "x", "access": {"crisis": {"roles": ["b", "a"]}}, "https://roles.example/": "b"}
    assert find_grant(claims, "access.crisis.roles", grants, "x").role is Role.DIRECTOR
    assert find_grant(claims, "https://roles.example/", grants, "x").unit == "skole"
    for missing in ("access.crisis", "access.none.roles", "sub", "nothing"):
        with pytest.raises(NoRole):
            find_grant(claims, missing, grants, "x")


@pytest.mark.parametrize(
    "values",
    [
        {"oidc_issuer": "http://idp.example", "oidc_client_id": "x", "oidc_roles": "a=admin"},
        {"oidc_issuer": "https://idp.example", "oidc_client_id": "x"},
        {"oidc_issuer": "https://idp.example", "oidc_roles": "a=admin"},
        {"oidc_roles": "a"},
        {"oidc_roles": "a=admin,a=director"},
        {"demo": True, "public_url": "https://krise.fjordvik.example"},
        {"demo": True, "public_url": "http://192.0.2.7:8000"},
    ],
    ids=str,
)
def test_settings_that_would_let_the_wrong_people_in_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**values)


def test_no_issuer_is_no_provider(settings: Settings) -> None:
    assert Oidc.of(settings) is None
