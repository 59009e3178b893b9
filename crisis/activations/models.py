"""Four tables: activations, the playbooks they were set with, the gate (one row per mode) and permits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crisis.activations.states import ActivationState, GateState
from crisis.db import Base, words
from crisis.mode import Mode


def thread_of(activation_id: int) -> str:
    """What holds the messages of one activation together on channels that show them as one: the crisis page's thread."""
    return f"activation-{activation_id}"


class Activation(Base):
    """One declared crisis, or one exercise. At most one of a mode is not stood down: an index sees to that."""

    __tablename__ = "activations"
    __table_args__ = (
        Index("activations_one_per_mode", "mode", unique=True, postgresql_where=text("state <> 'stood_down'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[ActivationState] = mapped_column(words(ActivationState))
    epoch: Mapped[int] = mapped_column(BigInteger)
    """The gate's epoch that this activation began."""
    activated_by: Mapped[str] = mapped_column(Text)
    activated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    stood_down_by: Mapped[str | None] = mapped_column(Text)
    stood_down_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    playbook_id: Mapped[str | None] = mapped_column(Text)
    """The playbook it was set with, if it was; what of it is used is in :class:`ActivationPlaybook`."""


class ActivationPlaybook(Base):
    """What an activation uses of its playbook, as the file was then: changing the file changes no crisis that is on."""

    __tablename__ = "activation_playbooks"

    activation_id: Mapped[int] = mapped_column(ForeignKey("activations.id"), primary_key=True)
    version: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    """Of the file, in hex."""
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """As :class:`crisis.playbooks.plan.Plan` has it."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What an activation takes over of a playbook when it is set. What the plan says is nothing to the lock."""

    playbook_id: str
    version: str
    sha256: str
    plan: Mapping[str, Any]


class Gate(Base):
    """The lock itself: one row per mode. Nothing else is touched by an activation, however many accounts and posts there are."""

    __tablename__ = "gate"

    mode: Mapped[Mode] = mapped_column(words(Mode), primary_key=True)
    state: Mapped[GateState] = mapped_column(words(GateState))
    epoch: Mapped[int] = mapped_column(BigInteger)
    """Grows by one at every activation and every stand-down."""
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Permit(Base):
    """The right of one unit delivery to start. Closed by its holder, or by proof that the holder is dead; never by the clock."""

    __tablename__ = "permits"
    __table_args__ = (Index("permits_open", "mode", postgresql_where=text("closed_at IS NULL")),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    delivery_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("deliveries.id"))
    epoch: Mapped[int] = mapped_column(BigInteger)
    host: Mapped[str] = mapped_column(Text)
    """Name, boot and process namespace of the machine: see ``holders.Holder``."""
    pid: Mapped[int]
    pid_started: Mapped[int] = mapped_column(BigInteger)
    """The process's start in clock ticks since boot, so that a reused pid is not mistaken for the holder."""
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[str | None] = mapped_column(Text)
    """The delivery's state when it was closed, or ``holder_dead``."""
