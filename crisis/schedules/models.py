"""Two tables: the duty to look for what is scheduled inside each account's platform, and what was found there."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.mode import Mode


class AccountSchedule(Base):
    """The duty to list what is scheduled on one account, again and again while an activation is in force."""

    __tablename__ = "schedules"
    __table_args__ = (
        UniqueConstraint("activation_id", "account_id", name="schedules_activation_id_account_id_key"),
        Index("schedules_due", "mode", "next_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int] = mapped_column(ForeignKey("activations.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    listed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The last time the list was had, and everything on it was dealt with."""
    failures: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None] = mapped_column(Text)
    is_absent: Mapped[bool] = mapped_column(server_default="false")
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PlannedState(StrEnum):
    """What became of a post that was scheduled inside its platform."""

    FOUND = "found"
    """Our copy is stored. It may still go out at its time."""
    UNSCHEDULED = "unscheduled"
    """It will not go out by itself. Its owner decides after the lock."""
    LEFT = "left"
    """The platform does not let us: its owner is told to take it out, and until then it may go out at its time."""
    GONE = "gone"
    """It was not there any more when it was to be unscheduled: published, or removed by somebody."""


class PlannedPost(Base):
    """A post that waited inside its platform when the lock fell, or was scheduled there during it: kept for its owner."""

    __tablename__ = "planned_posts"
    __table_args__ = (UniqueConstraint("activation_id", "account_id", "reference", name="planned_posts_once"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int] = mapped_column(ForeignKey("activations.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    reference: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, server_default="")
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """When it was to go out."""
    state: Mapped[PlannedState] = mapped_column(words(PlannedState), server_default=PlannedState.FOUND.value)
    error: Mapped[str | None] = mapped_column(Text)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    """Our blocked copy, where this service can publish it: its owner decides about it like about any other blocked post."""
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
