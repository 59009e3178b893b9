"""What people were told to wait for, and what came late, as JSON."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.v1.schemas.shape import Shape
from crisis.deliveries.promises import Promise, PromiseState, words


class PromiseOut(Shape):
    """The next update that people were told to wait for."""

    message_id: int
    revision_id: int
    revision: int = Field(description="The number of the revision that names it.")
    next_update_at: datetime
    seconds_left: float = Field(description="By the database's clock; negative when it is overdue.")
    state: PromiseState
    words: str
    warned_at: datetime | None
    missed_at: datetime | None = Field(description="When it was put on record that it was not kept.")

    @classmethod
    def of(cls, promise: Promise) -> Self:
        """From the domain's."""
        values = {name: getattr(promise, name) for name in cls.model_fields if name != "words"}
        return cls(**values, words=words(promise))


class LateOut(Shape):
    """A revision that came after the time that the one before it had promised."""

    message_id: int
    revision: int
    revision_id: int
    promised_at: datetime
    approved_at: datetime
    seconds: float
