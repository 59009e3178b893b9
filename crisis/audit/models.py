"""The audit log's two tables. Triggers in the migration refuse UPDATE, DELETE and TRUNCATE on ``audit``."""

from sqlalchemy import BigInteger, Computed, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base


class Entry(Base):
    """One act on record. Everything is in ``record``; the columns beside it are computed from it by PostgreSQL."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    record: Mapped[str] = mapped_column(Text)
    """Canonical JSON: sorted keys, no spaces, exactly the bytes that were hashed."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the previous entry's hash followed by ``record``."""
    action: Mapped[str] = mapped_column(Text, Computed("(record::jsonb ->> 'action')", persisted=True), index=True)
    mode: Mapped[str | None] = mapped_column(Text, Computed("(record::jsonb ->> 'mode')", persisted=True))


class Head(Base):
    """The newest entry: one row, locked while an entry is appended. Shows a log whose end was cut off."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
