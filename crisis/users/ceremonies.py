"""Ceremonies: a sign-in under way. What was begun is held here; the browser has a secret to come back with, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, func
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.errors import Conflict
from crisis.users import secret as secrets
from crisis.users.models import Ceremony, Rite

LASTS: Final = timedelta(minutes=10)
"""Time to find the telephone."""


class CeremonyOver(Conflict):
    """It took too long, was done already, or belongs to another browser."""

    def __init__(self) -> None:
        super().__init__("This sign-in took too long or was finished already. Nothing was done. Begin again.")


@dataclass(frozen=True, slots=True)
class Held:
    """What was begun."""

    user_id: int | None
    values: Mapping[str, Any]


async def begin(session: AsyncSession, rite: Rite, user_id: int | None = None, **values: Any) -> str:
    """Begin one; returns the browser's secret. ``values`` must be JSON."""
    made = secrets.new()
    expires_at = clock.now() + LASTS
    session.add(Ceremony(digest=secrets.digest(made), rite=rite, user_id=user_id, held=values, expires_at=expires_at))
    return made


async def take(session: AsyncSession, rite: Rite, secret: str) -> Held:
    """What was begun with this secret; it is over with that. Raises :class:`CeremonyOver`."""
    mine = delete(Ceremony).where(
        Ceremony.digest == secrets.digest(secret), Ceremony.rite == rite, Ceremony.expires_at > func.now()
    )
    row = (await session.execute(mine.returning(Ceremony.user_id, Ceremony.held))).one_or_none()
    if row is None:
        raise CeremonyOver
    return Held(row.user_id, row.held)


async def look(session: AsyncSession, rite: Rite, secret: str) -> Held | None:
    """What was begun, without ending it."""
    row = await session.get(Ceremony, secrets.digest(secret))
    if row is None or row.rite is not rite or row.expires_at <= clock.now():
        return None
    return Held(row.user_id, row.held)


async def purge(session: AsyncSession) -> None:
    """Drop what nobody came back to."""
    await session.execute(delete(Ceremony).where(Ceremony.expires_at < func.now()))
