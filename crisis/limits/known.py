"""Known: what one process knows of one account, between two looks at what all processes share."""

import math
from dataclasses import dataclass, field

from crisis.channels import ChannelError, Usage
from crisis.limits.tally import Outcome, Tally, outcome_of

FRESH_SECONDS = 0.5
"""How long an account that was free counts as free without being asked again: how late another process's bad news may be."""
TELL_SECONDS = 1.0
"""How often good news are written."""
BAD_SHARE = 0.05
"""Of the calls since the last writing: from there on news are bad, and written at once."""


@dataclass(slots=True)
class Known:
    """Every moment is the loop's time."""

    tally: Tally = field(default_factory=Tally)
    """What is not written yet."""
    retries_left: int = 0
    _free_until: float = 0.0
    """0 where something holds it back, or nobody has looked."""
    _shut_at: float = -math.inf
    """When it was last found to be held back, after it had been free."""
    _told_at: float = 0.0
    _in_flight: int = 0
    _answered_at: float = -math.inf

    def is_free(self, now: float) -> bool:
        """Nothing held it back when it was last looked at, which is not long ago."""
        return self._free_until >= now

    def is_stale(self, now: float) -> bool:
        """It was free, and is to be looked at again."""
        return 0.0 < self._free_until < now

    def was_shut(self, since: float) -> bool:
        """Whether what was begun at that time, while it was free, had better not be called."""
        return self._shut_at >= since

    def found(self, now: float, *, free: bool) -> bool:
        """It was looked at. Returns whether it was free before, and is no more."""
        is_shut = not free and self._free_until > 0.0
        if is_shut:
            self._shut_at = now
        self._free_until = now + FRESH_SECONDS if free else 0.0
        return is_shut

    def begin(self, *, retry: bool) -> None:
        """One call is about to begin."""
        self.tally.begin(retry=retry)
        self._in_flight += 1
        self.retries_left -= retry

    def take_back(self, *, retry: bool) -> None:
        """It did not begin after all."""
        self.tally.take_back(retry=retry)
        self._in_flight = max(0, self._in_flight - 1)
        self.retries_left += retry

    def end(
        self, now: float, error: ChannelError | None, usage: Usage | None, *, retry: bool, counts: bool, began: float
    ) -> None:
        """A call has ended; as :meth:`crisis.limits.limiter.Limiter.note` has it."""
        if counts:
            if error is None:
                self.tally.answer(usage, retry=retry)
            else:
                overlapped = began < self._answered_at
                self.tally.fail(
                    error, usage or error.usage, retry=retry, under_way=self._in_flight, overlapped=overlapped
                )
            if outcome_of(error) is Outcome.ANSWERED:
                self._answered_at = now
        self._in_flight = max(0, self._in_flight - 1)

    def has_news(self, now: float) -> bool:
        """Whether they are worth writing now."""
        tally = self.tally
        if not tally.ended and not tally.first and not tally.retries:
            return False
        bad = tally.ended - tally.answered
        news = bool(tally.ended) and self._free_until == 0.0
        return news or bad > BAD_SHARE * tally.ended or now - self._told_at >= TELL_SECONDS

    def tell(self, now: float) -> Tally:
        """What to write; the next begins empty."""
        told, self.tally, self._told_at = self.tally, Tally(), now
        return told
