"""One table: each account's lever in each activation, with what was so before."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.levers.states import LeverState
from crisis.mode import Mode


class AccountLever(Base):
    """The duty to take the right to publish on one account from others, and to give it back."""

    __tablename__ = "levers"
    __table_args__ = (
        UniqueConstraint("activation_id", "account_id", name="levers_activation_id_account_id_key"),
        Index(
            "levers_due",
            "mode",
            "due_at",
            postgresql_where=text("state <> 'restored'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int] = mapped_column(ForeignKey("activations.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    state: Mapped[LeverState] = mapped_column(words(LeverState), server_default=LeverState.WANTED.value)
    saved: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """What was so before anything was changed, as :meth:`crisis.channel_access.Access.to_json` has it. Never changed again; whoever
    is given the right to publish during the lock is added when it is taken from them, too."""
    address: Mapped[str | None] = mapped_column(Text)
    """Where the account was when that was saved: there it is given back, wherever the account has been connected to since."""
    found: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """What the last reading back showed."""
    held_back: Mapped[bool] = mapped_column(server_default="false")
    """Stays taken after the stand-down, until somebody gives it back to this unit: said by a person before it."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    """Of what it is doing now."""
    error: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the platform last said who can publish: what is in ``found``."""
    pulled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When reading back first showed what it came to."""
    restored_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
