"""Material: everything a report is made of, read in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.channels import Capabilities
from crisis.drills.measures import evidence, service
from crisis.drills.measures.contents import Judge
from crisis.drills.measures.evidence import Evidence
from crisis.drills.measures.figure import Figure, Measured
from crisis.drills.measures.service import Run, Trend
from crisis.drills.models import DrillAnswer, Improvement, Remark
from crisis.drills.subject import Subject
from crisis.locks.reading import Around
from crisis.messages.library import Library
from crisis.mode import Mode
from crisis.settings import Settings

_HEAD = text("SELECT seq, encode(hash, 'hex') FROM audit_head WHERE id = 1")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What reading a report takes beside the database."""

    settings: Settings
    channels: Mapping[str, Capabilities]
    judge: Judge

    @classmethod
    def of(cls, settings: Settings, channels: Mapping[str, Capabilities], library: Library) -> Self:
        """With the words that the checks look for."""
        return cls(settings, channels, Judge.of(settings, library))


@dataclass(frozen=True, slots=True)
class Material:
    """``figures`` are of this run, ``before`` of the last five before it."""

    subject: Subject
    run: Evidence
    figures: Sequence[Figure]
    trends: Mapping[Measured, Trend]
    before: Sequence[Run]
    remarks: Sequence[Remark]
    """Those that no other has replaced."""
    improvements: Sequence[Improvement]
    answers: Sequence[DrillAnswer]
    head: tuple[int, str]
    """Of the audit log when it was read: number and hash."""
    read_at: datetime
    primary: str
    """The language that every message has."""
    municipality: str

    @property
    def mode(self) -> Mode:
        """Whose world it was."""
        return self.run.mode

    def figure(self, measured: Measured) -> Figure:
        """One of its figures."""
        return next(each for each in self.figures if each.measured is measured)


async def read(session: AsyncSession, subject: Subject, shelf: Shelf) -> Material:
    """Raises :class:`crisis.errors.NotFound`."""
    primary, around = shelf.settings.languages[0], Around(shelf.settings, shelf.channels)
    if subject.drill_id is not None:
        run = await evidence.of_drill(session, subject.drill_id, around, primary)
    else:
        run = await evidence.of_activation(session, subject.activation_id or 0, around, primary)
    if run.drill is not None:
        subject = Subject(drill_id=run.drill.id)
    found = service.figures(run, shelf.judge)
    before = await service.earlier(session, run, shelf.judge, around, primary)
    replaced = select(Remark.replaces_id).where(Remark.replaces_id.is_not(None))
    remarks = select(Remark).where(subject.of(Remark), Remark.id.not_in(replaced)).order_by(Remark.id)
    improvements = select(Improvement).where(subject.of(Improvement)).order_by(Improvement.due, Improvement.id)
    answers = select(DrillAnswer).where(DrillAnswer.drill_id == (subject.drill_id or 0)).order_by(DrillAnswer.id)
    head = (await session.execute(_HEAD)).one()
    return Material(
        subject,
        run,
        found,
        service.trends(run, found, before),
        before,
        (await session.scalars(remarks)).all(),
        (await session.scalars(improvements)).all(),
        (await session.scalars(answers)).all(),
        (head[0], head[1]),
        clock.now(),
        primary,
        shelf.settings.municipality,
    )
