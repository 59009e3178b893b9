"""Four tables: renditions (the frozen text), deliveries (the outbox), attempts and receipts (both append-only)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.deliveries.sights import Sight
from crisis.deliveries.states import DeliveryState, WithdrawalState
from crisis.lanes import Lane
from crisis.mode import Mode


class Rendition(Base):
    """The frozen text of a revision, of a unit's post or of a notification, for one channel and language. Never changed after approval."""

    __tablename__ = "renditions"
    __table_args__ = (
        UniqueConstraint("revision_id", "channel", "language", name="renditions_revision_id_channel_language_key"),
        UniqueConstraint("id", "mode", "gated", name="renditions_id_mode_gated_key"),
        ForeignKeyConstraint(
            ["post_id", "pointer_id"], ["posts.id", "posts.pointer_id"], name="renditions_post_id_pointer_id_fkey"
        ),
        CheckConstraint("num_nonnulls(revision_id, post_id, notification_id) = 1", name="of_one_thing"),
        CheckConstraint("pointer_id IS NULL OR post_id IS NOT NULL", name="pointer_of_a_post"),
        Index("renditions_post_id_idx", "post_id"),
        Index("renditions_notification_id_idx", "notification_id", unique=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    notification_id: Mapped[int | None] = mapped_column(ForeignKey("notifications.id"))
    pointer_id: Mapped[int | None]
    """Its post's, where that publishes one."""
    gated: Mapped[bool] = mapped_column(Computed("post_id IS NOT NULL AND pointer_id IS NULL", persisted=True))
    """A unit's own words: they start with a permit or not at all."""
    channel: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    length: Mapped[int]
    """In the channel's own unit."""
    thread: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    next_update_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Delivery(Base):
    """The duty to put one rendition out through one account, to one recipient where the channel has them."""

    __tablename__ = "deliveries"
    __table_args__ = (
        # A delivery can never have another mode than its text: an exercise's text cannot become an actual delivery. And a
        # unit's own words can be in no lane but the one that the gate stops, nor anything else in that one.
        ForeignKeyConstraint(
            ["rendition_id", "mode", "gated"],
            ["renditions.id", "renditions.mode", "renditions.gated"],
            name="deliveries_rendition_id_mode_gated_fkey",
        ),
        CheckConstraint("gated = (lane = 'unit')", name="gated"),
        # Approving twice is harmless. Of recipients who were erased there may be many: their deliveries stay without them.
        UniqueConstraint("recipient_id", "rendition_id", "account_id", name="deliveries_once"),
        Index(
            "deliveries_once_in_public",
            "rendition_id",
            "account_id",
            unique=True,
            postgresql_where=text("lane = 'public'"),
        ),
        Index(
            "deliveries_due", "mode", "lane", "due_at", "id", postgresql_where=text("state IN ('ready', 'retry_wait')")
        ),
        Index(
            "deliveries_held", "mode", "lane", "lease_until", postgresql_where=text("state IN ('leased', 'in_flight')")
        ),
        # By where it goes: a person, through whatever account, or an account itself.
        Index(
            "deliveries_in_flight",
            text("coalesce(recipient_id, (- account_id)::bigint)"),
            postgresql_where=text("state = 'in_flight'"),
        ),
        Index("deliveries_unknown", "mode", "lane", "due_at", postgresql_where=text("state = 'unknown'")),
        Index(
            "deliveries_in_public",
            "mode",
            "started_at",
            postgresql_where=text("lane = 'public' AND state IN ('accepted', 'sent', 'delivered')"),
        ),
        # Text messages carry our own id back and need no look-up by the provider's.
        Index(
            "deliveries_reference",
            "reference",
            postgresql_where=text("reference IS NOT NULL AND recipient_id IS NULL"),
        ),
        {"postgresql_with": {"fillfactor": "70"}},  # room for the states to come on the same page
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    lane: Mapped[Lane] = mapped_column(words(Lane))
    gated: Mapped[bool] = mapped_column(server_default=text("false"))
    """Nothing but what its lane says, for the key above. Not generated: PostgreSQL 18 reads a generated column's expression anew
    for each row of an UPDATE that does not touch what it is made of, which was 8 % of its time while sending."""
    rendition_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    moved_from: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """The account it was meant for, where the standby carries it instead."""
    recipient_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("recipients.id", ondelete="SET NULL"))
    state: Mapped[DeliveryState] = mapped_column(words(DeliveryState), server_default=DeliveryState.READY.value)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    """Not before this; in ``unknown``, when to look next."""
    deadline_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """After this it must not go out any more."""
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    looks: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How often an unknown outcome was looked into."""
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the current or last attempt began."""
    reference: Mapped[str | None] = mapped_column(Text)
    """The provider's id of it."""
    url: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    """Why it is where it is, in words."""
    crashes: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How often its sender was lost while it held this. What that means is in ``frailty``."""
    repeated: Mapped[bool] = mapped_column(server_default=text("false"))
    """Sent once more after an unknown outcome: may have arrived twice."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Attempt(Base):
    """One try at a delivery, written when its outcome is known or given up on.

    No foreign key: deliveries are never deleted, every statement that writes here takes its ids from them, and checking each
    again was a third of what a broadcast costs the database.
    """

    __tablename__ = "attempts"

    delivery_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    outcome: Mapped[str] = mapped_column(Text)
    """The state it led to."""
    code: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)


class ReceiptRow(Base):
    """The inbox: every receipt once, whether or not we know yet what it is about."""

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint(
            *("mode", "channel", "reference", "status", "word"),
            name="receipts_once",
            postgresql_nulls_not_distinct=True,
        ),
        Index("receipts_waiting", "received_at", postgresql_where=text("applied_at IS NULL")),
        Index("receipts_words", "delivery_id", postgresql_where=text("word IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    channel: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    """In our words; ``unknown`` where the provider's is none that we know."""
    word: Mapped[str | None] = mapped_column(Text)
    """The provider's own, where we do not know it."""
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    code: Mapped[str | None] = mapped_column(Text)
    raw: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    applied_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When nothing more was to be done with it; nothing while its delivery is not known or not to be had."""


class LookRow(Base):
    """The second look at one public post: what an outsider saw of it, and when to look again. Never moves the delivery."""

    __tablename__ = "looks"
    __table_args__ = (Index("looks_due", "mode", "due_at", postgresql_where=text("due_at IS NOT NULL")),)

    delivery_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("deliveries.id"), primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    sight: Mapped[Sight] = mapped_column(words(Sight), server_default=Sight.WAITING.value)
    looks: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How often it was looked at by the clock. What a person asks for does not count."""
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When to look next; nothing when there is no more looking."""
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    looked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was last seen live."""
    why: Mapped[str | None] = mapped_column(Text)
    """What was there instead, or what stood in the way, at the last look."""


class Withdrawal(Base):
    """The duty to take down what one delivery put out in public, and what came of it. One row per delivery."""

    __tablename__ = "withdrawals"
    __table_args__ = (
        Index(
            "withdrawals_due",
            "mode",
            "due_at",
            postgresql_where=text("state IN ('waiting', 'calling', 'checking')"),
        ),
    )

    delivery_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("deliveries.id"), primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    state: Mapped[WithdrawalState] = mapped_column(words(WithdrawalState), server_default=WithdrawalState.WAITING.value)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)
    """Why it is where it is, in words."""
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the provider said that it is gone."""


class SweepRow(Base):
    """When each mode was last swept: one row per mode. The standby takes over when this grows old."""

    __tablename__ = "sweeps"

    mode: Mapped[Mode] = mapped_column(words(Mode), primary_key=True)
    swept_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
