"""The port: what the engine asks of a channel, and what a channel may answer.

An adapter in ``adapters/`` translates between this page and one provider, and decides nothing. Only frozen values cross
the port: no database rows, no requests, no secrets in a ``repr``. Three pages of it are beside this one and are had from here:
what a channel can do (:mod:`crisis.capabilities`), what it may raise (:mod:`crisis.channel_errors`), and what it is built
from (:mod:`crisis.channel_setup`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from crisis.capabilities import Capabilities, FollowUp, Limit, Unit
from crisis.channel_errors import (
    ChannelError,
    ForgedCallback,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    Unsupported,
    Usage,
)
from crisis.channel_setup import ChannelSetup, Imprint
from crisis.mode import Mode

__all__ = [
    "AccountRef", "Bulk", "Callback", "Capabilities", "Channel", "ChannelError", "ChannelSetup", "Earlier",
    "Finding", "FollowUp", "ForgedCallback", "Found", "Gone", "Imprint", "Limit", "Mailing", "Misconfigured", "Notice",
    "OutcomeUnknown", "Outgoing", "Receipt", "ReceiptStatus", "Rejected", "Sighting", "Throttled", "Unavailable", "Unit",
    "UnknownStatus", "Unsupported", "Upkeep", "Usage",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account as an adapter sees it."""

    id: int
    channel: str
    name: str
    address: str | None
    """Facebook: page id. X: user id. SMS: sender name, E.164 number or Messaging Service SID. WordPress: site URL."""
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Opened secrets of this account; the adapter's docstring names the keys it needs."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier revision of the same message, in the same language, that is out through the same account."""

    key: str
    """Its delivery's id."""
    kind: str
    title: str
    text: str
    html: str | None
    issued_at: datetime
    reference: str | None
    """The provider's id of it; ``None`` where a person put it out by hand. Revisions that edited one post share one."""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """The whole revision that a text belongs to, in all its languages: for channels that also put out what machines read."""

    revision_id: int
    message_id: int
    activation_id: int
    began_at: datetime
    """When the activation was set."""
    contents: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """``{language: fields}`` as they were approved: headline, what_happened, where, what_to_do, leads, contact."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One frozen rendition on its way out through one account, to one recipient where the channel has them."""

    key: str
    """The delivery's id: the idempotency key, and the handle that callbacks carry back."""
    mode: Mode
    kind: str
    """``alert``, ``update``, ``correction``, ``all_clear``, ``retraction``; ``post`` for a unit's ordinary post."""
    language: str
    title: str
    text: str
    """Plain text, complete: what text channels publish."""
    html: str | None = None
    """Escaped fragment for channels that publish pages."""
    thread: str = ""
    """The activation this belongs to; the crisis page shows one thread at a time."""
    issued_at: datetime | None = None
    next_update_at: datetime | None = None
    to: str | None = field(default=None, repr=False)
    """E.164 number of the recipient, where the channel has recipients."""
    valid_seconds: int | None = None
    """The provider should drop it when it could not be delivered within this many seconds."""
    earlier: Sequence[Earlier] = ()
    """What is out of this message already, the newest first. Public channels alone: an SMS has none."""
    edits: str | None = None
    """The reference of the post that this replaces the text of; ``None`` for what is published."""
    notice: Notice | None = None
    """The revision it belongs to; ``None`` for a unit's post."""


class ReceiptStatus(StrEnum):
    """What the provider says became of it, in our words. Ranked: a later word never moves a delivery backwards."""

    ACCEPTED = "accepted"  # the provider took it
    SENT = "sent"  # the provider passed it on
    DELIVERED = "delivered"  # it arrived, or was seen live
    UNDELIVERED = "undelivered"  # it will not arrive
    EXPIRED = "expired"  # it was not delivered within its validity


@dataclass(frozen=True, slots=True)
class Receipt:
    """Evidence from the provider about one delivery."""

    reference: str
    """The provider's id of it."""
    status: ReceiptStatus
    key: str | None = None
    """Our delivery's id: always on the answer to a publish; on a callback, where the provider carried it back."""
    url: str | None = None
    """Where the public can see it, where there is such a place."""
    code: str | None = None
    """The provider's error code, for the statuses that have one."""
    raw: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The provider's own fields as received, without phone numbers and message texts."""
    usage: Usage | None = None
    """What the answer to a write said of the account's allowance."""
    note: str | None = None
    """What a person should know although it was done."""


@dataclass(frozen=True, slots=True)
class UnknownStatus:
    """A provider's status word that we have no word of our own for. It is kept and shown as it came, and moves nothing."""

    reference: str
    """The provider's id of what it is about."""
    word: str
    """As the provider wrote it."""
    key: str | None = None
    """Our delivery's id, where the provider carried it back."""
    code: str | None = None
    """The provider's error code, if one came with it."""
    raw: Mapping[str, str] = field(default_factory=dict, repr=False)
    """As of a receipt."""


class Found(StrEnum):
    """Answer to "did it go out?"."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Finding:
    """What reading back showed."""

    found: Found
    reference: str | None = None
    url: str | None = None
    text: str | None = None
    in_place: bool = False
    """With a "no" to an edit: the post is there and ours, without the new text. Editing it again makes no second post."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a look at a public post from outside showed: there with this text, not there, or nobody can tell."""

    found: Found
    why: str | None = None
    """For all but a yes: what was there instead, or what stood in the way, in words for a tired editor."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A provider's HTTP request to us, exactly as it came."""

    method: str
    url: str
    """The public URL the provider called, query included, built from settings and never from the Host header."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


class Channel(Protocol):
    """One kind of outlet. Every verb is async and bounded in time; none retries a write by itself."""

    name: str
    capabilities: Capabilities

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:
        """Put it out once. Raises a :class:`ChannelError` for every outcome but "done"."""
        ...

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:
        """Replace the text of what was published as ``reference``, in the way ``follow_ups`` names for this kind.

        Doing it again changes nothing more. Raises :class:`Gone` when there is nothing of ours to edit.
        """
        ...

    async def withdraw(self, account: AccountRef, reference: str) -> None:
        """Take it down. Taking down what is already gone is done, not an error."""
        ...

    async def read_back(self, account: AccountRef, reference: str) -> Finding:
        """Is ``reference`` there, and with what text?"""
        ...

    async def reconcile(self, account: AccountRef, outgoing: Outgoing, since: datetime) -> Finding:
        """Did this go out after ``since``, although we never heard? Reads only.

        Where ``outgoing.edits`` names a post, the question is whether that post has this text now.
        """
        ...

    async def look(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Sighting:
        """Does the public see ``reference`` with this text? Reads only, from outside. Trouble on the way is CANNOT_TELL, or
        a :class:`ChannelError`, which means the same.
        """
        ...

    def parse_receipts(self, callback: Callback) -> Sequence[Receipt | UnknownStatus]:
        """Check the signature, then read the receipts. Raises :class:`ForgedCallback` before reading anything.

        Cheap, and without waiting for anything: thousands of callbacks a second come through here on one event loop.
        """
        ...

    def answer_challenge(self, query: Mapping[str, str]) -> str:
        """Answer a provider's subscription check (Meta's ``hub.challenge``). Raises :class:`ForgedCallback`."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class Mailing(Protocol):
    """One text on its way through one account to many, one call each."""

    def send(self, key: str, to: str, valid_seconds: int | None) -> None:
        """Begin one call, without waiting. Raises a :class:`ChannelError` when it cannot begin: then nothing was sent.

        Otherwise ``ended(key, outcome)`` is told once, later, and within the channel's ``call_seconds``.
        """
        ...

    def abandon(self, key: str) -> None:
        """Nobody waits for this one any more: break it off. ``ended`` is not told; the request may be out."""
        ...


@runtime_checkable
class Bulk(Protocol):
    """What a channel offers beside ``publish`` when one text goes to a hundred thousand: calls that nobody awaits one by one.

    Whoever uses it keeps no more than ``capabilities.concurrency`` in flight. The outcomes are those of ``publish``.
    """

    def mailing(
        self, account: AccountRef, text: Outgoing, ended: Callable[[str, "Receipt | ChannelError"], None]
    ) -> Mailing:
        """Prepare a text; its ``key``, ``to`` and ``valid_seconds`` are not read. Raises what ``publish`` would of an account
        or a setup that cannot send.
        """
        ...


@runtime_checkable
class Upkeep(Protocol):
    """What a channel has beside its verbs when it is read in peace too, such as the crisis page."""

    async def keep(self, over: Mapping[str, datetime]) -> None:
        """Show what is so now: called again and again, and cheap when nothing has changed.

        ``over`` are the threads whose activation was stood down, and when. Raises a :class:`ChannelError` when it cannot.
        """
        ...

    async def faults(self) -> Sequence[tuple[str, str]]:
        """What is wrong with it at this moment, and what to do about each; empty when all is well."""
        ...
