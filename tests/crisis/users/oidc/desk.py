"""The desk as an identity provider knows it, the people it lets in, and their way back."""

from typing import Any

from pydantic import SecretStr

from crisis.db import Database
from crisis.settings import Settings
from crisis.users.oidc import CALLBACK, Oidc
from tests.crisis.users.provider import CLIENT, SECRET, sign_in_there

DESK = "http://localhost:8000"
KARI = {"name": "Kari Moen", "groups": ["alle", "krise-redaktører"]}
PEOPLE = {"kari": KARI, "per": {"name": "Per Dal", "groups": ["alle"]}, "eva": {"name": "Eva Lie"}}
ROLES = {"krise-ledelse": "director", "krise-redaktører": "editor", "bibliotek": "unit:biblioteket"}


def oidc(settings: Settings, issuer: str, **more: Any) -> Oidc:
    """As the settings would have it."""
    values = {
        "public_url": DESK,
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr(SECRET),
        "oidc_role_claim": "groups",
        "oidc_roles": ROLES,
    }
    made = Oidc.of(settings.model_copy(update=values | more))
    assert made is not None
    return made


async def come_back(db: Database, there: Oidc, sub: str = "kari") -> tuple[str, dict[str, str]]:
    begun, address = await there.begin(db, "/messages")
    return begun, await sign_in_there(address, sub, DESK + CALLBACK)
