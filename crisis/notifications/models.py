"""Three tables: whom to tell, what they were told, and the e-mails on their way."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.mode import Mode


class Part(StrEnum):
    """What somebody is to a unit."""

    LEADER = "leader"
    """Answers for its accounts (enhetsleder)."""
    DEPUTY = "deputy"
    """Is asked when the leader does not answer."""
    EDITOR = "editor"
    """Writes on its accounts. A contact of the web editors' own unit is told of breaches."""


class Contact(Base):
    """One person of a unit, and how to reach them. A number lies with the recipients, an address is sealed here."""

    __tablename__ = "contacts"
    __table_args__ = (Index("contacts_once", "unit", "name", unique=True, postgresql_where=text("removed_at IS NULL")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    part: Mapped[Part] = mapped_column(words(Part))
    recipient_id: Mapped[int | None] = mapped_column(ForeignKey("recipients.id"), index=True)
    """Their number, where recipients' numbers lie, sealed."""
    email: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed with the numbers' key; context ``contact:<id>``."""
    language: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class NotificationKind(StrEnum):
    """What somebody is told."""

    LOCK = "lock"
    """The lock has fallen: why, until when, what they may do, whom to call, and a link to acknowledge."""
    REMINDER = "reminder"
    """The same, to whoever has not answered."""
    ESCALATION = "escalation"
    """The leader has not answered; the deputy is asked."""
    BREACH = "breach"
    """To the web editors: a post that is not ours is out."""
    PLANNED = "planned"
    """To its owner: a post waits inside the platform and must be taken out by hand."""
    RELEASE = "release"
    """The lock is over; what was blocked waits for them."""


class Notification(Base):
    """One person told one thing, by every way there is to reach them."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index(
            "notifications_once",
            "activation_id",
            "contact_id",
            "kind",
            text("coalesce(breach_id, 0)"),
            text("coalesce(planned_post_id, 0)"),
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int] = mapped_column(ForeignKey("activations.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    kind: Mapped[NotificationKind] = mapped_column(words(NotificationKind))
    breach_id: Mapped[int | None] = mapped_column(ForeignKey("breaches.id"))
    planned_post_id: Mapped[int | None] = mapped_column(ForeignKey("planned_posts.id"))
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    """Its text message; nothing where it goes by e-mail alone. No foreign key: deliveries are never deleted, and theirs points here."""
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the link's token, for the kinds that are acknowledged."""
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The link's end."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    acknowledged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    """The contact's own name, or that of the editor who heard it from them."""
    acknowledged_way: Mapped[str | None] = mapped_column(Text)
    """``link``, ``desk``, or ``telephone`` where an editor wrote it down."""


class EmailState(StrEnum):
    """Where an e-mail is. Sending one again is harmless: it carries the same Message-ID."""

    READY = "ready"
    SENT = "sent"
    """The mail server took it."""
    REFUSED = "refused"
    """The mail server refused it for good: the address is wrong, say."""
    DEAD = "dead"
    """Tried in vain for as long as it was worth anything."""


class Email(Base):
    """One notification by e-mail: the outbox."""

    __tablename__ = "emails"
    __table_args__ = (Index("emails_due", "mode", "due_at", postgresql_where=text("state = 'ready'")),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    notification_id: Mapped[int] = mapped_column(ForeignKey("notifications.id"), unique=True)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(Text)
    state: Mapped[EmailState] = mapped_column(words(EmailState), server_default=EmailState.READY.value)
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
