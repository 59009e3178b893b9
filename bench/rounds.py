"""Rounds: a figure and its reference measured in turn, several times, and what disturbed a round thrown away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

DISTURBED = 0.25
"""A round whose reference differs by more than this share from the references' median met another load than the others."""
REPEATS = 2
"""Times the wanted number of rounds that may be repeated for being disturbed; then the figure says that it is."""


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement, and the reference taken in the same seconds, in the reference's own unit: once, or before and after."""

    value: float
    references: Sequence[float]


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds that count. ``disturbed`` of them still do not agree with the others."""

    kept: Sequence[Round]
    repeated: int
    disturbed: int

    @property
    def value(self) -> float:
        """The median."""
        return median(each.value for each in self.kept)

    @property
    def reference(self) -> float:
        """The median of the references."""
        return _middle(self.kept)

    def __str__(self) -> str:
        return f"{len(self.kept)} rounds, {self.repeated} repeated"


def take(measure: Callable[[], Round], wanted: int) -> Rounds:
    """``wanted`` undisturbed rounds, or as near to that as the machine allows."""
    kept, repeated = [measure() for _ in range(wanted)], 0
    while (bad := _disturbed(kept)) and repeated < REPEATS * wanted:
        kept.remove(bad[0])
        kept.append(measure())
        repeated += 1
    return Rounds(kept, repeated, len(bad))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the others do not exceed: with few values, rather too high than too low."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _middle(kept: Sequence[Round]) -> float:
    return median(reference for each in kept for reference in each.references)


def _disturbed(kept: Sequence[Round]) -> list[Round]:
    """Those with a reference too far from the median of them all, the furthest first."""
    middle = _middle(kept)
    off = [(max(abs(reference / middle - 1) for reference in each.references), each) for each in kept]
    return [each for far, each in sorted(off, key=lambda found: -found[0]) if far > DISTURBED]
