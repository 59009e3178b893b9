"""SMS through Twilio: one request per recipient.

Creating an SMS has no idempotency key at Twilio, and one that is out can be neither changed nor recalled. So a creation
is never repeated here, every answer but a proper 201 is told apart, and each SMS carries its delivery's id in the
address that Twilio calls back. The creation is the hot path (every inhabitant of a region, in minutes) and goes through
libcurl: what is the same for all recipients of a text is encoded once. Everything else goes through the SDK.

``AccountRef.address`` is what the SMS comes from: a sender name, an E.164 number, or a Messaging Service (``MG...``).
Credentials are the installation's (``ChannelSetup.twilio_*``): of one account at Twilio, or of a second one for accounts whose
``credentials["twilio_account"]`` is ``second``. A standby there goes on when the first account itself is in trouble.
Administrator's credentials are those of :class:`~adapters.twilio_lever.SubAccountLever`; the watch sees what goes out through
the installation's account, and not what a sub-account sends.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlencode

from adapters.curl_posts import Answer, Post, Posts
from adapters.guard import Guard
from adapters.twilio_account import ADMIN_CREDENTIALS, FIRST, SECOND, TwilioAccount
from adapters.twilio_answer import outcome
from adapters.twilio_callback import read_callback
from crisis.channel_access import Access
from crisis.channel_watch import Posted
from crisis.channels import (
    AccountRef,
    Callback,
    Capabilities,
    Channel,
    ChannelError,
    ChannelSetup,
    Finding,
    Found,
    Limit,
    Misconfigured,
    Outgoing,
    Receipt,
    Rejected,
    Sighting,
    Unit,
    UnknownStatus,
    Unsupported,
)

if TYPE_CHECKING:
    from adapters.twilio_lever import SubAccountLever

SHORTEST_VALIDITY, LONGEST_VALIDITY = 1, 36_000
"""Seconds Twilio accepts as ValidityPeriod (its OpenAPI document, 2026-04-14)."""

LONGEST_NAME = 11
"""Characters in an alphanumeric sender name; what starts with MG and is longer is a Messaging Service."""

_SID = re.compile(r"[A-Za-z0-9]{1,64}")


class Sms(Channel):
    """Twilio for one mode. Makes its connections at the first use, inside the running loop."""

    admin_credentials = ADMIN_CREDENTIALS
    is_reversible = True
    watch_seconds = 60.0
    """Twilio names no limit for reads but how many at once, and a look is one."""

    def __init__(self, setup: ChannelSetup) -> None:
        self._setup = setup
        self._sub_accounts: SubAccountLever | None = None
        self.name = "sms"
        self.capabilities = Capabilities(
            limit=Limit(Unit.SEGMENTS, setup.sms_max_segments),
            recipients=True,
            short=True,
            receipts=True,
            reconcile=True,
            settle_seconds=setup.sms_settle_seconds,
            concurrency=setup.sms_concurrency,
            call_seconds=setup.call_seconds,
        )
        guard = Guard(setup.allowed_hosts)
        self._accounts = {name: TwilioAccount(setup, guard, name) for name in (FIRST, SECOND)}
        self._tokens = tuple(filter(None, (*setup.twilio_auth_tokens, setup.twilio_second_auth_token)))
        self._callback = f"{setup.callback_url.rstrip('/')}/sms?delivery="

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:
        """Hand one SMS to Twilio, once. Accepted means that Twilio has queued it."""
        told: asyncio.Future[Receipt | ChannelError] = asyncio.get_running_loop().create_future()

        def ended(_: str, outcome: Receipt | ChannelError) -> None:
            if not told.done():
                told.set_result(outcome)

        mailing = self.mailing(account, outgoing, ended)
        mailing.send(outgoing.key, outgoing.to or "", outgoing.valid_seconds)
        try:
            outcome = await told
        finally:
            mailing.abandon(outgoing.key)  # nothing, unless nobody waits any more
        if isinstance(outcome, ChannelError):
            raise outcome
        return outcome

    def mailing(
        self, account: AccountRef, text: Outgoing, ended: Callable[[str, Receipt | ChannelError], None]
    ) -> "SmsMailing":
        """Prepare a text for many. Call it inside the running loop."""
        return SmsMailing(
            self._at_twilio(account).posts(), _fixed_form(account.address or "", text.text, self._callback), ended
        )

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:  # noqa: ARG002
        raise Unsupported("An SMS that is out cannot be changed. Send a correction.")

    async def withdraw(self, account: AccountRef, reference: str) -> None:  # noqa: ARG002
        raise Unsupported("An SMS that is out cannot be recalled. Send a correction.")

    async def read_back(self, account: AccountRef, reference: str) -> Finding:
        if not _SID.fullmatch(reference):
            return Finding(Found.CANNOT_TELL)
        return await self._at_twilio(account).reader().fetch(reference)

    async def reconcile(self, account: AccountRef, outgoing: Outgoing, since: datetime) -> Finding:
        """Look for the text among what Twilio has sent to this number since then."""
        if not outgoing.to:
            return Finding(Found.CANNOT_TELL)
        return await self._at_twilio(account).reader().find(outgoing.to, outgoing.text, since)

    async def look(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Sighting:  # noqa: ARG002
        raise Unsupported("An SMS is on somebody's phone. Its receipts say what became of it.")

    def parse_receipts(self, callback: Callback) -> Sequence[Receipt | UnknownStatus]:
        """Status callbacks, signed with any of the installation's tokens."""
        return read_callback(callback, self._tokens)

    def answer_challenge(self, query: Mapping[str, str]) -> str:  # noqa: ARG002
        raise Unsupported("Twilio asks for no confirmation of a callback address.")

    async def inspect(self, account: AccountRef) -> Access:
        return await self._lever().inspect(account)

    async def revoke(self, account: AccountRef, access: Access) -> None:
        await self._lever().revoke(account, access)

    async def restore(self, account: AccountRef, access: Access) -> None:
        await self._lever().restore(account, access)

    async def list_posted(self, account: AccountRef, within_seconds: float) -> Sequence[Posted]:
        """Everything from this sender on the account at Twilio that we send through; a text's numbers are left out."""
        if not account.address:
            raise Misconfigured(f"The SMS account {account.name!r} has no sender, so nobody can look at what it sends.")
        return await self._at_twilio(account).sent_from(account.address, within_seconds)

    async def close(self) -> None:
        if self._sub_accounts is not None:
            self._sub_accounts.close()
            self._sub_accounts = None
        for each in self._accounts.values():
            each.close()

    def _lever(self) -> "SubAccountLever":
        if self._sub_accounts is None:
            from adapters.twilio_lever import SubAccountLever  # noqa: PLC0415 - the SDK is large, and sending does without

            self._sub_accounts = SubAccountLever(self._setup)
        return self._sub_accounts

    def _at_twilio(self, account: AccountRef) -> TwilioAccount:
        """The account at Twilio that one of ours sends through."""
        name = account.credentials.get("twilio_account", FIRST)
        if name not in self._accounts:
            raise Misconfigured(
                f"The SMS account {account.name!r} names the Twilio account {name[:40]!r}, and there are {FIRST} and {SECOND}. "
                "Nothing was sent. Connect it again: crisis accounts connect."
            )
        return self._accounts[name]


class SmsMailing:
    """One text to many, one request each, over the channel's connections (:class:`crisis.channels.Mailing`)."""

    def __init__(self, posts: Posts, fixed: str, ended: Callable[[str, Receipt | ChannelError], None]) -> None:
        self._posts, self._fixed, self._ended = posts, fixed, ended
        self._on_way: dict[str, Post] = {}

    def send(self, key: str, to: str, valid_seconds: int | None) -> None:
        """Hand one SMS to Twilio, once."""
        form = f"{self._fixed}{_in_callback(key)}&To=%2B{_digits(to)}"
        if valid_seconds is not None:
            form += f"&ValidityPeriod={min(max(valid_seconds, SHORTEST_VALIDITY), LONGEST_VALIDITY)}"
        self._on_way[key] = self._posts.post(key, form.encode(), self._answered)

    def abandon(self, key: str) -> None:
        post = self._on_way.pop(key, None)
        if post is not None:
            self._posts.abandon(post)

    def _answered(self, key: str, answer: Answer | ChannelError) -> None:
        self._on_way.pop(key, None)
        self._ended(key, answer if isinstance(answer, ChannelError) else outcome(key, answer))


@lru_cache(maxsize=64)
def _fixed_form(sender: str, text: str, callback: str) -> str:
    """What is the same for all recipients. It ends in the callback's address, to which the key is appended."""
    if not sender:
        raise Misconfigured(
            "The SMS account has no sender. Set its address to a sender name, a number or a Messaging Service."
        )
    fields = {
        "MessagingServiceSid" if sender.startswith("MG") and len(sender) > LONGEST_NAME else "From": sender,
        "Body": text,
    }
    return f"{urlencode(fields)}&StatusCallback={quote_plus(callback)}"


def _in_callback(key: str) -> str:
    """The key as part of a query (quoted once) that is itself a form's field (quoted again)."""
    return key if key.isalnum() and key.isascii() else quote_plus(quote(key, safe=""))


def _digits(to: str | None) -> str:
    if not to or to[0] != "+" or not to[1:].isdecimal() or not to.isascii():
        raise Rejected(
            "The recipient has no number in international form (+47...). Nothing was sent; mend the audience."
        )
    return to[1:]


def build(setup: ChannelSetup) -> Channel:
    """SMS for one mode."""
    return Sms(setup)
