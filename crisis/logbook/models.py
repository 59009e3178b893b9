"""Two tables. A trigger refuses to change or delete a row of either; the audit log holds a digest of each note beside."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Text, UniqueConstraint, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.mode import Mode
from crisis.roles import Actor, Role


class Party(StrEnum):
    """Who has read a message, for the crisis staff's purposes."""

    SWITCHBOARD = "switchboard"
    EMPLOYEES = "employees"
    SPOKESPERSON = "spokesperson"
    UNIT = "unit"
    STAFF = "staff"

    @classmethod
    def of(cls, actor: Actor) -> "Party":
        """Whom somebody speaks for when they say that they have read something."""
        own = {Role.SWITCHBOARD: cls.SWITCHBOARD, Role.SPOKESPERSON: cls.SPOKESPERSON, Role.UNIT: cls.UNIT}
        return own.get(actor.role, cls.STAFF)


class Note(Base):
    """What somebody wrote in the log. Mended by another note, never in place."""

    __tablename__ = "log_notes"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int] = mapped_column(ForeignKey("activations.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    told_by: Mapped[str | None] = mapped_column(Text)
    """Who told it, where that is not who wrote it: "Politiets innsatsleder"."""
    happened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it happened, where that is not when it was written."""
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("log_notes.id"))
    """The note that this one puts right."""
    once: Mapped[UUID | None] = mapped_column(Uuid, unique=True)
    """The form that it came with: sent twice, it is written once."""
    written_by: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(words(Role))
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Acknowledgement(Base):
    """Somebody has read a revision, or says that others have."""

    __tablename__ = "acknowledgements"
    __table_args__ = (UniqueConstraint("revision_id", "party", "by"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    party: Mapped[Party] = mapped_column(words(Party))
    by: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(words(Role))
    unit: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
