"""Signing in through a real identity provider: who comes in, who stays outside, and what goes there."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from crisis.db import Database
from crisis.roles import Actor, Role
from crisis.settings import Settings
from crisis.users import service, sessions
from crisis.users.ceremonies import CeremonyOver
from crisis.users.grants import NoRole
from crisis.users.oidc import CALLBACK, ProviderAway, SignInDenied
from tests.crisis.users.oidc.desk import DESK, ROLES, come_back, oidc
from tests.crisis.users.people import FIREFOX, OPERATOR
from tests.crisis.users.provider import SECRET


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
