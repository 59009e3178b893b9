"""Four tables: the lists, the people, who is on which, and imports. A number lies in ``recipients`` alone, sealed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words


class Audience(Base):
    """A named list of recipients."""

    __tablename__ = "audiences"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Recipient(Base):
    """One number. Nothing else in the database, in logs, tasks or errors holds it."""

    __tablename__ = "recipients"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[bytes] = mapped_column(LargeBinary)
    """E.164, sealed; context: the fingerprint."""
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    last_two: Mapped[str] = mapped_column(Text)
    """The most that may be shown of it."""
    language: Mapped[str | None] = mapped_column(Text)
    """Preferred message language; the primary one when unset or not written."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Membership(Base):
    """A recipient is on a list."""

    __tablename__ = "memberships"
    __table_args__ = (Index("memberships_recipient_id_idx", "recipient_id"),)

    audience_id: Mapped[int] = mapped_column(ForeignKey("audiences.id", ondelete="CASCADE"), primary_key=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("recipients.id", ondelete="CASCADE"), primary_key=True)


class ImportState(StrEnum):
    """``reading``: under way. ``done``: the list is as the file says. ``failed``: nothing was changed, and why."""

    READING = "reading"
    DONE = "done"
    FAILED = "failed"


class Import(Base):
    """One file on its way into a list, and what became of it: for the page that shows it. Holds no number."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    """The audience's."""
    replace: Mapped[bool]
    state: Mapped[ImportState] = mapped_column(words(ImportState), server_default=ImportState.READING.value)
    by: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes of the file."""
    size_read: Mapped[int] = mapped_column(BigInteger, server_default="0")
    read: Mapped[int] = mapped_column(server_default="0")
    """Rows, so far or in all."""
    added: Mapped[int] = mapped_column(server_default="0")
    duplicates: Mapped[int] = mapped_column(server_default="0")
    rejected: Mapped[int] = mapped_column(server_default="0")
    rejected_lines: Mapped[list[list[Any]]] = mapped_column(JSONB, server_default="[]")
    """``[line number, reason]``, up to a limit; never what the line said."""
    unread_columns: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Why it failed: ``{"template": ..., "values": {...}}``, as :class:`crisis.said.Said` has them."""
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    heard_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    """The last sign of life from whoever reads the file."""
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
