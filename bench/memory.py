"""S4: what a sender holds at most, for a million recipients beside forty thousand. It should not know how many there are.

Measured twice: as a program of its own, which holds everything it has imported; and as a child of a real worker, by what it has to
itself, since there the imports are shared (:mod:`bench.pool`). What can make it grow is what a sender keeps for each recipient it
has been through, so every recipient has to be real: nothing is scaled down. A million takes minutes, so there are fewer rounds of it:
peaks differ by a percent between rounds, not by a load.
"""

from collections.abc import Sequence
from statistics import median

from bench.broadcast import Broadcasts
from bench.figure import Figure
from bench.ground import Ground
from bench.peak import MIB
from bench.pool import own_peak
from bench.stub import stub

FEW, MANY, MANY_ROUNDS = 40_000, 1_000_000, 1
GROWTH_MUST, GROWTH_GOAL = 1.2, 1.05
PEAK_MUST, PEAK_GOAL = 128.0, 64.0
"""MiB."""


def peak(ground: Ground, rounds: int) -> Sequence[Figure]:
    """The larger run's peak beside the smaller one's, and by itself."""
    with stub(ground.folder) as provider:
        few = _peak(Broadcasts(ground, provider, FEW), rounds)
        many = _peak(Broadcasts(ground, provider, MANY), min(rounds, MANY_ROUNDS))
        own_few, own_many = (own_peak(ground, provider, people) / MIB for people in (FEW, MANY))
    measured, beside = f"{many:.0f} MiB at {MANY:,}", f"{few:.0f} MiB at {FEW:,}"
    detail = f"peak resident set of one sender process; medians of {rounds} and of {min(rounds, MANY_ROUNDS)} rounds"
    return (
        Figure(
            *("S4", many / few, f"x the peak at {FEW:,}", GROWTH_MUST, detail),
            at_least=False,
            goal=GROWTH_GOAL,
            measured=measured,
            beside=beside,
        ),
        Figure(
            *("S4 peak", max(few, many), "MiB", PEAK_MUST, "the larger of the two, everything imported included"),
            at_least=False,
            goal=PEAK_GOAL,
            measured=measured,
            beside=beside,
            digits=0,
        ),
        Figure(
            *("S4 own", max(own_few, own_many), "MiB", PEAK_MUST),
            "the most that one child of a real worker had to itself, and not shared with the others",
            at_least=False,
            goal=PEAK_GOAL,
            measured=f"{own_many:.0f} MiB at {MANY:,}",
            beside=f"{own_few:.0f} MiB at {FEW:,}",
            digits=0,
        ),
    )


def _peak(broadcasts: Broadcasts, rounds: int) -> float:
    return median(broadcasts.send(broadcasts.approve()).peak for _ in range(rounds)) / MIB
