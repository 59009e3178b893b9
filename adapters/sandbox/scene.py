"""Scene: what is so at one provider and no request of ours brought about. A test or a drill sets it by ``/sandbox/scenes``."""

import time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Scene(BaseModel):
    """One provider's clock, its accounts that are gone, and whether it does what it says."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    skew_seconds: Annotated[float, Field(ge=-86_400, le=86_400)] = 0.0
    """How far its clock is ahead of everyone else's: its ``Date`` headers, the times of its posts, and what it takes for due."""
    is_lying: bool = False
    """It says yes to every change of who may publish, and changes nothing."""
    gone: frozenset[str] = frozenset()
    """Accounts that were deleted there: page ids, user ids, sub-account SIDs, the sites' names."""

    def now(self) -> float:
        """Its time, in seconds."""
        return time.time() + self.skew_seconds

    def shown(self, at: float) -> float:
        """A moment of ours, by its clock."""
        return at + self.skew_seconds

    def set(self, other: "Scene") -> None:
        """Be as ``other``."""
        for name in type(self).model_fields:
            setattr(self, name, getattr(other, name))
