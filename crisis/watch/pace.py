"""Pace: when an account is looked at again, and for how far back it is asked."""

import random

from crisis.channels import ChannelError, Gone, Misconfigured, Rejected, Throttled, Unsupported

FIRST_WAIT = 5.0
LONGEST_WAIT = 600.0
ABSENT_WAIT = 900.0
"""Seconds. An account that is not there any more may come back."""
BY_HAND_WAIT = 60.0
"""Wrong credentials, or a platform that says no, are mended by a person: soon enough seen, and no bother to the platform."""
JITTER = 0.2
"""Share of an interval by which it is shorter or longer, so that a thousand accounts do not fall into step."""
DAY = 86_400.0

OVERLAP_SECONDS = 3_600.0
"""Each look goes so far back behind the last one that showed something: for what our own deliveries are not done with, and for what
a platform shows late. Not to the beginning: some platforms are paid by the post that is read."""
CLOCKS_SECONDS = 600.0
"""And so much further, for a platform whose clock is not ours."""
CROWDED_SECONDS = 1_200.0


def interval(seconds: float, chance: random.Random) -> float:
    """To the next look after one that went well."""
    return seconds * chance.uniform(1 - JITTER, 1 + JITTER)


def backoff(error: ChannelError, failures: int, seconds: float, chance: random.Random) -> float:
    """To the next look after ``failures`` in a row that showed nothing. ``seconds`` is the platform's own interval.

    What the platform asks for is the least; for what passes by itself the wait doubles, with full jitter.
    """
    match error:
        case Gone():
            return interval(ABSENT_WAIT, chance)
        case Throttled():
            asked = min(max(error.retry_after or 0.0, 0.0), DAY)
            return max(asked, seconds) + chance.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures, 10)))
        case Rejected() | Misconfigured() | Unsupported():
            return interval(max(BY_HAND_WAIT, seconds), chance)
        case _:
            return 1.0 + chance.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - 1, 10)))


def reach(elapsed: float, since_look: float | None, *, recipients: bool = False) -> float:
    """How many seconds back to ask: from the lock, or from before the last look that showed something.

    ``recipients``: it is a sender of text messages, and a broadcast is more of them than any look may list. There it is asked for
    no more than the last :data:`CROWDED_SECONDS`, so that the watch sees again as soon as the broadcast is over.
    """
    back = elapsed if since_look is None else min(elapsed, since_look + OVERLAP_SECONDS)
    return min(back, CROWDED_SECONDS) if recipients else back + CLOCKS_SECONDS
