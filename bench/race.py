"""The race: how long an activation takes to be confirmed while units are publishing. The tests' own race, asked for its clock."""

from bench.figure import Figure
from bench.ground import Ground
from tests.race.harness import LONG_CALL, race

PROCESSES = 4
SENDERS = (8, 32, 64)
ACTIVATIONS = 20
"""Per round."""
CALL_SECONDS = LONG_CALL[1]
"""The race's provider never takes longer: its call limit."""
MUST, GOAL = 1.0 + CALL_SECONDS, 0.2 + CALL_SECONDS


def confirmation(ground: Ground, rounds: int) -> Figure:
    """S7: p99 of the time from activation to confirmed; the worst number of senders counts. It needs no reference but the clock."""
    found = {
        senders: race(ground.database(), rounds=ACTIVATIONS * rounds, processes=PROCESSES, senders=senders // PROCESSES)
        for senders in SENDERS
    }
    if broken := {senders: outcome.violations for senders, outcome in found.items() if outcome.violations}:
        raise RuntimeError(f"The lock did not hold, so its speed means nothing. Violations by senders: {broken}.")
    sizes = ", ".join(f"{senders} senders {outcome.p(0.99):.3f}" for senders, outcome in found.items())
    worst = max(outcome.p(0.99) for outcome in found.values())
    detail = f"{sizes}; calls of up to {CALL_SECONDS} s; {ACTIVATIONS * rounds} activations each"
    return Figure(
        *("S7", worst, "s to confirmed, p99", MUST, detail),
        at_least=False,
        goal=GOAL,
        measured=f"{worst:.3f} s",
        beside=f"{CALL_SECONDS} s, the longest call",
        digits=3,
    )
