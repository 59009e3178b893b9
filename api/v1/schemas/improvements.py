"""Improvements as JSON."""

from datetime import date, datetime
from typing import Self

from pydantic import Field

from api.v1.schemas.shape import Shape
from crisis.drills.improvements import OUTCOME_MOST, OWNER_MOST, TEXT_MOST, is_overdue
from crisis.drills.models import Improvement, ImprovementState
from crisis.mode import Mode


class ImprovementIn(Shape):
    """What is to be better, who sees to it and by when."""

    text: str = Field(max_length=4 * TEXT_MOST)
    owner: str = Field(max_length=4 * OWNER_MOST)
    due: date


class OutcomeIn(Shape):
    """Whether it is done or dropped, with what was done or why not."""

    state: ImprovementState = Field(description="`done` or `dropped`.")
    outcome: str = Field(max_length=4 * OUTCOME_MOST)


class ImprovementOut(Shape):
    """One of them. It is about a drill or an activation."""

    id: int
    mode: Mode
    drill_id: int | None
    activation_id: int | None
    text: str
    owner: str
    due: date
    is_overdue: bool
    state: ImprovementState
    outcome: str | None
    written_by: str
    written_at: datetime
    closed_by: str | None
    closed_at: datetime | None

    @classmethod
    def of(cls, each: Improvement) -> Self:
        """With whether its day has passed."""
        shown = {name: getattr(each, name) for name in cls.model_fields if name != "is_overdue"}
        return cls(**shown, is_overdue=is_overdue(each))
