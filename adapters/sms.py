"""SMS through Twilio: one request per recipient.

Creating an SMS has no idempotency key at Twilio, and one that is out can be neither changed nor recalled. So a creation
is never repeated here, every answer but a proper 201 is told apart, and each SMS carries its delivery's id in the
address that Twilio calls back. The creation is the hot path (every inhabitant of a region, in minutes) and goes through
libcurl: what is the same for all recipients of a text is encoded once. Everything else goes through the SDK.

``AccountRef.address`` is what the SMS comes from: a sender name, an E.164 number, or a Messaging Service (``MG...``).
Credentials are the installation's (``ChannelSetup.twilio_*``), not the account's.
"""

import asyncio
import base64
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, quote_plus, urlencode

import orjson

from adapters.curl_posts import Answer, Post, Posts
from adapters.guard import REDIRECTS, redirected
from adapters.retry_after import retry_after
from adapters.transport import Guard
from adapters.twilio_callback import read_callback
from adapters.twilio_reader import TwilioReader
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
    OutcomeUnknown,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Rejected,
    Sighting,
    Throttled,
    Unit,
    UnknownStatus,
    Unsupported,
)

SHORTEST_VALIDITY, LONGEST_VALIDITY = 1, 36_000
"""Seconds Twilio accepts as ValidityPeriod (its OpenAPI document, 2026-04-14)."""

LONGEST_NAME = 11
"""Characters in an alphanumeric sender name; what starts with MG and is longer is a Messaging Service."""

REFUSALS: Mapping[int, str] = {
    21211: "The number is not a valid phone number.",
    21408: "Our Twilio account may not send SMS to this country. Switch it on under Messaging, Geo permissions.",
    21602: "The SMS has no text.",
    21610: "The recipient has answered STOP to this sender and gets nothing more until they answer START.",
    21612: "There is no way from our sender to this number.",
    21614: "The number is not a mobile number.",
    21617: "The text is longer than the 1,600 characters Twilio takes.",
    21635: "The number is a landline, which cannot receive SMS.",
}
"""Twilio's error codes about one recipient or one text (twilio.com/docs/api/errors/<code>)."""

SETTINGS_AT_FAULT: Mapping[int, str] = {
    20003: "Twilio does not accept our account SID and token.",
    20005: "Our Twilio account is not active.",
    20404: "Twilio does not know our account SID.",
    21212: "Twilio does not accept the sender.",
    21603: "The account has no sender.",
    21606: "The sender does not belong to our Twilio account, or cannot send SMS.",
    21660: "The sender belongs to another Twilio account than ours.",
    21701: "Twilio does not know the Messaging Service.",
    21703: "The Messaging Service has no sender in it.",
}
"""Codes that every recipient would meet: the account waits for a person, and no delivery is lost by it."""

_LATER = frozenset({20429, 21611})
"""Too many requests at once, documented as never processed; and the sender's own queue is full."""
_CREATED, _UNAUTHORISED, _TOO_MANY, _SERVER_ERROR = 201, 401, 429, 500
_CLIENT_ERRORS = range(400, 500)
_SID = re.compile(r"[A-Za-z0-9]{1,64}")


class Sms(Channel):
    """Twilio for one mode. Makes its connections at the first use, inside the running loop."""

    def __init__(self, setup: ChannelSetup) -> None:
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
        self._setup = setup
        self._guard = Guard(setup.allowed_hosts)
        self._tokens = tuple(filter(None, setup.twilio_auth_tokens))
        self._address = setup.twilio_url.rstrip("/")
        self._callback = f"{setup.callback_url.rstrip('/')}/sms?delivery="
        self._create_url = (
            f"{self._address}/2010-04-01/Accounts/{quote(setup.twilio_account_sid, safe='')}/Messages.json"
        )
        self._posts: Posts | None = None
        self._reader: TwilioReader | None = None

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
        return SmsMailing(self._open(), _fixed_form(account.address or "", text.text, self._callback), ended)

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:  # noqa: ARG002
        raise Unsupported("An SMS that is out cannot be changed. Send a correction.")

    async def withdraw(self, account: AccountRef, reference: str) -> None:  # noqa: ARG002
        raise Unsupported("An SMS that is out cannot be recalled. Send a correction.")

    async def read_back(self, account: AccountRef, reference: str) -> Finding:  # noqa: ARG002
        if not _SID.fullmatch(reference):
            return Finding(Found.CANNOT_TELL)
        return await self._reading().fetch(reference)

    async def reconcile(self, account: AccountRef, outgoing: Outgoing, since: datetime) -> Finding:  # noqa: ARG002
        """Look for the text among what Twilio has sent to this number since then."""
        if not outgoing.to:
            return Finding(Found.CANNOT_TELL)
        return await self._reading().find(outgoing.to, outgoing.text, since)

    async def look(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Sighting:  # noqa: ARG002
        raise Unsupported("An SMS is on somebody's phone. Its receipts say what became of it.")

    def parse_receipts(self, callback: Callback) -> Sequence[Receipt | UnknownStatus]:
        """Status callbacks, signed with any of the installation's tokens."""
        return read_callback(callback, self._tokens)

    def answer_challenge(self, query: Mapping[str, str]) -> str:  # noqa: ARG002
        raise Unsupported("Twilio asks for no confirmation of a callback address.")

    async def close(self) -> None:
        if self._posts is not None:
            self._posts.close()
            self._posts = None
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _open(self) -> Posts:
        if self._posts is not None and self._posts.is_usable():
            return self._posts
        sid, token = self._credentials()
        basic = base64.b64encode(f"{sid}:{token}".encode()).decode()
        if self._posts is not None:  # of a loop that has ended, or of the process that this one was forked from
            self._posts.close()
        self._posts = Posts(
            self._create_url,
            self._guard,
            limit=self._setup.sms_concurrency,
            call_seconds=self._setup.call_seconds,
            headers={
                "Authorization": f"Basic {basic}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            secrets=(*self._tokens, basic),
        )
        return self._posts

    def _reading(self) -> TwilioReader:
        if self._reader is None:
            sid, token = self._credentials()
            self._reader = TwilioReader(self._address, sid, token, self._guard, call_seconds=self._setup.call_seconds)
        return self._reader

    def _credentials(self) -> tuple[str, str]:
        if not self._setup.twilio_account_sid or not self._tokens:
            raise Misconfigured(
                "There are no Twilio credentials, so no SMS can be sent. Set CRISIS_TWILIO_ACCOUNT_SID and CRISIS_TWILIO_AUTH_TOKEN."
            )
        return self._setup.twilio_account_sid, self._tokens[0]


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
        self._ended(key, answer if isinstance(answer, ChannelError) else _outcome(key, answer))


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


def _outcome(key: str, answer: Answer) -> Receipt | ChannelError:
    """What an answer means, however it was asked for. Accepted means that Twilio has queued the SMS."""
    if answer.status != _CREATED:
        return _refusal(answer.status, answer.body, answer.headers)
    try:
        sid = orjson.loads(answer.body)["sid"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        sid = None
    if not isinstance(sid, str) or not sid:
        return OutcomeUnknown(
            "Twilio answered 201 but gave no message id, so the SMS may be out. It is looked up first."
        )
    return Receipt(sid, ReceiptStatus.ACCEPTED, key=key)


def _refusal(status: int, answer: bytes, headers: Mapping[str, str]) -> ChannelError:
    """What an answer other than 201 means. Twilio's own text is left out: it quotes the recipient's number."""
    if status in REDIRECTS:
        return redirected(status, headers.get("Location", ""))
    code = _code_in(answer)
    name = str(code or status)
    if status == _TOO_MANY or (code in _LATER and status in _CLIENT_ERRORS):
        return Throttled(
            "Twilio asks us to send more slowly; it did not take this SMS.", code=name, retry_after=retry_after(headers)
        )
    if status == _UNAUTHORISED or (code in SETTINGS_AT_FAULT and status in _CLIENT_ERRORS):
        why = SETTINGS_AT_FAULT.get(code or 0, SETTINGS_AT_FAULT[20003])
        return Misconfigured(f"{why} Nothing was sent; check the Twilio settings and the account's sender.", code=name)
    if code is not None and status in _CLIENT_ERRORS:
        return Rejected(REFUSALS.get(code, f"Twilio refuses this SMS with error {code}."), code=name)
    what = "failed" if status >= _SERVER_ERROR else "gave an answer that is not Twilio's"
    return OutcomeUnknown(f"Twilio {what} (HTTP {status}), so the SMS may be out. It is looked up first.", code=name)


def _code_in(answer: bytes) -> int | None:
    try:
        code = orjson.loads(answer)["code"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def build(setup: ChannelSetup) -> Channel:
    """SMS for one mode."""
    return Sms(setup)
