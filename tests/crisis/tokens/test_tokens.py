import asyncio
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.roles import Actor, Role
from crisis.tokens.models import Token
from crisis.tokens.service import NotAuthenticated, authenticate, create_token, list_tokens, revoke_token


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


async def refused(db: Database, presented: str) -> str:
    async with db.transaction() as session:
        with pytest.raises(NotAuthenticated) as raised:
            await authenticate(session, presented)
    return str(raised.value)


async def test_a_token_says_who_acts_and_only_its_digest_is_kept(db: Database, operator: Actor) -> None:
    token, secret = await create_token(db, operator, "Biblioteket", Role.UNIT, "kultur", tomorrow())
    assert re.fullmatch(r"crisis_[A-Za-z0-9_-]{43}", secret)
    async with db.transaction() as session:
        bearer = await authenticate(session, secret)
        (row,) = (await session.execute(text("SELECT t::text FROM tokens t"))).scalars()
        (record,) = (await session.execute(text("SELECT record FROM audit"))).scalars()
    assert bearer.actor == Actor("Biblioteket", Role.UNIT, "kultur")
    assert bearer.token_id == token.id
    assert token.digest == hashlib.sha256(secret.encode()).digest()
    assert secret not in row + record
    assert json.loads(record)["action"] == "create_token"
    assert token.digest.hex() not in record


GOOD = "a" * 43  # the right form, and nobody's


@pytest.mark.parametrize(
    "presented",
    [
        "",
        "crisis_",
        f"crisis_{GOOD[1:]}",
        f"crisis_{GOOD}a",
        f"crisis_{GOOD}\n",
        f"CRISIS_{GOOD}",
        f"crisis_{GOOD[1:]}å",
        f"crisis_{GOOD[1:]}\0",
        f"crisis_{GOOD}",
        pytest.param("x" * 1_000_000, id="a megabyte"),
    ],
)
async def test_a_malformed_or_unknown_token_is_refused(db: Database, presented: str) -> None:
    assert "malformed, unknown, expired or revoked" in await refused(db, presented)


async def test_every_refusal_reads_the_same(db: Database, operator: Actor) -> None:
    revoked, secret = await create_token(db, operator, "Vakt", Role.EDITOR, None, None)
    await revoke_token(db, operator, revoked.id)
    expired, old = await create_token(db, operator, "Vikar", Role.EDITOR, None, tomorrow())
    async with db.transaction() as session:
        await session.execute(text("UPDATE tokens SET expires_at = now() WHERE id = :id"), {"id": expired.id})
    assert await refused(db, secret) == await refused(db, old) == await refused(db, "nonsense")


async def test_revoking_is_on_record_and_done_once(db: Database, operator: Actor) -> None:
    token, _ = await create_token(db, operator, "Vakt", Role.DIRECTOR)
    assert (await revoke_token(db, operator, token.id)).revoked_at is not None
    with pytest.raises(Conflict, match="was revoked before"):
        await revoke_token(db, operator, token.id)
    with pytest.raises(NotFound):
        await revoke_token(db, operator, token.id + 1)
    async with db.transaction() as session:
        actions = (await session.execute(text("SELECT action FROM audit ORDER BY seq"))).scalars().all()
        assert [t.id for t in await list_tokens(session)] == [token.id]
    assert actions == ["create_token", "revoke_token"]


async def test_use_is_noted_once_a_minute(db: Database, operator: Actor) -> None:
    token, secret = await create_token(db, operator, "Vakt", Role.AUDITOR)

    async def used_at() -> datetime | None:
        async with db.transaction() as session:
            await authenticate(session, secret)
        async with db.transaction() as session:
            found = await session.get(Token, token.id)
            assert found is not None
            return found.last_used_at

    first = await used_at()
    assert first is not None
    assert await used_at() == first
    async with db.transaction() as session:
        await session.execute(text("UPDATE tokens SET last_used_at = last_used_at - interval '61 seconds'"))
    again = await used_at()
    assert again is not None
    assert again > first


async def test_a_request_does_not_wait_for_another_with_the_same_token(db: Database, operator: Actor) -> None:
    _, secret = await create_token(db, operator, "Vakt", Role.AUDITOR)
    async with db.transaction() as slow:
        await authenticate(slow, secret)
        async with asyncio.timeout(2), db.transaction() as quick:
            assert (await authenticate(quick, secret)).actor.name == "Vakt"


async def test_a_token_that_makes_no_sense_is_not_made(db: Database, operator: Actor) -> None:
    with pytest.raises(Invalid) as raised:
        await create_token(db, operator, " ", Role.UNIT, " ", datetime(2020, 1, 1, tzinfo=UTC))
    assert len(raised.value.problems) == 3
    with pytest.raises(Invalid, match="time zone"):
        await create_token(db, operator, "Vakt", Role.EDITOR, None, datetime(2099, 1, 1))  # noqa: DTZ001 - the fault
    with pytest.raises(Invalid, match="no token can have that role"):
        await create_token(db, operator, "Vakt", Role.OPERATOR)
    async with db.transaction() as session:
        assert await list_tokens(session) == []


async def test_an_editor_may_not_make_or_revoke_tokens(db: Database, editor: Actor) -> None:
    with pytest.raises(NotAllowed):
        await create_token(db, editor, "Meg selv", Role.DIRECTOR)
    with pytest.raises(NotAllowed):
        await revoke_token(db, editor, 1)
