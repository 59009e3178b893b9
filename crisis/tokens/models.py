"""Two tables: bearer tokens and idempotency keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, LargeBinary, SmallInteger, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.roles import Role


class Token(Base):
    """A bearer token. Only its SHA-256 is kept; the token itself is shown once, when it is made."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    """Who uses it: goes on record as the actor."""
    role: Mapped[Role] = mapped_column(words(Role))
    unit: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class IdempotencyKey(Base):
    """A request that was made, and what it was answered: the same key again gets the same answer and does nothing."""

    __tablename__ = "idempotency_keys"

    token_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of method, path and body: the same key for another request is a mistake."""
    status: Mapped[int | None] = mapped_column(SmallInteger)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
