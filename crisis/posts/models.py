"""One table. A post's state is its deliveries' state; nothing is kept twice."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.mode import Mode


class Post(Base):
    """A unit's own text for one of its accounts, to go out at ``publish_at``."""

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("pointer_id", "account_id", name="posts_pointer_once"),
        UniqueConstraint("id", "pointer_id", name="posts_id_pointer_id_key"),
        # What goes past the gate is a pointer, word for word, to everyone, and of the same world.
        ForeignKeyConstraint(
            ["pointer_id", "mode", "text"],
            ["pointers.id", "pointers.mode", "pointers.text"],
            name="posts_pointer_id_mode_text_fkey",
        ),
        CheckConstraint("pointer_id IS NULL OR (title = '' AND audience_id IS NULL)", name="words_of_a_pointer"),
        Index("posts_released", "mode", "release_at", postgresql_where=text("release_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audiences.id"))
    title: Mapped[str] = mapped_column(Text, server_default="")
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    publish_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    release_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it goes out, or went, because its owner published it after it had been blocked: see :mod:`crisis.posts.spread`."""
    instead_of: Mapped[int | None] = mapped_column(ForeignKey("posts.id"), index=True)
    """The blocked post that it was written from, and that was dropped for it."""
    pointer_id: Mapped[int | None]
    """The pointer it publishes, if it does: then its text is the web editors'."""
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
