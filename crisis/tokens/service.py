"""Tokens: make, check, revoke and list the bearer tokens that scripts and pages show to the API."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, CrisisError, Invalid, NotFound
from crisis.roles import Act, Actor, Role, require
from crisis.tokens.models import Token

PREFIX = "crisis_"
"""Makes a token that leaked recognisable to those who scan for them."""
NAME_MOST = 100  # characters
_SECRET_BYTES = 32
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")  # 32 bytes in URL-safe base64

# Not every request writes, and no request waits for another one that does.
_USED = text(
    """
    UPDATE tokens SET last_used_at = now() WHERE id = (
        SELECT id FROM tokens WHERE id = :id AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
        FOR NO KEY UPDATE SKIP LOCKED)
    """
)


class NotAuthenticated(CrisisError):
    """Nobody we know. One text for every reason, so that it does not tell a stranger how near they came."""

    def __init__(self) -> None:
        super().__init__(
            "This needs a valid token, and none was given: it is malformed, unknown, expired or revoked. "
            "Ask the administrator for a new one (crisis token create)."
        )


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who showed a token, and which."""

    actor: Actor
    token_id: int


async def create_token(
    db: Database, actor: Actor, name: str, role: Role, unit: str | None = None, expires_at: datetime | None = None
) -> tuple[Token, str]:
    """Make a token; return it with its secret, ``crisis_`` and 43 characters. Nobody can read the secret again.

    ``name`` goes on record as the actor of whatever is done with it. The role ``unit`` needs a unit; ``operator`` is
    whoever holds the server's shell and gets no token. Raises :class:`Invalid`.
    """
    require(actor, Act.MANAGE_TOKENS)
    name, unit = " ".join(name.split()), " ".join((unit or "").split()) or None
    if problems := _problems(name, role, unit, expires_at):
        raise Invalid("No token was made.", problems)
    secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    token = Token(name=name, role=role, unit=unit, digest=_digest(secret), created_by=actor.name, expires_at=expires_at)
    async with db.transaction() as session:
        session.add(token)
        await session.flush()
        expiry = expires_at.isoformat() if expires_at else None
        subject = f"token:{token.id}"
        await chain.append(
            session, actor, "create_token", subject, name=name, token_role=role.value, unit=unit, expires_at=expiry
        )
    return token, secret


async def authenticate(session: AsyncSession, presented: str) -> Bearer:
    """Who shows this token. Looked up by its SHA-256, so the time it takes says nothing about any token we have.

    Notes the use once a minute at most. Raises :class:`NotAuthenticated` for whatever is not a valid token.
    """
    if not _FORM.fullmatch(presented):
        raise NotAuthenticated
    token = (await session.scalars(select(Token).where(Token.digest == _digest(presented)))).one_or_none()
    if token is None or not is_valid(token):
        raise NotAuthenticated
    await session.execute(_USED, {"id": token.id})
    return Bearer(Actor(token.name, token.role, token.unit), token.id)


def is_valid(token: Token) -> bool:
    """Neither revoked nor expired."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > clock.now())


async def revoke_token(db: Database, actor: Actor, token_id: int) -> Token:
    """Make a token worthless from its next use on. Raises :class:`NotFound`, or :class:`Conflict` if it was revoked before."""
    require(actor, Act.MANAGE_TOKENS)
    async with db.transaction() as session:
        token = await session.get(Token, token_id, with_for_update=True)
        if token is None:
            raise NotFound("token", token_id, "See: crisis token list.")
        if token.revoked_at is not None:
            raise Conflict(
                f"The token {token_id} ({token.name}) was revoked before, at {token.revoked_at:%Y-%m-%d %H:%M} UTC."
            )
        token.revoked_at = clock.now()
        await chain.append(session, actor, "revoke_token", f"token:{token_id}", name=token.name)
    return token


async def list_tokens(session: AsyncSession) -> Sequence[Token]:
    """Every token ever made, newest first. No secret can be read out of one."""
    return (await session.scalars(select(Token).order_by(Token.id.desc()))).all()


def _problems(name: str, role: Role, unit: str | None, expires_at: datetime | None) -> list[str]:
    problems = []
    if not 0 < len(name) <= NAME_MOST or not name.isprintable():
        problems.append(f"The name must have 1 to {NAME_MOST} printable characters: it goes on record as who acted.")
    if role is Role.OPERATOR:
        problems.append("The operator is whoever holds the server's shell; no token can have that role.")
    if role is Role.UNIT and unit is None:
        problems.append("A token with the role unit must name its unit.")
    if unit is not None and (len(unit) > NAME_MOST or not unit.isprintable()):
        problems.append(f"The unit must have at most {NAME_MOST} printable characters.")
    if expires_at is not None and expires_at.tzinfo is None:
        problems.append("The time it expires must say its time zone.")
    elif expires_at is not None and expires_at <= clock.now():
        problems.append("The time it expires is past.")
    return problems


def _digest(secret: str) -> bytes:
    """SHA-256 is enough: the secret is 32 random bytes, not a password that could be guessed."""
    return hashlib.sha256(secret.encode()).digest()
