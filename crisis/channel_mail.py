"""Mail: how an e-mail leaves. Part of the port: one adapter speaks to a mail server, another to the sandbox.

Sending one again is harmless, as a text message's is not: it carries the same Message-ID, by which the receiver's mail system knows it.
"""

from dataclasses import dataclass
from typing import Protocol

from crisis.setting_words import MailTls


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail to one person, in plain text."""

    to: str
    subject: str
    text: str
    message_id: str
    """With its angle brackets. The same at every try."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """One mail server, and who writes."""

    host: str
    port: int
    tls: MailTls
    user: str
    password: str
    sender: str
    """The address that mail comes from."""
    name: str
    """What stands before it: the municipality."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The sandbox's, for everybody: where an exercise's letters go, and nowhere else."""

    url: str
    """The sandbox's own."""
    token: str


@dataclass(frozen=True, slots=True)
class MailSetup:
    """Everything that the mail of a mode is built from."""

    to: MailServer | Mailbox
    call_seconds: float


class Mail(Protocol):
    """Sends letters. One call is bounded in time."""

    async def send(self, letter: Letter) -> None:
        """Hand it over. Returns when the mail server has taken it on.

        Raises a :class:`~crisis.channels.ChannelError`: :class:`~crisis.channels.Rejected` when it is refused for good, anything
        else when it may be tried again.
        """
        ...

    async def rest(self) -> None:
        """Nothing more for now: let go of what is held open."""
        ...
