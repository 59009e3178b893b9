"""A figure: what was measured, beside what it must be, and the one line that says so."""

from dataclasses import KW_ONLY, asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` in ``unit``. ``at_least`` says on which side of ``must`` it has to lie."""

    name: str
    value: float
    unit: str
    must: float
    detail: str
    """What else the reader wants to know, in a few words."""
    _: KW_ONLY
    at_least: bool
    digits: int = 2
    disturbed: int = 0
    """Rounds that stayed disturbed however often they were repeated. A figure with any is not worth much."""

    @property
    def ok(self) -> bool:
        """Whether the must is met."""
        return self.value >= self.must if self.at_least else self.value <= self.must

    def line(self) -> str:
        """``S1  0.93 x R  must 0.80  ok``, and the details."""
        measured, must = f"{self.value:,.{self.digits}f} {self.unit}", f"{self.must:,.{self.digits}f}"
        noise = f"; disturbed rounds: {self.disturbed}, measure again on a quiet machine" if self.disturbed else ""
        return f"{self.name:3} {measured:26} must {must:5} {'ok' if self.ok else 'short':6} {self.detail}{noise}"

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        return asdict(self) | {"ok": self.ok}
