"""One table. A post's state is its deliveries' state; nothing is kept twice."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.mode import Mode


class Post(Base):
    """A unit's own text for one of its accounts, to go out at ``publish_at``."""

    __tablename__ = "posts"
    __table_args__ = (UniqueConstraint("pointer_id", "account_id", name="posts_pointer_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audiences.id"))
    title: Mapped[str] = mapped_column(Text, server_default="")
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    publish_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    pointer_id: Mapped[int | None] = mapped_column(ForeignKey("pointers.id"))
    """The pointer it publishes, if it does: then its text is the web editors'."""
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
