"""One table: the text that locked accounts may publish."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.mode import Mode


class Pointer(Base):
    """A text the web editors have written, and approved, for locked accounts, such as "Følg krise.fjordvik.kommune.no for informasjon"."""

    __tablename__ = "pointers"
    __table_args__ = (
        Index("pointers_one", "activation_id", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
        # What posts of it refer to: their words are these, and in this mode.
        UniqueConstraint("id", "mode", "text", name="pointers_id_mode_text_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int] = mapped_column(ForeignKey("activations.id"))
    text: Mapped[str] = mapped_column(Text)
    written_by: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    approved_by: Mapped[str | None] = mapped_column(Text)
    """Nobody while it waits for a second person, where the municipality asks for two."""
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """From then on no account can publish it. What has been published stays."""
