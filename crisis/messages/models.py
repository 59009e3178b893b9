"""Three tables: messages, their revisions, and who is in a draft just now."""

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

    @property
    def is_end(self) -> bool:
        """It asks nothing more of anybody."""
        return self in {Kind.ALL_CLEAR, Kind.RETRACTION}


class RevisionState(StrEnum):
    """From the first letter to the approval. :mod:`crisis.messages.release` has the moves."""

    DRAFT = "draft"  # may be edited
    WAITING = "waiting"  # sent for approval: held still, so that what is read is what goes out
    RETURNED = "returned"  # sent back with a reason; may be edited
    APPROVED = "approved"  # frozen and on its way out


EDITABLE = frozenset({RevisionState.DRAFT, RevisionState.RETURNED})


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
    hazard: Mapped[str | None] = mapped_column(Text)
    """What has happened, as :mod:`crisis.messages.library` names it; ``None`` for what is none of those."""


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
    """``{language: fields of Content}``. Of an approved revision whole, the primary language among them; until then as typed."""
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
    channels: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    """Those it is to go through; every connected one when empty."""
    state: Mapped[RevisionState] = mapped_column(words(RevisionState), server_default=RevisionState.DRAFT.value)
    saves: Mapped[int] = mapped_column(server_default="1")
    """Grows at every save; a save must name the one it builds on, so that two editors never overwrite each other."""
    part_saves: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """``{part: {"saves", "by", "at"}}``: the same for each part by itself. See :mod:`crisis.messages.parts`."""
    left_out: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """Translations that were not finished when it went out, as typed: what follows it begins with them."""
    authors: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    """Everyone who has saved any of it."""
    written_by: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    submitted_by: Mapped[str | None] = mapped_column(Text)
    """Who sent it for approval last."""
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    returned_by: Mapped[str | None] = mapped_column(Text)
    returned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    returned_for: Mapped[str | None] = mapped_column(Text)
    """What was to be changed; kept until it is sent for approval again."""
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Presence(Base):
    """Somebody who has a draft open. Worth :data:`crisis.messages.presence.GONE_AFTER`, and on no record."""

    __tablename__ = "presences"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[str] = mapped_column(Text)
    """The language they are in, or ``terms``."""
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
