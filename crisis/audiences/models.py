"""Three tables: the lists, the people, and who is on which. A number lies in ``recipients`` alone, sealed."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base


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
