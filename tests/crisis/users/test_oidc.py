"""Signing in through an identity provider: against a real one, and against one that lies."""

import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr, ValidationError
from sqlalchemy import text
from webauthn.helpers import bytes_to_base64url as text64

from crisis.db import Database
from crisis.errors import Invalid
from crisis.roles import Act, Actor, Role
from crisis.settings import Settings
from crisis.users import service, sessions
from crisis.users.ceremonies import CeremonyOver
from crisis.users.confirmation import is_needed
from crisis.users.grants import NoRole, find_grant, grant_of
from crisis.users.oidc import CALLBACK, NoAuthTime, Oidc, ProviderAway, SignInDenied
from crisis.users.sessions import SignedIn
from tests.crisis.users.people import FIREFOX, OPERATOR
from tests.crisis.users.provider import CLIENT, SECRET, provider, sign_in_there

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


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[str]:
    async with provider(DESK + CALLBACK, PEOPLE) as running:
        yield running


async def test_somebody_in_the_right_group_comes_in_and_goes_on(db: Database, settings: Settings, issuer: str) -> None:
    there = oidc(settings, issuer)
    begun, answer = await come_back(db, there)
    secret, path = await there.finish(db, begun, answer, FIREFOX)
    assert path == "/messages"
    signed_in = await sessions.find(db, secret)
    assert signed_in is not None
    assert signed_in.actor == Actor("Kari Moen", Role.EDITOR, "nettredaksjonen")
    assert signed_in.how == "oidc"
    with pytest.raises(CeremonyOver):
        await there.finish(db, begun, answer, FIREFOX)
    async with db.transaction() as session:
        (record,) = (
            json.loads(each)
            for each in await session.scalars(text("SELECT record FROM audit WHERE record LIKE '%add_user%'"))
        )
    assert record["detail"] == {
        "by": "identity provider",
        "name": "Kari Moen",
        "user_role": "editor",
        "unit": "nettredaksjonen",
    }


async def test_what_is_sent_there_has_pkce_state_and_nonce_and_no_secret(
    db: Database, settings: Settings, issuer: str
) -> None:
    _, address = await oidc(settings, issuer).begin(db, "/")
    asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["code_challenge"]) == 43
    assert len(asked["nonce"]) >= 32
    assert len(asked["state"]) >= 20
    assert asked["redirect_uri"] == DESK + CALLBACK
    assert SECRET not in address
    assert asked["max_age"] == "14400", "four hours, for which a session then sends without being asked"
    assert "prompt" not in asked, "somebody whom the provider knows comes straight in"


async def test_the_same_person_again_is_the_same_user_with_what_they_may_now(
    db: Database, settings: Settings, issuer: str
) -> None:
    for roles, expected in [(ROLES, Role.EDITOR), ({"alle": "auditor"} | ROLES, Role.AUDITOR)]:
        there = oidc(settings, issuer, oidc_roles=roles)
        begun, answer = await come_back(db, there)
        secret, _ = await there.finish(db, begun, answer, FIREFOX)
        signed_in = await sessions.find(db, secret)
        assert signed_in is not None
        assert signed_in.actor.role is expected
    async with db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM users"))).scalar_one() == 1


@pytest.mark.parametrize("sub", ["per", "eva"])
async def test_whoever_is_in_no_group_stays_outside(db: Database, settings: Settings, issuer: str, sub: str) -> None:
    there = oidc(settings, issuer)
    begun, answer = await come_back(db, there, sub)
    with pytest.raises(NoRole):
        await there.finish(db, begun, answer, FIREFOX)
    async with db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM users"))).scalar_one() == 0


async def test_whoever_was_shut_out_here_stays_out_whatever_the_provider_says(
    db: Database, settings: Settings, issuer: str
) -> None:
    there = oidc(settings, issuer)
    begun, answer = await come_back(db, there)
    await there.finish(db, begun, answer, FIREFOX)
    async with db.transaction() as session:
        (user,) = await service.list_users(session)
    await service.disable(db, OPERATOR, user.id)
    begun, answer = await come_back(db, there)
    with pytest.raises(NoRole):
        await there.finish(db, begun, answer, FIREFOX)


async def test_an_answer_to_another_sign_in_is_refused(db: Database, settings: Settings, issuer: str) -> None:
    there = oidc(settings, issuer)
    _, theirs = await come_back(db, there)
    mine, _ = await there.begin(db, "/")
    with pytest.raises(SignInDenied, match="another sign-in"):
        await there.finish(db, mine, theirs, FIREFOX)


async def test_a_stolen_code_is_worth_nothing_without_the_browser_that_asked(
    db: Database, settings: Settings, issuer: str
) -> None:
    there = oidc(settings, issuer)
    _, stolen = await come_back(db, there)
    mine, address = await there.begin(db, "/")
    state = parse_qs(urlsplit(address).query)["state"][0]
    with pytest.raises(SignInDenied, match="own code"):  # the provider checks PKCE's verifier
        await there.finish(db, mine, stolen | {"state": state}, FIREFOX)


async def test_a_no_from_there_is_a_no(db: Database, settings: Settings, issuer: str) -> None:
    there = oidc(settings, issuer)
    for said in ({"error": "access_denied"}, {}, {"code": "x", "iss": "https://elsewhere.example"}):
        begun, address = await there.begin(db, "/")
        state = parse_qs(urlsplit(address).query)["state"][0]
        with pytest.raises(SignInDenied):
            await there.finish(db, begun, said | {"state": state}, FIREFOX)


async def test_a_wrong_client_secret_lets_nobody_in(db: Database, settings: Settings, issuer: str) -> None:
    there = oidc(settings, issuer, oidc_client_secret=SecretStr("another"))
    begun, answer = await come_back(db, there)
    with pytest.raises(SignInDenied):
        await there.finish(db, begun, answer, FIREFOX)


async def test_a_provider_that_is_away_is_said_to_be(db: Database, settings: Settings) -> None:
    with pytest.raises(ProviderAway, match="break-glass"):
        await oidc(settings, "http://127.0.0.1:9").begin(db, "/")


# One that lies.

KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
OTHER = RSAKey.generate_key(2048, {"kid": "two"}, private=True)


class Liar:
    """A provider that answers whatever it is told to."""

    def __init__(self) -> None:
        self.issuer, self.keys, self.asked = "", [KEY], 0
        self.token: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode(
            {"alg": "RS256", "kid": "one"}, claims, KEY
        )
        self.claims: dict[str, Any] = {}

    async def discovery(self, _request: web.Request) -> web.Response:
        self.asked += 1
        there = {name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        return web.json_response({"issuer": self.issuer, **there})

    async def jwks(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def token_endpoint(self, _request: web.Request) -> web.Response:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "kari", "iat": now, "exp": now + 60}
        claims |= {"auth_time": now, **KARI, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": self.token(claims)})


@asynccontextmanager
async def lying() -> AsyncIterator[Liar]:
    liar = Liar()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", liar.discovery)
    app.router.add_get("/jwks_uri", liar.jwks)
    app.router.add_post("/token_endpoint", liar.token_endpoint)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    liar.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield liar
    finally:
        await runner.cleanup()


async def finish(db: Database, there: Oidc, liar: Liar, again: SignedIn | None = None) -> str:
    """Sign in; or, of somebody who is signed in, confirm ``again``."""
    begun, address = await there.begin(db, "/", again=again)
    asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    liar.claims = {"nonce": asked["nonce"], **liar.claims}
    secret, _ = await there.finish(db, begun, {"code": "c", "state": asked["state"]}, FIREFOX, here=again)
    return secret


async def found(db: Database, secret: str) -> SignedIn:
    signed_in = await sessions.find(db, secret)
    assert signed_in is not None
    return signed_in


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


async def test_single_sign_on_counts_from_when_a_factor_was_shown_and_not_from_when_the_session_began(
    db: Database, settings: Settings
) -> None:
    async with lying() as liar:
        there = oidc(settings, liar.issuer)
        liar.claims = {"auth_time": int(time.time()) - 3 * 3600}
        signed_in = await found(db, await finish(db, there, liar))
    assert timedelta(hours=3) <= signed_in.factor_age < timedelta(hours=3, minutes=1)
    assert is_needed(signed_in, Act.EXPORT_LOG)
    assert not is_needed(signed_in, Act.APPROVE_MESSAGE)


async def stale(db: Database, there: Oidc, liar: Liar) -> tuple[str, SignedIn]:
    """Kari's session, whose factor is five hours old."""
    secret = await finish(db, there, liar)
    async with db.transaction() as session:
        await session.execute(text("UPDATE sessions SET factor_at = now() - interval '5 hours'"))
    liar.claims = {}
    return secret, await found(db, secret)


async def test_whoever_confirms_keeps_their_session_and_gets_another_secret(db: Database, settings: Settings) -> None:
    async with lying() as liar:
        there = oidc(settings, liar.issuer)
        old, who = await stale(db, there, liar)
        renewed = await found(db, await finish(db, there, liar, who))
    assert (renewed.session_id, renewed.is_fresh) == (who.session_id, True)
    assert await sessions.find(db, old) is None


@pytest.mark.parametrize(
    "claims",
    [{"auth_time": int(time.time()) - 3600}, {"auth_time": None}, {"sub": "per"}],
    ids=["it did not ask", "it does not say", "somebody else came back"],
)
async def test_a_confirmation_that_is_none_changes_nothing(
    db: Database, settings: Settings, claims: dict[str, Any]
) -> None:
    async with lying() as liar:
        there = oidc(settings, liar.issuer)
        secret, who = await stale(db, there, liar)
        liar.claims = claims
        with pytest.raises(SignInDenied):
            await finish(db, there, liar, who)
    assert not (await found(db, secret)).is_fresh
    async with db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM sessions"))).scalar_one() == 1


async def test_the_provider_itself_asks_again_whoever_is_to_confirm(
    db: Database, settings: Settings, issuer: str
) -> None:
    there = oidc(settings, issuer)
    begun, answer = await come_back(db, there)
    secret, _ = await there.finish(db, begun, answer, FIREFOX)
    who = await found(db, secret)
    begun, address = await there.begin(db, "/", again=who)
    asked = parse_qs(urlsplit(address).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    answer = await sign_in_there(address, "kari", DESK + CALLBACK)
    renewed, _ = await there.finish(db, begun, answer, FIREFOX, here=who)
    assert (await found(db, renewed)).session_id == who.session_id


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


# What the settings may say.


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
