"""Shown: what a resolver answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crisis.drills.models import DrillExpectation
from crisis.drills.resolving.story import Story
from crisis.playbooks.models import Expectation


@dataclass(frozen=True, slots=True)
class Asked:
    """An expectation that runs, or was missed and may still be met late."""

    expectation: Expectation
    row: DrillExpectation
    since: int
    """The entry of the audit log from which on it was asked for. What people did before was not an answer to it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """It was done, at ``at``; ``evidence`` says what shows that."""

    at: datetime
    evidence: dict[str, Any] = field(default_factory=dict)
    in_time: bool = True
    """False where it was done after a time of its own, whatever the expectation's deadline is."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """Something was done, but not all of it: ``evidence`` says what is missing."""

    evidence: dict[str, Any]


Resolver = Callable[[Asked, Story], Awaitable[Shown | Lacking | None]]
"""Tells whether what is asked was done; ``None``: nothing of it."""
