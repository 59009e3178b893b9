"""Playbooks as JSON."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Self

from pydantic import Field

from api.v1.schemas.shape import Shape
from crisis.playbooks.models import Status
from crisis.playbooks.shelf import Entry


class FaultOut(Shape):
    """One thing that is wrong with a playbook's file."""

    line: int
    key: str = Field(examples=["injects[2].via"])
    said: str
    nearest: str | None = Field(description="What was perhaps meant.")


class PlaybookRow(Shape):
    """One file of the folder. One that cannot be used has faults, and nothing else is known of it."""

    id: str = Field(description="The file's name without its ending.")
    title: dict[str, str] | None
    version: str | None
    status: Status | None
    hazard: str | None
    review_by: date | None
    overdue: bool = Field(description="It should have been looked through by now. It can be used all the same.")
    sha256: str | None = Field(description="Of the file.")
    faults: list[FaultOut]

    @classmethod
    def of(cls, entry: Entry, today: date) -> Self:
        """From the shelf's."""
        return cls(**_row(entry, today))


class PlaybookOut(PlaybookRow):
    """One playbook, whole."""

    document: dict[str, Any] | None = Field(
        description="As the file has it, in the keys of playbook/1; see docs/playbooks.md."
    )

    @classmethod
    def of_whole(cls, entry: Entry, today: date, *, with_exercise: bool) -> Self:
        """From the shelf's; without what comes in the exercise, unless it is to be there."""
        document = None
        if entry.playbook is not None:
            hidden = None if with_exercise else {"injects", "expectations"}
            document = entry.playbook.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=hidden)
        return cls(**_row(entry, today), document=document)


def _row(entry: Entry, today: date) -> Mapping[str, Any]:
    held = entry.playbook
    return {
        "id": entry.id,
        "title": dict(held.title.root) if held else None,
        "version": held.version if held else None,
        "status": held.status if held else None,
        "hazard": held.scenario.hazard if held else None,
        "review_by": held.review_by if held else None,
        "overdue": entry.overdue(today),
        "sha256": entry.sha256 or None,
        "faults": [FaultOut.model_validate(each) for each in entry.faults],
    }
