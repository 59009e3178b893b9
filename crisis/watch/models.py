"""Two tables: when each account was last looked at, and the posts that are not ours."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.mode import Mode


class AccountWatch(Base):
    """The duty to look at one account while an activation is in force."""

    __tablename__ = "watches"
    __table_args__ = (
        UniqueConstraint("activation_id", "account_id", name="watches_activation_id_account_id_key"),
        Index("watches_due", "mode", "next_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int] = mapped_column(ForeignKey("activations.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    looked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The last look that showed something, or that there was nothing: how fresh it is."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """Looks in a row that showed nothing, because something went wrong."""
    error: Mapped[str | None] = mapped_column(Text)
    is_absent: Mapped[bool] = mapped_column(server_default="false")
    """The account is not at the platform any more."""
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BreachState(StrEnum):
    """What was done about a breach."""

    OPEN = "open"
    """Nobody has dealt with it."""
    CONTACTED = "contacted"
    """Its owner has been contacted."""
    TAKEN_DOWN = "taken_down"
    ACCEPTED = "accepted"
    """The editors let it stand."""


class Breach(Base):
    """A post that came out on a watched account during a lock, and is not in our ledger."""

    __tablename__ = "breaches"
    __table_args__ = (
        UniqueConstraint("activation_id", "account_id", "reference", name="breaches_once"),
        Index("breaches_open", "mode", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int] = mapped_column(ForeignKey("activations.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    reference: Mapped[str] = mapped_column(Text)
    """The platform's id of it."""
    url: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    posted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """By our own clock: when it was found, less its age by the platform's clock."""
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    state: Mapped[BreachState] = mapped_column(words(BreachState), server_default=BreachState.OPEN.value)
    handled_by: Mapped[str | None] = mapped_column(Text)
    handled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    note: Mapped[str | None] = mapped_column(Text)
    """What whoever handled it wrote."""
    refused: Mapped[str | None] = mapped_column(Text)
    """What stood in the way the last time it was to be taken down, if it is still there."""
