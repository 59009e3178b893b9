"""A figure: what was measured, beside what it was measured against, and whether that is what it must be, or the goal."""

from dataclasses import KW_ONLY, asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a figure comes to."""

    GOAL = "goal"
    MUST = "must"
    SHORT = "SHORT"
    """The must is missed: ``make bench`` ends with 1."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` in ``unit``, nearly always a ratio. ``at_least`` says on which side of ``must`` and ``goal`` it has to lie."""

    name: str
    """``S1``; a second requirement on the same measurement says which: ``S5 p99``."""
    value: float
    unit: str
    must: float
    detail: str
    """What else the reader wants to know, in a few words."""
    _: KW_ONLY
    at_least: bool
    goal: float | None = None
    measured: str = ""
    """The thing itself, with its unit: what the ratio's numerator was."""
    beside: str = ""
    """The reference, with its unit, as measured in the same run: its denominator."""
    digits: int = 2
    disturbed: int = 0
    """Rounds that stayed disturbed however often they were repeated. A figure with any is not worth much."""

    @property
    def ok(self) -> bool:
        """Whether the must is met."""
        return self._meets(self.must)

    @property
    def verdict(self) -> Verdict:
        """``goal`` where there is none beyond the must, and that is met."""
        if not self.ok:
            return Verdict.SHORT
        return Verdict.GOAL if self._meets(self.must if self.goal is None else self.goal) else Verdict.MUST

    def cells(self) -> tuple[str, ...]:
        """A row of the table: name, measured, beside, ratio, must, goal, verdict."""
        bound = ">=" if self.at_least else "<="
        return (
            self.name,
            self.measured,
            self.beside,
            f"{self._said(self.value)} {self.unit}",
            f"{bound} {self._said(self.must)}",
            "" if self.goal is None else f"{bound} {self._said(self.goal)}",
            f"{self.verdict}{', disturbed' if self.disturbed else ''}",
        )

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        return asdict(self) | {"ok": self.ok, "verdict": self.verdict}

    def _meets(self, bound: float) -> bool:
        return self.value >= bound if self.at_least else self.value <= bound

    def _said(self, number: float) -> str:
        return f"{number:,.{self.digits}f}"
