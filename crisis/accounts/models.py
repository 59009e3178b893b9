"""The register's table."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import DateTime, LargeBinary, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words


class AccountState(StrEnum):
    """``active``: in use. ``closed``: kept for the record; nothing is published through it."""

    ACTIVE = "active"
    CLOSED = "closed"


class Account(Base):
    """One configured outlet on a channel: a Facebook page, an X account, an SMS sender, a website."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("channel", "name", "unit", name="accounts_channel_name_unit_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text, index=True)
    leader: Mapped[str | None] = mapped_column(Text)
    """Who answers for it: the unit's leader (enhetsleder)."""
    opened_on: Mapped[date | None]
    what: Mapped[str] = mapped_column(Text, server_default="")
    why: Mapped[str] = mapped_column(Text, server_default="")
    audience: Mapped[str] = mapped_column(Text, server_default="")
    """Whom the account is for, in the unit's own words; not an audience of recipients."""
    state: Mapped[AccountState] = mapped_column(words(AccountState), server_default=AccountState.ACTIVE.value)
    address: Mapped[str | None] = mapped_column(Text)
    """The provider's public id of it (see ``AccountRef.address``); without one nothing can be published here."""
    credentials: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed JSON; context ``account:<id>``."""
    admin_credentials: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Those of the lever, apart from the publishing ones. Sealed JSON; context ``account:<id>:admin``."""
    feed_url: Mapped[str | None] = mapped_column(Text)
    """An Atom or RSS feed of what is published there, so that it can be watched also where this service does not publish."""
    only_here: Mapped[bool] = mapped_column(server_default="false")
    """Said by whoever keeps the register: nobody can publish there but through this service."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
