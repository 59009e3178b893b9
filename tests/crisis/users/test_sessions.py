from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis.activations.service import activate, stand_down
from crisis.db import Database
from crisis.errors import NotFound
from crisis.mode import Mode
from crisis.roles import Actor, Role
from crisis.users import sessions
from crisis.users.models import How, User
from crisis.users.sessions import SignedIn

KARI = "Kari Moen"


async def person(db: Database, login: str = "kari", role: Role = Role.EDITOR) -> User:
    async with db.transaction() as session:
        user = User(login=login, name=KARI, role=role, unit="nettredaksjonen", created_by="vakt")
        session.add(user)
    return user


async def sign_in(db: Database, user: User | Actor, how: How = How.PASSWORD) -> str:
    return await sessions.begin(db, user, how, agent="Firefox", address="127.0.0.1")


async def found(db: Database, secret: str) -> SignedIn:
    signed_in = await sessions.find(db, secret)
    assert signed_in is not None
    return signed_in


async def age(db: Database, column: str, by: timedelta) -> None:
    async with db.transaction() as session:
        await session.execute(text(f"UPDATE sessions SET {column} = {column} - CAST(:by AS interval)"), {"by": by})


async def test_a_session_says_who_acts_and_only_its_digest_is_kept(db: Database) -> None:
    user = await person(db)
    secret = await sign_in(db, user)
    signed_in = await found(db, secret)
    assert signed_in.actor == Actor(KARI, Role.EDITOR, "nettredaksjonen")
    assert (signed_in.user_id, signed_in.language, signed_in.how, signed_in.is_fresh) == (
        user.id,
        "nb",
        "password",
        True,
    )
    async with db.transaction() as session:
        held = (
            await session.execute(text("SELECT s::text || (SELECT string_agg(record, '') FROM audit) FROM sessions s"))
        ).scalar_one()
    assert secret not in held
    assert signed_in.csrf not in held
    assert len(secret) == 43
    assert await sessions.find(db, secret + "x") is None
    assert await sessions.find(db, "") is None


async def test_two_sessions_share_nothing(db: Database) -> None:
    user = await person(db)
    one, other = await found(db, await sign_in(db, user)), await found(db, await sign_in(db, user))
    assert one.session_id != other.session_id
    assert one.csrf != other.csrf


async def test_a_session_ends_after_an_idle_hour_in_ordinary_times(db: Database) -> None:
    secret = await sign_in(db, await person(db))
    await age(db, "last_seen_at", timedelta(minutes=59))
    assert await sessions.find(db, secret)
    await age(db, "last_seen_at", timedelta(minutes=61))
    assert await sessions.find(db, secret) is None


async def test_while_an_activation_is_in_force_nobody_is_signed_out_for_sitting_in_a_meeting(
    db: Database, director: Actor
) -> None:
    secret = await sign_in(db, await person(db))
    held = await activate(db, director, Mode.ACTUAL, "Skred")
    await age(db, "last_seen_at", timedelta(hours=11))
    assert await sessions.find(db, secret)
    await age(db, "last_seen_at", timedelta(hours=11))
    await stand_down(db, director, held.activation.id)
    assert await sessions.find(db, secret) is None


@pytest.mark.parametrize("how", [How.PASSWORD, How.BREAK_GLASS])
async def test_no_session_outlives_twelve_hours(db: Database, director: Actor, how: How) -> None:
    secret = await sign_in(db, director, how)
    await activate(db, director, Mode.ACTUAL, "Skred")
    await age(db, "created_at", timedelta(hours=11, minutes=59))
    assert await sessions.find(db, secret)
    await age(db, "created_at", timedelta(minutes=2))
    assert await sessions.find(db, secret) is None
    async with db.transaction() as session:
        await sessions.purge(session)
        assert (await session.execute(text("SELECT count(*) FROM sessions"))).scalar_one() == 0


async def test_a_session_by_break_glass_is_not_ended_by_an_idle_hour(db: Database, director: Actor) -> None:
    secret = await sign_in(db, director, How.BREAK_GLASS)
    await age(db, "last_seen_at", timedelta(hours=5))
    assert await sessions.find(db, secret)


async def test_a_changed_role_counts_at_once_and_so_does_being_disabled(db: Database) -> None:
    user = await person(db)
    secret = await sign_in(db, user)
    async with db.transaction() as session:
        await session.execute(text("UPDATE users SET role = 'auditor', unit = NULL"))
    assert (await found(db, secret)).actor == Actor(KARI, Role.AUDITOR)
    async with db.transaction() as session:
        await session.execute(text("UPDATE users SET disabled_at = now()"))
    assert await sessions.find(db, secret) is None


async def test_showing_a_factor_again_gives_a_new_secret_and_ends_the_old_one(db: Database) -> None:
    secret = await sign_in(db, await person(db))
    await age(db, "factor_at", timedelta(minutes=11))
    stale = await found(db, secret)
    assert not stale.is_fresh
    renewed = await sessions.renew(db, stale)
    assert await sessions.find(db, secret) is None
    fresh = await found(db, renewed)
    assert fresh.is_fresh
    assert fresh.session_id == stale.session_id
    assert renewed != secret
    assert fresh.csrf == stale.csrf, "what stands open in another tab can still be sent"


async def test_signing_out_ends_it_and_twice_is_harmless(db: Database) -> None:
    secret = await sign_in(db, await person(db))
    signed_in = await found(db, secret)
    await sessions.end(db, signed_in)
    await sessions.end(db, signed_in)
    assert await sessions.find(db, secret) is None
    with pytest.raises(NotFound):
        await sessions.renew(db, signed_in)


async def test_one_sees_and_ends_ones_own_sessions_and_nobody_elses(db: Database) -> None:
    kari, ola = await person(db), await person(db, "ola")
    first, second, third = [await sign_in(db, kari) for _ in range(3)]
    others = await found(db, await sign_in(db, ola))
    mine = await found(db, first)
    async with db.transaction() as session:
        assert [each.agent for each in await sessions.list_own(session, mine)] == ["Firefox"] * 3
    with pytest.raises(NotFound):
        await sessions.end_one(db, mine, others.session_id)
    await sessions.end_one(db, mine, (await found(db, second)).session_id)
    assert await sessions.find(db, second) is None
    assert await sessions.end_others(db, mine) == 1
    assert await sessions.find(db, third) is None
    assert await sessions.find(db, first)
    assert await db_count(db) == 2


async def db_count(db: Database) -> int:
    async with db.transaction() as session:
        return int((await session.execute(text("SELECT count(*) FROM sessions"))).scalar_one())


async def test_being_there_is_noted_once_a_minute_at_most(db: Database) -> None:
    secret = await sign_in(db, await person(db))
    await age(db, "last_seen_at", timedelta(seconds=30))

    async def seen() -> object:
        async with db.transaction() as session:
            return (await session.execute(text("SELECT last_seen_at FROM sessions"))).scalar_one()

    before = await seen()
    await found(db, secret)
    assert await seen() == before
    await age(db, "last_seen_at", timedelta(minutes=2))
    before = await seen()
    await found(db, secret)
    assert await seen() != before


async def test_a_session_of_the_demos_counts_nowhere_else(db: Database, editor: Actor) -> None:
    secret = await sign_in(db, editor, How.DEMO)
    assert await sessions.find(db, secret) is None
    assert await sessions.find(db, secret, demo=True)
