"""The port: what the engine asks of a channel, and what a channel may answer.

An adapter in ``adapters/`` translates between this page and one provider, and decides nothing. Only frozen values cross
the port: no database rows, no requests, no secrets in a ``repr``.

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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from crisis.mode import Mode


class Unit(StrEnum):
    """How a channel counts the length of a text."""

    CHARACTERS = "characters"
    WEIGHTED = "weighted"  # twitter-text v3: 280 of these in a post
    SEGMENTS = "segments"  # SMS parts, GSM-7 or UCS-2


class FollowUp(StrEnum):
    """How a later revision follows what is out already. Each channel names one per kind in its capabilities.

    ``NEW`` and what begins with it are published; ``EDIT...`` edits what is out. Where nothing of the message is out on the
    account, or what was out is gone, every one of them publishes anew: the newest word always gets out.
    """

    NEW = "new"
    """By itself. What is out cannot be reached (SMS), or the new text is better off alone."""
    NEW_ON_TOP = "new_on_top"
    """On the page where the earlier ones are: they stay below it, and one that is corrected or withdrawn says so."""
    NEW_WITH_REFERENCE = "new_with_reference"
    """By itself, naming or linking the earlier one."""
    EDIT_IN_PLACE = "edit_in_place"
    """The same post, at the same address: the new text on top, the earlier ones below it, each with its time."""
    EDIT_AND_COMMENT = "edit_and_comment"
    """The same post, its text replaced so that those who shared it show the new one; and a comment that says so."""

    @property
    def edits(self) -> bool:
        """Whether it changes what is out, so that trying it again cannot make a second post."""
        return self in {FollowUp.EDIT_IN_PLACE, FollowUp.EDIT_AND_COMMENT}


@dataclass(frozen=True, slots=True)
class Limit:
    """The longest text a channel takes: at most ``most`` of ``unit``."""

    unit: Unit
    most: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do. What is not claimed here is never asked for."""

    limit: Limit | None = None
    """Longest text; ``None`` where the channel has no limit that a message could meet."""
    recipients: bool = False
    """One delivery per recipient (SMS) rather than one per account."""
    unit_posts: bool = True
    """Units may publish ordinary posts here through the service."""
    short: bool = False
    """Takes the short form of a message, ending with the host name of the crisis page."""
    edit: bool = False
    follow_ups: Mapping[str, FollowUp] = field(default_factory=dict)
    """How each kind follows what is out of its message; a kind that is not named goes out as :attr:`FollowUp.NEW`."""
    withdraw: bool = False
    receipts: bool = False
    """The provider reports later what became of it."""
    idempotent: bool = False
    """Publishing the same key twice leaves one post, so an unknown outcome may simply be tried again."""
    reconcile: bool = False
    """The provider can be asked whether something went out."""
    settle_seconds: float = 5.0
    """How long to wait after an unknown outcome before asking, for the provider (or a callback) to catch up."""
    concurrency: int = 8
    """Requests one sender keeps in flight."""
    call_seconds: float = 10.0
    """Hard wall-clock limit of one call; the engine enforces it around the adapter."""
    look_seconds: tuple[float, ...] = ()
    """When to look at an accepted post from outside, as the public would: each in seconds after the one before, and no more
    looks than these. Empty where there is nothing public to look at."""


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


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of what the provider allows an account has been used, where its answers say so (X, Facebook)."""

    used: float
    """Share of the allowance, 0 and up; 1 is all of it."""
    remaining: int | None = None
    """Calls left until it resets, where the provider counts them."""
    resets_in: float | None = None
    """Seconds until there is a new allowance, where the provider says."""


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


@dataclass(frozen=True, slots=True)
class ChannelSetup:
    """Everything the adapters of one mode are built from. ``bootstrap`` alone makes these."""

    mode: Mode
    graph_url: str
    graph_version: str
    x_url: str
    twilio_url: str
    callback_url: str
    """Public base address that providers call back, ending in the mode: ``https://.../receipts/actual``."""
    public_dir: Path
    """Folder the crisis page is written to."""
    templates_dir: Path
    municipality: str
    crisis_page_host: str
    languages: Sequence[str]
    """Message languages in order; the first is the primary."""
    allowed_hosts: frozenset[str] | None
    """``host:port`` the transport may reach; ``None`` for anywhere. An exercise gets the sandbox's alone."""
    twilio_account_sid: str = field(default="", repr=False)
    twilio_auth_tokens: Sequence[str] = field(default=(), repr=False)
    """The first signs requests; every one of them is accepted on callbacks, so that tokens can be rotated."""
    x_consumer_key: str = field(default="", repr=False)
    x_consumer_secret: str = field(default="", repr=False)
    facebook_app_id: str = ""
    facebook_app_secret: str = field(default="", repr=False)
    facebook_verify_token: str = field(default="", repr=False)
    sms_concurrency: int = 100
    sms_max_segments: int = 4
    sms_settle_seconds: float = 60.0
    call_seconds: float = 8.0
    crisis_page_url: str = ""
    """Where the public reads the crisis page, ending in a slash; empty when nobody has said."""
