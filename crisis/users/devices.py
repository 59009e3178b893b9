"""Devices: browsers that a person has signed in with before. Knowing one proves nothing; it only spares it others' failures."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, update
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.users import secret as secrets
from crisis.users.models import Device

FORGOTTEN: Final = timedelta(days=365)
"""After so long without a sign-in."""


async def is_known(session: AsyncSession, user_id: int | None, secret: str) -> bool:
    """Whether this person has signed in with this browser before. ``secret`` is empty where it shows none."""
    if not secret:
        return False
    seen = update(Device).where(Device.digest == secrets.digest(secret), Device.user_id == user_id)
    row = await session.execute(seen.values(last_used_at=func.now()).returning(Device.user_id))
    return row.scalar_one_or_none() is not None


async def remember(session: AsyncSession, user_id: int) -> str:
    """Know this browser from now on; returns the secret for its cookie."""
    made = secrets.new()
    session.add(Device(digest=secrets.digest(made), user_id=user_id))
    return made


async def forget_all(session: AsyncSession, user_id: int) -> None:
    """Know none of a person's browsers any more."""
    await session.execute(delete(Device).where(Device.user_id == user_id))


async def purge(session: AsyncSession) -> None:
    """Drop those that nobody has used for a year."""
    await session.execute(delete(Device).where(Device.last_used_at < clock.now() - FORGOTTEN))
