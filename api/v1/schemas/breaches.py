"""Breaches as JSON: posts that are not ours, how they were dealt with, and how well the accounts are watched."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.v1.schemas.shape import Shape
from crisis.mode import Mode
from crisis.schedules.models import PlannedState
from crisis.watch.breaches import Standing
from crisis.watch.coverage import Sight
from crisis.watch.models import BreachState
from crisis.watch.service import NAME_MOST, SAID_MOST


class BreachOut(Shape):
    """A post that came out on a watched account during a lock, and is not ours."""

    id: int
    mode: Mode
    activation_id: int
    account_id: int
    channel: str
    account: str
    unit: str
    reference: str = Field(description="The platform's id of it.")
    url: str | None
    author: str | None = Field(description="Who, where the platform told.")
    text: str
    posted_at: datetime
    seconds_after_lock: float
    found_at: datetime
    state: BreachState
    handled_by: str | None
    handled_at: datetime | None
    note: str | None
    refused: str | None = Field(description="What stood in the way the last time it was to be taken down.")

    @classmethod
    def of(cls, breach: Standing) -> Self:
        """From the domain's."""
        values = {name: getattr(breach, name) for name in cls.model_fields if name != "seconds_after_lock"}
        return cls(**values, seconds_after_lock=breach.after.total_seconds())


class ContactIn(Shape):
    """Who was reached about it, and what was said."""

    reached: str = Field(min_length=1, max_length=NAME_MOST, examples=["Kari Holm"])
    said: str = Field(min_length=1, max_length=SAID_MOST, examples=["Tar det ned selv innen ti minutter."])


class AcceptIn(Shape):
    """Why it may stand."""

    reason: str = Field(min_length=1, max_length=SAID_MOST)


class TakenDownOut(Shape):
    """What came of asking the platform to take it down."""

    is_gone: bool = Field(description="Read back as gone. False: see `answer`; a person must do something.")
    answer: str
    breach: BreachOut


class CoveredOut(Shape):
    """How well one account is watched."""

    account_id: int
    channel: str
    account: str
    unit: str
    sight: Sight
    by_feed: bool
    every: float | None = Field(description="Seconds between two looks, where it is watched.")
    looked_at: datetime | None = Field(description="The last look that showed something, or that there was nothing.")
    next_at: datetime | None
    failing_since: datetime | None
    error: str | None


class PlannedOut(Shape):
    """A post that was scheduled inside its platform when the lock fell, or during it: our copy."""

    id: int
    mode: Mode
    activation_id: int
    account_id: int
    channel: str
    account: str
    unit: str
    reference: str
    title: str
    text: str
    author: str | None
    url: str | None
    due_at: datetime = Field(description="When it was to go out.")
    state: PlannedState
    error: str | None
    post_id: int | None = Field(description="The blocked post that its owner decides about.")
    found_at: datetime
    changed_at: datetime
    attributes: dict[str, str] = Field(description="What else there was to it: a link, pictures.")
