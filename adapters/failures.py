"""Failures: what an error on the way to a provider says about whether a request went out, whatever library it came from."""

from collections.abc import Sequence

from adapters.scrubbing import scrub
from crisis.channels import ChannelError, Misconfigured, OutcomeUnknown, Unavailable


def passed_on(error: BaseException) -> ChannelError:
    """An error of the port's as it is. What is no :class:`Exception` of a library's is raised, cancellation among it."""
    if isinstance(error, ChannelError):
        return error
    raise error


def text(error: Exception, secrets: Sequence[str]) -> str:
    """An exception's class and words, without secrets."""
    return scrub(f"{type(error).__name__}: {error}".removesuffix(": "), secrets)[:500]


def unsent(text: str) -> Unavailable:
    """No byte of the request left."""
    return Unavailable(f"No connection to the provider, so nothing was sent. {text}")


def unsendable(text: str) -> Misconfigured:
    """No byte of the request will ever leave as things are set."""
    return Misconfigured(f"The address or a credential cannot be sent; check the settings. {text}")


def unknown(text: str) -> OutcomeUnknown:
    """The request began to leave, or may have."""
    return OutcomeUnknown(f"No usable answer, so it may have been processed; read back first. {text}")
