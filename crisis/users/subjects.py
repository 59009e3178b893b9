"""Subjects: whom the identity provider means. Its ``iss`` and ``sub`` are one user here, whatever else changes there."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.users import appointments
from crisis.users.grants import Grant, NoRole, name_in
from crisis.users.models import Given, User


async def user_of(session: AsyncSession, issuer: str, claims: Mapping[str, Any], grant: Grant) -> User:
    """The user with this subject, with the name and the role that the provider gives them now; a new one if need be."""
    subject, name = str(claims["sub"]), name_in(claims)
    known = select(User).where(User.issuer == issuer, User.subject == subject).with_for_update()
    user = (await session.scalars(known)).one_or_none()
    if user is not None and user.disabled_at is not None:
        raise NoRole(name)
    if user is None:
        user = User(
            name=name, role=grant.role, unit=grant.unit, issuer=issuer, subject=subject, created_by="identity provider"
        )
        session.add(user)
        before = None
        action = "add_user"
    elif (user.name, user.role, user.unit) != (name, grant.role, grant.unit):
        before, user.name, user.role, user.unit = user.role, name, grant.role, grant.unit
        action = "change_user"
    else:
        return user
    await session.flush()
    await appointments.note(session, user, Given.PROVIDER, "identity provider", before)
    await chain.append(
        session,
        None,
        action,
        f"user:{user.id}",
        by="identity provider",
        name=name,
        user_role=grant.role.value,
        unit=grant.unit,
    )
    return user
