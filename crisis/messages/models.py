"""Two tables: messages and their revisions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.mode import Mode


class Kind(StrEnum):
    """What a revision is. Named as CAP 1.2 means them: Alert, Update, and Cancel when the danger is over or never was."""

    ALERT = "alert"
    UPDATE = "update"
    CORRECTION = "correction"
    ALL_CLEAR = "all_clear"
    RETRACTION = "retraction"
    """False alarm. Never written: it is prepared with the alert, and ends its message."""


class RevisionState(StrEnum):
    """``draft``: may be edited. ``approved``: frozen and on its way out."""

    DRAFT = "draft"
    APPROVED = "approved"


class Message(Base):
    """One thing to say in an activation, from the alert to the all-clear."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int] = mapped_column(ForeignKey("activations.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    retracted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """It was a false alarm, and said so. Nothing follows it any more."""
    retracted_by: Mapped[str | None] = mapped_column(Text)
    retracted_for: Mapped[str | None] = mapped_column(Text)
    """The reason, for the record alone."""


class Revision(Base):
    """One numbered version of a message."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("message_id", "number", name="revisions_message_id_number_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    number: Mapped[int]
    kind: Mapped[Kind] = mapped_column(words(Kind))
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"))
    """The revision this one replaces; empty for an alert alone."""
    contents: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """``{language: Content as JSON}``, the primary language always among them."""
    next_update_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The promise: when the next message comes."""
    warned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the desk was warned that the promise is soon due."""
    missed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was put on record that the promise was not kept."""
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was taken down, or asked to be. What was in flight then is not tried again."""
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audiences.id"))
    """Who gets it by SMS; nobody when empty."""
    state: Mapped[RevisionState] = mapped_column(words(RevisionState), server_default=RevisionState.DRAFT.value)
    saves: Mapped[int] = mapped_column(server_default="1")
    """Grows at every save; a save must name the one it builds on, so that two editors never overwrite each other."""
    written_by: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
