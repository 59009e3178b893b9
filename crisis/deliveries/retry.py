"""What to do next, as pure functions: after an error, and after reading back. The only place that decides to try again."""

import random
from dataclasses import dataclass

from crisis.channels import (
    Capabilities,
    ChannelError,
    Finding,
    Found,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    Unsupported,
)
from crisis.deliveries.states import DeliveryState

BUDGET = {True: 100, False: 10}
"""Most attempts that were surely not processed, for crisis deliveries and for units' posts; then it is dead."""
FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
MISCONFIGURED_WAIT = 30.0
"""Seconds. A wrong token is mended by a person; asking more often would only annoy the provider."""
LONGEST_LOOK = 300.0
MOST_LOOKS = 20
"""At a unit's post, which has no deadline: more than an hour. Then a person is asked instead of the provider."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a delivery goes next: a state, after ``wait`` seconds, and whether it becomes a flagged repeat."""

    state: DeliveryState
    wait: float = 0.0
    repeat: bool = False


def after_error(  # noqa: PLR0911 - one line per class of error is what makes it readable
    error: ChannelError, capabilities: Capabilities, *, attempts: int, crisis: bool, chance: random.Random
) -> Step:
    """After an attempt that did not end well. ``attempts`` counts this one.

    Waiting is full jitter (uniform between nothing and a doubling bound), so that a thousand senders that failed together do
    not come back together; a provider's own ``retry_after`` is a lower bound.
    """
    match error:
        case Rejected() | Unsupported():
            return Step(DeliveryState.REJECTED)
        case OutcomeUnknown():
            return Step(DeliveryState.UNKNOWN, capabilities.settle_seconds)
        case Misconfigured() | Throttled() | Unavailable() if attempts >= BUDGET[crisis]:
            return Step(DeliveryState.DEAD)
        case Misconfigured():
            return Step(DeliveryState.RETRY_WAIT, MISCONFIGURED_WAIT)
        case Throttled():
            return Step(DeliveryState.RETRY_WAIT, (error.retry_after or 0.0) + jitter(attempts, chance))
        case Unavailable():
            return Step(DeliveryState.RETRY_WAIT, jitter(attempts, chance))
        case _:  # an error of a class we do not know says nothing about what the provider did
            return Step(DeliveryState.UNKNOWN, capabilities.settle_seconds)


def after_finding(
    finding: Finding, capabilities: Capabilities, *, looks: int, crisis: bool, repeated: bool, late: bool
) -> Step:
    """After looking into an unknown outcome. ``looks`` counts this one; ``late`` means its deadline has passed.

    Only a clean "no" sends again, and then once, flagged, for crisis deliveries alone. A unit's post never: its owner
    decides. Where publishing twice leaves one post, or the post to be edited stands there unchanged, a "no" is simply tried
    again.
    """
    match finding.found:
        case Found.YES:
            return Step(DeliveryState.ACCEPTED)
        case Found.NO if (capabilities.idempotent or finding.in_place) and not late:
            return Step(DeliveryState.RETRY_WAIT)
        case Found.NO if crisis and not repeated and not late:
            return Step(DeliveryState.RETRY_WAIT, repeat=True)
        case Found.CANNOT_TELL if capabilities.reconcile and not late and (crisis or looks < MOST_LOOKS):
            wait = min(LONGEST_LOOK, max(1.0, capabilities.settle_seconds) * 2.0 ** min(looks - 1, 20))
            return Step(DeliveryState.UNKNOWN, wait)
        case _:
            return Step(DeliveryState.UNKNOWN_FINAL)


def jitter(attempts: int, chance: random.Random) -> float:
    """Seconds: uniform between nothing and a bound that doubles with every attempt, up to :data:`LONGEST_WAIT`."""
    return chance.uniform(0.0, min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts, 10)))
