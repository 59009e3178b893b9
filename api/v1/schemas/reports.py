"""Reports as JSON: the figures with their targets, and the report's sections in one language."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from api.v1.schemas.improvements import ImprovementOut
from api.v1.schemas.shape import Number, Shape
from crisis.drills.exporting import measured
from crisis.drills.measures.figure import Measured, Unit
from crisis.drills.models import Verdict
from crisis.drills.remarks import TEXT_MOST
from crisis.drills.report.document import Document
from crisis.drills.report.material import Material
from crisis.mode import Mode
from crisis.tongue.tongue import Speaker


class MeasureOut(Shape):
    """One figure of the run. Without a value, ``not_measured`` says why."""

    measure: Measured
    unit: Unit
    value: float | None
    target: float | None
    met: bool | None = Field(description="Null where there is no value or no target.")
    not_measured: str | None
    median_of_last_five: float | None = Field(description="Of the runs before this one.")


class RemarkOut(Shape):
    """What the reporter says."""

    id: int
    verdict: Verdict
    text: str
    by: str
    at: datetime


class RemarkIn(Shape):
    """What went well or must change."""

    verdict: Verdict
    text: str = Field(max_length=4 * TEXT_MOST)
    replaces: Number | None = Field(default=None, description="The remark whose place it takes.")
    once: UUID | None = Field(default=None, description="Sent twice with the same, it is written once.")


class SectionOut(Shape):
    """A part of the report. Each block says by ``kind`` what it is: paragraph, bullets, facts, table, plot, passage."""

    key: str
    heading: str
    blocks: list[dict[str, Any]]
    parts: list["SectionOut"]


class HeadOut(Shape):
    """The last entry of the audit log when the report was read. ``crisis audit verify --head`` proves it."""

    seq: int
    hash: str


class ReportOut(Shape):
    """A whole report, read from the log just now."""

    about: str = Field(examples=["drill:3"])
    mode: Mode
    language: str
    title: str
    subtitle: str
    read_at: datetime
    audit_head: HeadOut
    measures: list[MeasureOut]
    remarks: list[RemarkOut]
    improvements: list[ImprovementOut]
    sections: list[SectionOut]

    @classmethod
    def of(cls, found: Material, document: Document, speaker: Speaker) -> Self:
        """In the language of the document."""
        seq, digest = found.head
        return cls(
            about=found.subject.name,
            mode=found.mode,
            language=document.language,
            title=document.title,
            subtitle=document.subtitle,
            read_at=found.read_at,
            audit_head=HeadOut(seq=seq, hash=digest),
            measures=[
                MeasureOut(
                    **measured(each)
                    | {
                        "not_measured": speaker.gettext(each.why) if each.why else None,
                        "median_of_last_five": found.trends[each.measured].median,
                    }
                )
                for each in found.figures
            ],
            remarks=[RemarkOut.model_validate(each) for each in found.remarks],
            improvements=[ImprovementOut.of(each) for each in found.improvements],
            sections=[SectionOut.model_validate(each) for each in document.data()["sections"]],
        )
