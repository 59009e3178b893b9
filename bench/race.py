"""The race: how long an activation takes to be confirmed while units are publishing. The tests' own race, asked for its clock."""

from collections.abc import Sequence

from bench.figure import Figure
from bench.ground import Ground
from tests.race.harness import race
from tests.race.senders import LONG_CALL, SLOW_COMMIT, SLOW_SHARE

SENDERS = (8, 32, 64)
ACTIVATIONS = 20
"""Per round."""
CALL_SECONDS = LONG_CALL[1]
"""The race's provider never takes longer: its call limit."""
STALL_SECONDS = SLOW_COMMIT[1]
"""How long a sender of the race at most stands still between its permit and the commit, where some do."""
IDLE_SECONDS = 0.1
"""Until a sender that found nothing due looks again. One of the product's waits for a bell, or for the sweep some seconds later;
the race itself, which wants to meet the gate in every state, looks so often that it has the processors to itself.
"""
MUST, GOAL = 1.0, 0.2
"""Seconds beyond what the activation cannot but wait for."""


def confirmation(ground: Ground, rounds: int) -> Sequence[Figure]:
    """S7: p99 of the time from activation to confirmed; the worst number of senders counts. It needs no reference but the clock.

    Twice: with senders that only publish, and with some that stand still for up to a quarter of a second in the middle of the
    transaction of their permit, as the race of the tests has it. Whoever activates waits for such a one and then for its call.
    """
    return (
        _figure(ground, rounds, "S7", CALL_SECONDS, f"{CALL_SECONDS} s, the longest call", stalls=0.0),
        _figure(
            *(ground, rounds, "S7 stalled", CALL_SECONDS + STALL_SECONDS),
            f"{CALL_SECONDS + STALL_SECONDS:.2f} s, the longest stall and call",
            stalls=SLOW_SHARE,
        ),
    )


def _figure(ground: Ground, rounds: int, name: str, waited: float, beside: str, *, stalls: float) -> Figure:
    found = {
        senders: race(ground.database(), rounds=ACTIVATIONS * rounds, senders=senders, stalls=stalls, idle=IDLE_SECONDS)
        for senders in SENDERS
    }
    if broken := {senders: outcome.violations for senders, outcome in found.items() if outcome.violations}:
        raise RuntimeError(f"The lock did not hold, so its speed means nothing. Violations by senders: {broken}.")
    sizes = ", ".join(f"{senders} senders {outcome.p(0.99):.3f}" for senders, outcome in found.items())
    worst = max(outcome.p(0.99) for outcome in found.values())
    detail = f"{sizes}; calls of up to {CALL_SECONDS} s; {ACTIVATIONS * rounds} activations each"
    return Figure(
        *(name, worst, "s to confirmed, p99", MUST + waited, detail),
        at_least=False,
        goal=GOAL + waited,
        measured=f"{worst:.3f} s",
        beside=beside,
        digits=3,
    )
