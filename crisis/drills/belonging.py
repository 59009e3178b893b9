"""Belonging: which mode a thing belongs to, by its number: so that whoever opens it is met as who they are there."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.mode import Mode

_MODES: Final[Mapping[str, TextClause]] = {
    "activation": text("SELECT mode FROM activations WHERE id = :id"),
    "message": text("SELECT mode FROM messages WHERE id = :id"),
    "revision": text("SELECT m.mode FROM revisions r JOIN messages m ON m.id = r.message_id WHERE r.id = :id"),
    "delivery": text("SELECT mode FROM deliveries WHERE id = :id"),
    "post": text("SELECT mode FROM posts WHERE id = :id"),
}
THINGS: Final = tuple(_MODES)
"""What has a mode, by the word that it has in an address."""


async def mode_of(session: AsyncSession, thing: str, number: int) -> Mode | None:
    """The mode of one of :data:`THINGS`; ``None`` where there is none with this number."""
    found = (await session.execute(_MODES[thing], {"id": number})).scalar_one_or_none()
    return None if found is None else Mode(found)
