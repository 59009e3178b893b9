"""Rounds: a figure and its reference measured in turn, several times, and what disturbed a round thrown away.

Two things betray a disturbed round: its reference is far from the other references, or others took a share of the machine
meanwhile (:class:`bench.machine.Bystanders`). Such a round is measured again, as often as there are rounds wanted; if the
machine does not come to rest by then, the figure says how many disturbed rounds are left in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from bench.machine import OTHERS, Bystanders

DISTURBED = 0.25
"""A round whose reference differs by more than this share from the references' median met another load than the others."""
REPEATS = 1
"""Times the wanted number of rounds that may be repeated for being disturbed; then the figure says that it is."""


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement, and the reference taken in the same seconds, in the reference's own unit: once, or before and after.

    ``others`` is the share of the machine that others took; :func:`take` fills it in.
    """

    value: float
    references: Sequence[float]
    others: float = 0.0


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

    @property
    def others(self) -> float:
        """The share of the machine that others took in the worst of these rounds."""
        return max(each.others for each in self.kept)

    def __str__(self) -> str:
        low, high = min(each.value for each in self.kept), max(each.value for each in self.kept)
        return f"{len(self.kept)} rounds ({low:.3g} to {high:.3g}), {self.repeated} repeated, others at most {self.others:.0%}"


def take(measure: Callable[[], Round], wanted: int) -> Rounds:
    """``wanted`` undisturbed rounds, or as near to that as the machine allows."""
    kept, repeated = [_watched(measure) for _ in range(wanted)], 0
    while (bad := _disturbed(kept)) and repeated < REPEATS * wanted:
        kept.remove(bad[0])
        kept.append(_watched(measure))
        repeated += 1
    return Rounds(kept, repeated, len(bad))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the others do not exceed: with few values, rather too high than too low."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _watched(measure: Callable[[], Round]) -> Round:
    bystanders = Bystanders()
    found = measure()
    return replace(found, others=bystanders.share())


def _middle(kept: Sequence[Round]) -> float:
    return median(reference for each in kept for reference in each.references)


def _disturbed(kept: Sequence[Round]) -> list[Round]:
    """Those that met another load than the rest, or a busy machine; the worst first."""
    middle = _middle(kept)

    def off(each: Round) -> float:
        drift = max(abs(reference / middle - 1) for reference in each.references)
        return max(drift / DISTURBED, each.others / OTHERS)

    return sorted((each for each in kept if off(each) > 1), key=off, reverse=True)
