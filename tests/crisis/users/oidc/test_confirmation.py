"""Confirming through an identity provider that it is still the same person."""

import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from crisis.db import Database
from crisis.roles import Act
from crisis.settings import Settings
from crisis.users import sessions
from crisis.users.confirmation import is_needed
from crisis.users.oidc import CALLBACK, Oidc, SignInDenied
from crisis.users.sessions import SignedIn
from tests.crisis.users.oidc.desk import DESK, come_back, oidc
from tests.crisis.users.oidc.liar import Liar, finish, found, lying
from tests.crisis.users.people import FIREFOX
from tests.crisis.users.provider import sign_in_there


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
