"""Links: the one tap by which somebody without a login answers. ``{public_url}/k/<token>``.

A token is 128 random bits in base32, so that it survives being read aloud and every telephone's guess at where a link ends. Its
SHA-256 alone is kept; the token itself is in the text that carries it. It is good for one thing, answering one notification, until
72 hours have gone or the activation is over. Opening it changes nothing: mail scanners and previews follow links.
"""

import hashlib
import re
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.mode import Mode
from crisis.notifications.models import Part

LASTS: Final = timedelta(hours=72)
"""How long a link may be used, while its activation is in force."""
PATH: Final = "/k/"
_BYTES = 16
_TOKEN = re.compile(r"[a-z2-7]{26}")

_FIND = text(
    """
    SELECT n.id, n.mode, n.activation_id, n.contact_id, n.kind, n.created_at, n.expires_at, c.unit, c.name, c.part, c.language,
           a.title, a.activated_by, a.activated_at, a.stood_down_at,
           now() >= coalesce(n.expires_at, 'infinity') AS is_expired,
           f.acknowledged_at, f.acknowledged_by, f.acknowledged_way
    FROM notifications n JOIN contacts c ON c.id = n.contact_id JOIN activations a ON a.id = n.activation_id
    LEFT JOIN LATERAL (
        SELECT o.acknowledged_at, o.acknowledged_by, o.acknowledged_way FROM notifications o
        WHERE o.activation_id = n.activation_id AND o.contact_id = n.contact_id AND o.acknowledged_at IS NOT NULL
        ORDER BY o.acknowledged_at LIMIT 1
    ) AS f ON true
    WHERE n.token_hash = :digest
    """
)


class LinkState(StrEnum):
    """What can be done with a link."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    """By this contact, with this link or another."""
    EXPIRED = "expired"
    """It is older than 72 hours, and nobody answered by it."""
    OVER = "over"
    """The activation was stood down."""


@dataclass(frozen=True, slots=True)
class Link:
    """One notification as its link finds it."""

    id: int
    mode: Mode
    activation_id: int
    contact_id: int
    kind: str
    created_at: datetime
    unit: str
    name: str
    part: Part
    language: str | None
    title: str
    activated_by: str
    activated_at: datetime
    stood_down_at: datetime | None
    is_expired: bool
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_way: str | None

    @property
    def state(self) -> LinkState:
        """What can be done with it now."""
        if self.acknowledged_at is not None:
            return LinkState.ACKNOWLEDGED
        if self.stood_down_at is not None:
            return LinkState.OVER
        return LinkState.EXPIRED if self.is_expired else LinkState.OPEN


def make() -> tuple[str, bytes]:
    """A new token, and what is kept of it."""
    token = b32encode(secrets.token_bytes(_BYTES)).decode().rstrip("=").lower()
    return token, digest(token)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def address(public_url: str, token: str) -> str:
    """Where the link goes."""
    return f"{public_url.rstrip('/')}{PATH}{token}"


async def find(session: AsyncSession, token: str) -> Link | None:
    """What a token is for; ``None`` where there is no such token. Capitals are taken too: some keyboards begin with one."""
    written = token.casefold()
    if not _TOKEN.fullmatch(written):
        return None
    row = (await session.execute(_FIND, {"digest": digest(written)})).mappings().one_or_none()
    if row is None:
        return None
    values = {name: row[name] for name in Link.__slots__}
    return Link(**values | {"mode": Mode(row["mode"]), "part": Part(row["part"])})
