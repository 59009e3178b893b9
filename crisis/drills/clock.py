"""Drill time: what a drill's clock says at a moment, and when it will say something. Pure; the rows are the only truth.

Drill time goes on from where it was at some speed, stands still while the drill is paused, and may be put forward. It never
goes back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Self

from crisis.drills.models import ClockRow


@dataclass(frozen=True, slots=True)
class Segment:
    """From ``at`` on, drill time goes on from ``elapsed`` seconds, at ``speed`` seconds in a second; 0 stands still."""

    at: datetime
    elapsed: float
    speed: float


class Clock:
    """The clock of one drill, of its segments in the order in which they were made."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        """Raise :class:`ValueError` for a clock that never began, and for one that goes back."""
        self.segments = tuple(segments)
        if not self.segments:
            message = "A drill's clock needs a beginning."
            raise ValueError(message)
        for before, after in pairwise(self.segments):
            if after.at < before.at or after.elapsed < _at(before, after.at) - _SLACK:
                message = f"Drill time never goes back: {before} is followed by {after}."
                raise ValueError(message)

    @classmethod
    def of(cls, rows: Iterable[ClockRow]) -> Self:
        """The clock that these rows tell, oldest first."""
        return cls(Segment(row.at, row.elapsed, row.speed) for row in rows)

    def elapsed(self, at: datetime) -> float:
        """Seconds of drill time at a moment; before the beginning, what it began with."""
        segment = next((each for each in reversed(self.segments) if each.at <= at), None)
        return self.segments[0].elapsed if segment is None else _at(segment, at)

    def wall(self, elapsed: float) -> datetime | None:
        """The first moment at which the clock says so many seconds or more, as it goes now; ``None`` while it never will."""
        for segment, after in zip(self.segments, (*self.segments[1:], None), strict=True):
            if segment.elapsed >= elapsed:
                return segment.at
            if segment.speed <= 0:
                continue
            # Rounded up, so that the clock does say it at that moment.
            moment = segment.at + timedelta(microseconds=ceil((elapsed - segment.elapsed) / segment.speed * 1e6))
            if after is None or moment < after.at:
                return moment
        return None

    @property
    def began_at(self) -> datetime:
        """When it began to go."""
        return self.segments[0].at

    @property
    def is_still(self) -> bool:
        """It stands still as it is now."""
        return self.segments[-1].speed <= 0

    @property
    def speed(self) -> float:
        """How fast it goes; while it stands still, how fast it will go again."""
        return next((each.speed for each in reversed(self.segments) if each.speed > 0), 1.0)


_SLACK = 1e-6
"""Seconds. What two roundings of the same moment may differ by."""


def _at(segment: Segment, at: datetime) -> float:
    return segment.elapsed + max(0.0, (at - segment.at).total_seconds()) * segment.speed
