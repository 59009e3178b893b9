"""Who was given the right to send, until a director has seen it."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from crisis.db import Database
from crisis.errors import Invalid, NotAllowed, NotFound
from crisis.roles import Actor, Role
from crisis.users import appointments, service, sessions
from crisis.users.grants import Grant
from crisis.users.models import How, User
from crisis.users.sessions import SignedIn
from crisis.users.subjects import user_of

ADA = Actor("Ada Berg", Role.ADMIN)


async def director(db: Database, name: str = "Ole Nord", how: How = How.PASSKEY) -> SignedIn:
    """A director of old, signed in."""
    user = User(name=name, role=Role.DIRECTOR, created_by="vakt")
    async with db.transaction() as session:
        session.add(user)
    who = user if how is not How.BREAK_GLASS else Actor(name, Role.DIRECTOR)
    found = await sessions.find(db, await sessions.begin(db, who, how, agent="", address=""))
    assert found is not None
    return found


async def waiting(db: Database, who: SignedIn) -> list[tuple[str, str, str, str]]:
    async with db.transaction() as session:
        return [(each.name, each.role, each.given, each.by) for each in await appointments.waiting(session, who)]


async def person(db: Database, role: Role) -> User:
    user, _ = await service.add(db, ADA, "Kari Moen", "kari", role, "skole")
    return user


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.EDITOR])
async def test_whoever_is_added_with_the_right_to_send_is_shown_to_the_directors(db: Database, role: Role) -> None:
    ole = await director(db)
    await person(db, role)
    assert await waiting(db, ole) == [("Kari Moen", role, "added", "Ada Berg")]


@pytest.mark.parametrize("role", sorted(set(service.ROLES) - {Role.DIRECTOR, Role.EDITOR}))
async def test_whoever_cannot_send_is_not(db: Database, role: Role) -> None:
    ole = await director(db)
    user = await person(db, role)
    await service.disable(db, ADA, user.id)
    await service.enable(db, ADA, user.id)
    await service.reset(db, ADA, user.id)
    assert await waiting(db, ole) == []


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (Role.ADMIN, Role.DIRECTOR, True),
        (Role.UNIT, Role.EDITOR, True),
        (Role.EDITOR, Role.DIRECTOR, True),  # who may lock every account now
        (Role.DIRECTOR, Role.EDITOR, False),
        (Role.EDITOR, Role.EDITOR, False),
        (Role.EDITOR, Role.ADMIN, False),
    ],
)
async def test_a_changed_role_is_shown_where_it_may_do_more(
    db: Database, before: Role, after: Role, *, shown: bool
) -> None:
    ole, user = await director(db), await person(db, before)
    async with db.transaction() as session:
        await session.execute(text("DELETE FROM appointments"))
    await service.change(db, ADA, user.id, name="Kari Lie", role=after, unit="skole")
    assert await waiting(db, ole) == ([("Kari Lie", after, "changed", "Ada Berg")] if shown else [])


async def test_a_new_way_in_for_a_director_is_shown_as_a_new_director_is(db: Database) -> None:
    ole, user = await director(db), await person(db, Role.DIRECTOR)
    await service.reset(db, ADA, user.id)
    await service.disable(db, ADA, user.id)
    await service.enable(db, ADA, user.id)
    assert [given for _, _, given, _ in await waiting(db, ole)] == ["added", "reset", "enabled"]


async def test_the_identity_provider_makes_no_director_unseen(db: Database) -> None:
    ole = await director(db)
    claims = {"sub": "kari", "name": "Kari Moen"}
    for role in (Role.AUDITOR, Role.DIRECTOR, Role.DIRECTOR):
        async with db.transaction() as session:
            await user_of(session, "https://idp.example", claims, Grant(role, None))
    assert await waiting(db, ole) == [("Kari Moen", Role.DIRECTOR, "provider", "identity provider")]


Attempt = Callable[[Database], Awaitable[tuple[Actor, SignedIn | None]]]


async def by_whom_it_is_about(db: Database) -> tuple[Actor, SignedIn]:
    async with db.transaction() as session:
        user = await service.get(session, 2)
    own = await sessions.find(db, await sessions.begin(db, user, How.PASSWORD, agent="", address=""))
    assert own is not None
    assert await waiting(db, own) == [], "nor is it shown to them"
    return own.actor, own


async def by_break_glass(db: Database) -> tuple[Actor, SignedIn]:
    who = await director(db, "Ada Berg", How.BREAK_GLASS)
    return who.actor, who


async def by_the_administrator(_: Database) -> tuple[Actor, None]:
    return ADA, None


@pytest.mark.parametrize("attempt", [by_whom_it_is_about, by_break_glass, by_the_administrator])
async def test_it_is_acknowledged_by_no_director_of_the_administrators_own_making(
    db: Database, attempt: Attempt
) -> None:
    ole = await director(db)
    await person(db, Role.DIRECTOR)
    actor, who = await attempt(db)
    with pytest.raises((Invalid, NotAllowed)):
        await appointments.acknowledge(db, actor, 1, signed_in=who)
    assert len(await waiting(db, ole)) == 1


async def test_a_director_acknowledges_it_once_on_record(db: Database) -> None:
    ole = await director(db)
    await person(db, Role.DIRECTOR)
    await appointments.acknowledge(db, ole.actor, 1, signed_in=ole)
    assert await waiting(db, ole) == []
    with pytest.raises(NotFound):
        await appointments.acknowledge(db, ole.actor, 1, signed_in=ole)
    async with db.transaction() as session:
        found = await session.execute(text("SELECT count(*) FROM audit WHERE record LIKE '%acknowledge_appointment%'"))
        assert found.scalar_one() == 1
