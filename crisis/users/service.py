"""Users: add, change, disable, enable, reset. Every one of these counts from the person's next request on.

What lets somebody in with the right to send is shown to the directors (:mod:`crisis.users.appointments`).
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotFound
from crisis.roles import Act, Actor, Role, require
from crisis.users import appointments, devices, enrolment, sessions
from crisis.users.models import Given, Passkey, User

NAME_MOST: Final = 100  # characters
ROLES: Final = tuple(role for role in Role if role is not Role.OPERATOR)
"""What a user may be. The operator is whoever holds the server's shell."""
LANGUAGES: Final = ("nb", "nn", "en")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")


class LoginTaken(Conflict):
    """Somebody else has this login."""

    def __init__(self, login: str) -> None:
        super().__init__(f"The login {login} is taken. Nobody was added. Choose another one.")


class NotOneself(Conflict):
    """An administrator who locks themself out is of no use at night."""

    def __init__(self) -> None:
        super().__init__(
            "Nobody disables themself, takes their own role away or resets their own login here. Another administrator does that, or "
            "whoever holds the server's shell (crisis users)."
        )


async def add(
    db: Database, actor: Actor, name: str, login: str, role: Role, unit: str | None = None, *, language: str = "nb"
) -> tuple[User, str]:
    """Add a person; returns them with the secret of their enrolment link, which holds for 24 hours and opens once.

    ``name`` goes on record as the actor of all they do. The role ``unit`` needs a unit. Raises :class:`Invalid` with every
    fault, and :class:`LoginTaken`.
    """
    require(actor, Act.MANAGE_USERS)
    name, unit, login = _tidy(name), _tidy(unit or "") or None, login.strip().casefold()
    problems = _problems(name, role, unit)
    if not _LOGIN.fullmatch(login):
        problems.append("A login has 2 to 64 of a-z, 0-9 and . _ @ + -, and begins with a letter or a digit.")
    if language not in LANGUAGES:
        problems.append(f"The language is one of {', '.join(LANGUAGES)}.")
    if problems:
        raise Invalid("Nobody was added.", problems)
    user = User(login=login, name=name, role=role, unit=unit, language=language, created_by=actor.name)
    try:
        async with db.transaction() as session:
            session.add(user)
            await session.flush()
            link = enrolment.make_link(user)
            await session.flush()
            await appointments.note(session, user, Given.ADDED, actor.name)
            await chain.append(session, actor, "add_user", _subject(user), name=name, user_role=role.value, unit=unit)
    except IntegrityError:
        raise LoginTaken(login) from None
    return user, link


async def change(
    db: Database, actor: Actor, user_id: int, *, name: str, role: Role, unit: str | None, by: int | None = None
) -> User:
    """Another name, role or unit. ``by`` is the user who asks, if one does: nobody changes their own role."""
    require(actor, Act.MANAGE_USERS)
    name, unit = _tidy(name), _tidy(unit or "") or None
    if problems := _problems(name, role, unit):
        raise Invalid("Nothing was changed.", problems)
    async with db.transaction() as session:
        user = await get(session, user_id, lock=True)
        if by == user_id and role is not user.role:
            raise NotOneself
        before = {"name": user.name, "user_role": user.role.value, "unit": user.unit}
        after = {"name": name, "user_role": role.value, "unit": unit}
        if before != after:
            old, user.name, user.role, user.unit = user.role, name, role, unit
            await session.flush()
            await appointments.note(session, user, Given.CHANGED, actor.name, old)
            await chain.append(session, actor, "change_user", _subject(user), before=before, after=after)
    return user


async def disable(db: Database, actor: Actor, user_id: int, *, by: int | None = None) -> User:
    """Let somebody in no more, and end their sessions at once. Disabling twice changes nothing."""
    require(actor, Act.MANAGE_USERS)
    if by == user_id:
        raise NotOneself
    async with db.transaction() as session:
        user = await get(session, user_id, lock=True)
        if user.disabled_at is None:
            user.disabled_at = clock.now()
            enrolment.spend(user)
            ended = await sessions.end_all(session, user_id)
            await session.flush()
            await chain.append(session, actor, "disable_user", _subject(user), name=user.name, ended_sessions=ended)
    return user


async def enable(db: Database, actor: Actor, user_id: int) -> User:
    """Let somebody in again, by what they had before."""
    require(actor, Act.MANAGE_USERS)
    async with db.transaction() as session:
        user = await get(session, user_id, lock=True)
        if user.disabled_at is not None:
            user.disabled_at = None
            await session.flush()
            await appointments.note(session, user, Given.ENABLED, actor.name)
            await chain.append(session, actor, "enable_user", _subject(user), name=user.name)
    return user


async def reset(db: Database, actor: Actor, user_id: int, *, by: int | None = None) -> tuple[User, str]:
    """Forget password, one-time codes, passkeys and sessions, and make a new enrolment link; returns its secret.

    For whoever lost their telephone. Raises :class:`Conflict` for somebody disabled, or without a login of ours.
    """
    require(actor, Act.MANAGE_USERS)
    if by == user_id:
        raise NotOneself
    async with db.transaction() as session:
        user = await get(session, user_id, lock=True)
        if user.disabled_at is not None:
            raise Conflict(f"{user.name} is disabled. Nothing was done. Enable them first.")
        if user.login is None:
            raise Conflict(f"{user.name} signs in through the identity provider. There is nothing here to reset.")
        user.password = user.totp = user.totp_step = None
        await session.execute(delete(Passkey).where(Passkey.user_id == user_id))
        await devices.forget_all(session, user_id)
        ended = await sessions.end_all(session, user_id)
        link = enrolment.make_link(user)
        await session.flush()
        await appointments.note(session, user, Given.RESET, actor.name)
        await chain.append(session, actor, "reset_user", _subject(user), name=user.name, ended_sessions=ended)
    return user, link


async def set_language(db: Database, actor: Actor, user_id: int, language: str) -> None:
    """The language of one's own pages. Raises :class:`Invalid` for one there is none of."""
    if language not in LANGUAGES:
        raise Invalid(f"The language is one of {', '.join(LANGUAGES)}.")
    async with db.transaction() as session:
        user = await get(session, user_id, lock=True)
        user.language = language
        await session.flush()
        await chain.append(session, actor, "set_language", _subject(user), language=language)


async def get(session: AsyncSession, user_id: int, *, lock: bool = False) -> User:
    """One user. Raises :class:`NotFound`."""
    user = await session.get(User, user_id, with_for_update=lock)
    if user is None:
        raise NotFound("user", user_id, "See: crisis users list.")
    return user


async def find_by_login(session: AsyncSession, login: str) -> User | None:
    """Whose login this is."""
    return (await session.scalars(select(User).where(User.login == login.strip().casefold()))).one_or_none()


async def list_users(session: AsyncSession) -> Sequence[User]:
    """Everybody, by name; those who are disabled too."""
    return (await session.scalars(select(User).order_by(func.lower(User.name), User.id))).all()


def unit_for(role: Role, unit: str | None, editors_unit: str) -> str | None:
    """The unit of a person: the web editors have theirs without being asked."""
    return editors_unit if role is Role.EDITOR and not (unit or "").strip() else unit


def _problems(name: str, role: Role, unit: str | None) -> list[str]:
    problems = []
    if not 0 < len(name) <= NAME_MOST or not name.isprintable():
        problems.append(f"The name must have 1 to {NAME_MOST} printable characters: it goes on record as who acted.")
    if role not in ROLES:
        problems.append("The operator is whoever holds the server's shell; no user can have that role.")
    if role is Role.UNIT and unit is None:
        problems.append("Somebody with the role unit must have a unit.")
    if unit is not None and (len(unit) > NAME_MOST or not unit.isprintable()):
        problems.append(f"The unit must have at most {NAME_MOST} printable characters.")
    return problems


def _tidy(said: str) -> str:
    return " ".join(said.split())


def _subject(user: Any) -> str:
    return f"user:{user.id}"
