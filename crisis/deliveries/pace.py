"""Pace: how much a sender takes on at once, and how long it may hold what it took."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How a sender works. ``hold`` must outlast a call plus its wait for its turn."""

    concurrency: int
    batch: int
    lease_seconds: float
    call_seconds: float
    slice_seconds: float | None = None
    """Stop claiming after this long and return; the rest is for the next kick. ``None``: go on until nothing is due."""

    @property
    def hold_seconds(self) -> float:
        """How long a started row may go without a result before it counts as unknown."""
        return max(self.lease_seconds, 4 * self.call_seconds)
