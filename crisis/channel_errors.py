"""Channel errors: everything an adapter may raise, and what each class says of a write. Part of the port.

A write has three outcomes, never two. It is *done* (a :class:`Receipt` comes back), *refused* or *surely not processed*
(one of the errors below says which), or **unknown**. The class of the error alone decides what the engine does next::

    ChannelError
    ├── Rejected          the provider said no to this content or recipient; final
    │   └── Gone          what was to be edited is not there any more, or was never ours; nothing was changed
    ├── Misconfigured     credentials or settings are wrong; nothing was sent, a person must mend it
    ├── Throttled         the provider said "later" and did not process it
    ├── Unavailable       surely not processed: refused connection, DNS, TLS, no free connection
    ├── OutcomeUnknown    may have been processed: timeout, 5xx, broken answer; never repeated blindly
    └── Unsupported       the channel cannot do this; should have been stopped by its capabilities

    ForgedCallback        a callback whose signature does not hold; nothing in it may be read
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of what the provider allows an account has been used, where its answers say so (X, Facebook)."""

    used: float
    """Share of the allowance, 0 and up; 1 is all of it."""
    remaining: int | None = None
    """Calls left until it resets, where the provider counts them."""
    resets_in: float | None = None
    """Seconds until there is a new allowance, where the provider says."""


class ChannelError(Exception):
    """Base of everything an adapter may raise. ``code`` is the provider's own, where it gave one; so is ``usage``."""

    usage: Usage | None = None

    def __init__(self, reason: str, *, code: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Rejected(ChannelError):
    """The provider said no: content, recipient or permission. Final."""


class Gone(Rejected):
    """What was to be edited is not there any more, or is not ours to edit. Nothing was changed: publish anew."""


class Misconfigured(ChannelError):
    """Credentials or settings are wrong. Nothing was sent; the account waits for a person."""


class Throttled(ChannelError):
    """The provider asked us to slow down and did not process this. ``retry_after`` is in seconds, if it said."""

    def __init__(self, reason: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(reason, code=code)
        self.retry_after = retry_after


class Unavailable(ChannelError):
    """Surely not processed: the request never reached the provider."""


class OutcomeUnknown(ChannelError):
    """May have been processed. Must be reconciled before anything is sent again."""


class Unsupported(ChannelError):
    """The channel cannot do this and says so in its capabilities."""


class ForgedCallback(Exception):
    """The signature of a callback does not hold. Answer 403 and read nothing of it."""
