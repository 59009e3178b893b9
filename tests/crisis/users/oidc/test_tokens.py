"""What an identity provider says that lies, or says too little: it lets nobody in."""

import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from sqlalchemy import text
from webauthn.helpers import bytes_to_base64url as text64

from crisis.db import Database
from crisis.settings import Settings
from crisis.users.oidc import NoAuthTime, ProviderAway, SignInDenied
from tests.crisis.users.oidc.desk import oidc
from tests.crisis.users.oidc.liar import KEY, OTHER, finish, lying
from tests.crisis.users.provider import CLIENT


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_claim_lets_nobody_in(
    db: Database, settings: Settings, claims: dict[str, Any]
) -> None:
    async with lying() as liar:
        there = oidc(settings, liar.issuer)
        liar.claims = claims
        with pytest.raises(SignInDenied):
            await finish(db, there, liar)
        liar.claims = {}
        assert await finish(db, there, liar)


@pytest.mark.parametrize("said", [None, "now", True, "1764194400"])
async def test_a_provider_that_does_not_say_when_somebody_showed_a_factor_lets_nobody_in(
    db: Database, settings: Settings, said: Any
) -> None:
    async with lying() as liar:
        liar.claims = {"auth_time": said}
        with pytest.raises(NoAuthTime):
            await finish(db, oidc(settings, liar.issuer), liar)
    async with db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM sessions"))).scalar_one() == 0


def by_hand(alg: str, claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """What no honest library makes."""
    head, body = (text64(json.dumps(part).encode()) for part in ({"alg": alg, "kid": "one"}, claims))
    return f"{head}.{body}.{text64(sign(f'{head}.{body}'.encode()))}"


def forged(kind: str) -> Callable[[dict[str, Any]], str]:
    public = KEY.as_pem(private=False)
    makers: dict[str, Callable[[dict[str, Any]], str]] = {
        "another key under the same name": lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, OTHER),
        "no signature": lambda claims: by_hand("none", claims, lambda _signed: b""),
        "the public key as a secret": lambda claims: by_hand(
            "HS256", claims, lambda signed: hmac.digest(public, signed, "sha256")
        ),
        "no token": lambda _claims: "x.y.z",
        "an altered one": lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, KEY)[:-6] + "AAAAAA",
    }
    return makers[kind]


@pytest.mark.parametrize(
    "kind",
    ["another key under the same name", "no signature", "the public key as a secret", "no token", "an altered one"],
)
async def test_a_forged_token_lets_nobody_in(db: Database, settings: Settings, kind: str) -> None:
    async with lying() as liar:
        liar.token = forged(kind)
        with pytest.raises(SignInDenied):
            await finish(db, oidc(settings, liar.issuer), liar)


async def test_what_it_says_about_itself_is_kept_and_asked_for_again_when_its_key_is_new(
    db: Database, settings: Settings
) -> None:
    async with lying() as liar:
        there = oidc(settings, liar.issuer)
        for _ in range(3):
            await finish(db, there, liar)
            liar.claims = {}
        assert liar.asked == 1
        liar.keys = [OTHER]
        liar.token = lambda claims: jwt.encode({"alg": "RS256", "kid": "two"}, claims, OTHER)
        assert await finish(db, there, liar)
        assert liar.asked == 2


async def test_one_that_calls_itself_another_is_none(db: Database, settings: Settings) -> None:
    async with lying() as liar:
        there = oidc(settings, liar.issuer)
        liar.issuer = "https://elsewhere.example"
        with pytest.raises(ProviderAway):
            await there.begin(db, "/")
