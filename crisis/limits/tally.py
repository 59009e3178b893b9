"""The tally: what came of one account's calls since the shared row was last told."""

from dataclasses import dataclass
from enum import StrEnum

from crisis.channels import ChannelError, Misconfigured, Rejected, Throttled, Unsupported, Usage


class Outcome(StrEnum):
    """What one call says about the account it went through, not about the delivery."""

    ANSWERED = "answered"
    """The provider is there and treats us as usual. A refusal of one text or recipient is an answer too."""
    THROTTLED = "throttled"
    FAILED = "failed"
    """No connection, no answer in time, a server error, or an answer that is none."""
    MISCONFIGURED = "misconfigured"


def outcome_of(error: ChannelError | None) -> Outcome:
    """What an adapter's error, or its receipt (``None``), says about the account."""
    match error:
        case None | Rejected() | Unsupported():
            return Outcome.ANSWERED
        case Throttled():
            return Outcome.THROTTLED
        case Misconfigured():
            return Outcome.MISCONFIGURED
        case _:
            return Outcome.FAILED


@dataclass(slots=True)
class Tally:
    """Counts of calls begun and ended, and the last of what was said."""

    first: int = 0
    """First attempts begun."""
    retries: int = 0
    """Later attempts begun."""
    retries_answered: int = 0
    answered: int = 0
    throttled: int = 0
    failed: int = 0
    overlapped: int = 0
    """Of the failed, those that began before the last answer came: they say nothing of the time since."""
    misconfigured: int = 0
    under_way: int = 0
    """Calls of this process in flight when the first was throttled, the throttled one among them."""
    hold: float | None = None
    """The longest wait the provider asked for, in seconds."""
    usage: Usage | None = None
    reason: str | None = None

    @property
    def ended(self) -> int:
        """Calls whose outcome is known."""
        return self.answered + self.throttled + self.failed + self.misconfigured

    def begin(self, *, retry: bool) -> None:
        """One call is about to begin."""
        if retry:
            self.retries += 1
        else:
            self.first += 1

    def take_back(self, *, retry: bool) -> None:
        """It did not begin after all. What was written meanwhile stays counted."""
        if retry:
            self.retries = max(0, self.retries - 1)
        else:
            self.first = max(0, self.first - 1)

    def answer(self, usage: Usage | None, *, retry: bool) -> None:
        """One call has ended with a receipt."""
        self.answered += 1
        self.retries_answered += retry
        if usage is not None:
            self.usage = usage

    def fail(self, error: ChannelError, usage: Usage | None, *, retry: bool, under_way: int, overlapped: bool) -> None:
        """One call has ended with an error. ``overlapped``: others were answered after it began."""
        outcome = outcome_of(error)
        if outcome is Outcome.ANSWERED:
            self.answer(usage, retry=retry)
            return
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)
        self.usage = usage or self.usage
        self.overlapped += overlapped and outcome is Outcome.FAILED
        self.reason = error.reason
        if isinstance(error, Throttled):
            self.under_way = max(self.under_way, under_way)
            if error.retry_after is not None:
                self.hold = max(self.hold or 0.0, error.retry_after)
