"""Tokens as JSON."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.v1.schemas.shape import Shape
from crisis.roles import Role
from crisis.tokens.models import Token


class TokenIn(Shape):
    """Whom a token is for. ``name`` goes on record as the actor of whatever is done with it."""

    name: str = Field(max_length=1000, examples=["Nettredaksjonen"])
    role: Role
    unit: str | None = Field(default=None, max_length=1000, description="Needed for the role unit.")
    expires_at: datetime | None = None


class TokenOut(Shape):
    """A token, without its secret."""

    id: int
    name: str
    role: Role
    unit: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenMade(TokenOut):
    """A new token with its secret, which is shown this once; in a replayed answer it is null."""

    secret: str | None

    @classmethod
    def of(cls, token: Token, secret: str) -> Self:
        """From its row."""
        return cls(**TokenOut.model_validate(token).model_dump(), secret=secret)
