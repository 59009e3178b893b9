"""The tables of drills. Everything in them belongs to the mode ``exercise``, but for improvements, which a real crisis has too.

A drill keeps the playbook as it was read, so that changing the file changes no drill. Drill time is what :class:`ClockRow`
says and nothing else. What people do in a drill stands where it always stands: in the audit log, the deliveries, the logbook.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Float, ForeignKey, Index, Text, UniqueConstraint, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.drills.states import DrillState, ExpectationState, InjectState
from crisis.mode import Mode


class Drill(Base):
    """One run of a playbook. At most one is not over: an index sees to that."""

    __tablename__ = "drills"
    __table_args__ = (
        Index(
            "drills_one_at_a_time", text("(true)"), unique=True, postgresql_where=text("state IN ('running', 'paused')")
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    playbook_id: Mapped[str] = mapped_column(Text)
    playbook_version: Mapped[str] = mapped_column(Text)
    playbook_sha256: Mapped[str] = mapped_column(Text)
    """Of the file, in hex."""
    playbook: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The document as it was read."""
    state: Mapped[DrillState] = mapped_column(words(DrillState))
    activation_id: Mapped[int | None] = mapped_column(ForeignKey("activations.id"), unique=True)
    """The exercise's activation, once somebody has set the crisis staff in it."""
    autoplay: Mapped[bool] = mapped_column(server_default="false")
    """Nobody plays: a machine does what is expected."""
    secret: Mapped[bytes]
    """What the links to its questionnaire are signed with."""
    glass_word: Mapped[str] = mapped_column(Text)
    """What lets a player in while the exercise's signing in "does not answer". Worth nothing anywhere else."""
    began_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The number in the audit log of its start. What people did in it comes after that."""
    conducted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When a conductor last looked at it, give or take some seconds."""
    started_by: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    """What the exercise leader said who stopped it; else a :class:`crisis.drills.states.EndReason`."""


class ClockRow(Base):
    """From ``at`` on, drill time goes on from ``elapsed`` at ``speed``. Rows are only added; the last one holds."""

    __tablename__ = "drill_clock"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    drill_id: Mapped[int] = mapped_column(ForeignKey("drills.id"), index=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    elapsed: Mapped[float] = mapped_column(Float(53))
    """Seconds of drill time."""
    speed: Mapped[float] = mapped_column(Float(53))
    """Seconds of drill time in a second; 0 while it is paused."""
    by: Mapped[str] = mapped_column(Text)


class DrillInject(Base):
    """How one inject of the playbook stands. Times with ``elapsed`` in their name are seconds of drill time."""

    __tablename__ = "drill_injects"

    drill_id: Mapped[int] = mapped_column(ForeignKey("drills.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int]
    """In the playbook: what falls due in the same moment goes in this order."""
    state: Mapped[InjectState] = mapped_column(words(InjectState), server_default=InjectState.WAITING.value)
    due_elapsed: Mapped[float | None] = mapped_column(Float(53))
    """Unknown until what it follows has happened."""
    decided_elapsed: Mapped[float | None] = mapped_column(Float(53))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(Text)
    """Who fired or skipped it; ``system`` where its time had come. While it waits: who wants it fired now."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it was skipped: a :class:`crisis.drills.states.SkipReason`. Of a fired one, in words: what it could not do."""
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="SET NULL"))
    """The unit's post that it made."""


class DrillExpectation(Base):
    """How one expectation of the playbook stands. Times with ``elapsed`` in their name are seconds of drill time."""

    __tablename__ = "drill_expectations"

    drill_id: Mapped[int] = mapped_column(ForeignKey("drills.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int]
    state: Mapped[ExpectationState] = mapped_column(
        words(ExpectationState), server_default=ExpectationState.WAITING.value
    )
    begun_elapsed: Mapped[float | None] = mapped_column(Float(53))
    due_elapsed: Mapped[float | None] = mapped_column(Float(53))
    done_elapsed: Mapped[float | None] = mapped_column(Float(53))
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """What shows that it was done: ``{"seq": number in the audit log, ...}``."""
    judged_by: Mapped[str | None] = mapped_column(Text)
    """The exercise leader's name, where a person decided."""
    note: Mapped[str | None] = mapped_column(Text)
    """What they said about it."""


class DrillPlayer(Base):
    """Somebody plays a part. One person may have several, and several people one."""

    __tablename__ = "drill_players"
    __table_args__ = (
        Index("drill_players_once", "drill_id", "name", "part", unique=True, postgresql_where=text("left_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    drill_id: Mapped[int] = mapped_column(ForeignKey("drills.id"))
    name: Mapped[str] = mapped_column(Text)
    """As it stands on record."""
    part: Mapped[str] = mapped_column(Text)
    """The id of a role in the playbook."""
    playing: Mapped[bool] = mapped_column(server_default="true")
    """The part that somebody with several of them plays now."""
    through_glass: Mapped[bool] = mapped_column(server_default="false")
    """Has come in with the emergency word, while the exercise's signing in did not answer."""
    joined_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    left_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class InjectSight(Base):
    """Somebody saw an inject."""

    __tablename__ = "drill_inject_sights"
    __table_args__ = (UniqueConstraint("drill_id", "key", "by"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    drill_id: Mapped[int] = mapped_column(ForeignKey("drills.id"))
    key: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class Observation(Base):
    """What an observer wrote. Added to, never changed."""

    __tablename__ = "drill_observations"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    drill_id: Mapped[int] = mapped_column(ForeignKey("drills.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    objective: Mapped[str | None] = mapped_column(Text)
    """The id of an objective in the playbook."""
    once: Mapped[UUID | None] = mapped_column(Uuid, unique=True)
    """The form that it came with: sent twice, it is written once."""
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    elapsed: Mapped[float] = mapped_column(Float(53))


class DrillAnswer(Base):
    """What one player answered when it was over. Says nothing of who."""

    __tablename__ = "drill_answers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    drill_id: Mapped[int] = mapped_column(ForeignKey("drills.id"), index=True)
    part: Mapped[str | None] = mapped_column(Text)
    """The id of a role in the playbook, where they said it."""
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """``{question's id: a number on its scale, or words}``."""
    once: Mapped[UUID] = mapped_column(Uuid, unique=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class ImprovementState(StrEnum):
    """Where an improvement is."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class Improvement(Base):
    """Something to be better at, with who sees to it and by when. Stays on the start page until it is done or dropped."""

    __tablename__ = "improvements"

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int | None] = mapped_column(ForeignKey("activations.id"), index=True)
    drill_id: Mapped[int | None] = mapped_column(ForeignKey("drills.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text)
    due: Mapped[date] = mapped_column(Date)
    state: Mapped[ImprovementState] = mapped_column(words(ImprovementState), server_default=ImprovementState.OPEN.value)
    outcome: Mapped[str | None] = mapped_column(Text)
    """What was done, or why it was dropped."""
    written_by: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    closed_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Verdict(StrEnum):
    """What a remark in the report is about."""

    WENT_WELL = "went_well"
    MUST_CHANGE = "must_change"


class Remark(Base):
    """What the reporter says in the report, of a drill or of a real crisis. Changed by another that replaces it."""

    __tablename__ = "report_remarks"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Mode] = mapped_column(words(Mode))
    activation_id: Mapped[int | None] = mapped_column(ForeignKey("activations.id"), index=True)
    drill_id: Mapped[int | None] = mapped_column(ForeignKey("drills.id"), index=True)
    verdict: Mapped[Verdict] = mapped_column(words(Verdict))
    text: Mapped[str] = mapped_column(Text)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("report_remarks.id"), unique=True)
    once: Mapped[UUID | None] = mapped_column(Uuid, unique=True)
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
