"""One SMS as Twilio keeps it: the checks at its creation, its way through the statuses, and its JSON."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import smsutil

from adapters.sandbox.records import Record

API = "2010-04-01"
E164 = re.compile(r"^\+[1-9]\d{6,14}$")
ALPHANUMERIC = re.compile(r"^(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}$")
SHORT_CODE = re.compile(r"^\d{3,8}$")
SERVICE = re.compile(r"^MG[0-9a-fA-F]{32}$")
LONGEST = 1600
LONGEST_VALIDITY = 36_000
FINAL = frozenset({"delivered", "undelivered", "failed", "canceled"})
MAGIC_TO = {
    "+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408, "+15005550004": 21610, "+15005550009": 21614,
}  # fmt: skip
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
"""The numbers Twilio's own test credentials answer so (twilio.com/docs/iam/test-credentials)."""
WORDING = {
    20001: "Invalid parameter",
    20003: "Authenticate",
    20005: "Account not active",
    20009: "The message cannot be deleted before its delivery has ended",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20503: "Service is unavailable",
    21211: "The 'To' number is not a valid phone number.",
    21212: "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID.",
    21266: "'To' and 'From' number cannot be the same.",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number.",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' number is not a Twilio phone number or Short Code of this account.",
    21609: "The 'StatusCallback' URL is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "The message cannot be sent with the current combination of 'To' and 'From'.",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21624: "Invalid validity period value",
    21701: "The Messaging Service does not exist",
    30409: "The message is not in a state that can be canceled",
    35118: "A MessagingServiceSid and a SendAt time are required to schedule a message",
}


def find_fault(form: Mapping[str, Any]) -> int | None:
    """The error code this creation meets; nothing when it is in order."""
    return _recipient_fault(form.get("To", "")) or _sender_fault(form) or _content_fault(form)


def _recipient_fault(to: str) -> int | None:
    if not to:
        return 21604
    return MAGIC_TO.get(to) or (None if E164.match(to) else 21211)


def _sender_fault(form: Mapping[str, Any]) -> int | None:
    sender, service = form.get("From", ""), form.get("MessagingServiceSid", "")
    if service:
        return None if SERVICE.match(service) else 21701
    if not sender:
        return 21603
    if sender in MAGIC_FROM:
        return MAGIC_FROM[sender]
    if not (E164.match(sender) or SHORT_CODE.match(sender) or ALPHANUMERIC.match(sender)):
        return 21212
    return 21266 if sender == form["To"] else None


def _content_fault(form: Mapping[str, Any]) -> int | None:
    body = form.get("Body", "")
    if not body and not form.get("MediaUrl"):
        return 21602
    if len(body) > LONGEST:
        return 21617
    validity = form.get("ValidityPeriod")
    if validity is not None and not (str(validity).isdigit() and 1 <= int(validity) <= LONGEST_VALIDITY):
        return 21624
    scheduled = form.get("SendAt") or form.get("ScheduleType")
    if scheduled and not (form.get("MessagingServiceSid") and form.get("SendAt")):
        return 35118
    callback = form.get("StatusCallback")
    return 21609 if callback and not _is_address(callback) else None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "_" not in (parts.hostname or "")


def key_of(callback: str | None) -> str | None:
    """The delivery a StatusCallback names: ``key`` or ``delivery`` in its query, else its last value, else its last part."""
    if not callback:
        return None
    parts = urlsplit(callback)
    query = dict(parse_qsl(parts.query))
    for name in ("key", "delivery"):
        if name in query:
            return query[name]
    return next(reversed(query.values())) if query else parts.path.rstrip("/").rpartition("/")[2] or None


@lru_cache(maxsize=1024)
def count_segments(text: str) -> int:
    """Parts of this text, GSM-7 or UCS-2."""
    return len(smsutil.split(text).parts)


@lru_cache(maxsize=64)
def twilio_time(second: int) -> str:
    """Twilio's way to write a time (RFC 2822)."""
    return format_datetime(datetime.fromtimestamp(second, UTC))


@dataclass(slots=True)
class Sms:
    """One message. Its status follows from its age, so that a million of them cost no timers."""

    record: Record
    account: str
    step: float
    """Seconds from one status to the next."""
    final: str = "delivered"
    error: int | None = None
    redacted: bool = False
    canceled: bool = False

    @property
    def sid(self) -> str:
        """Its id."""
        return self.record.reference

    @property
    def created(self) -> float:
        """When it was made."""
        return self.record.published - float(self.record.facts.get("age", 0.0))

    @property
    def starts(self) -> float:
        """When it is handed on: at once, or at SendAt."""
        return float(self.record.facts.get("send_at") or self.created)

    @property
    def statuses(self) -> list[str]:
        """All statuses it passes, in order. The first is in the answer to the create."""
        facts = self.record.facts
        first = ["scheduled"] if facts.get("send_at") else ["accepted"] if facts.get("service") else []
        return [*first, "queued", "sent", self.final]

    @property
    def status(self) -> str:
        """Where it is now."""
        if self.canceled:
            return "canceled"
        passed = max(0, int((time.time() - self.starts) / self.step)) if self.step > 0 else len(self.statuses)
        return self.statuses[min(passed, len(self.statuses) - 1)]

    def show(self, status: str | None = None, skew: float = 0.0) -> dict[str, Any]:
        """The message resource (twilio.com/docs/messaging/api/message-resource). ``skew``: how far Twilio's clock is ahead."""
        record, facts = self.record, self.record.facts
        status = status or self.status
        created, moved = twilio_time(int(self.created + skew)), twilio_time(int(self.starts + self.step + skew))
        reached = status in {"sent", "delivered", "undelivered"}
        uri = f"/{API}/Accounts/{self.account}/Messages/{self.sid}"
        failed = status == "undelivered"
        return {
            "body": "" if self.redacted else record.text,
            "num_segments": "0" if facts.get("service") and not reached else str(count_segments(record.text or "")),
            "direction": "outbound-api",
            "from": facts.get("from"),
            "date_updated": moved if reached else created,
            "price": None,
            "error_message": "Delivery failed" if failed else None,
            "uri": f"{uri}.json",
            "account_sid": self.account,
            "num_media": "0",
            "to": record.to,
            "date_created": created,
            "status": status,
            "sid": self.sid,
            "date_sent": moved if reached else None,
            "messaging_service_sid": facts.get("service"),
            "error_code": self.error if failed else None,
            "price_unit": "USD",
            "api_version": API,
            "subresource_uris": {"media": f"{uri}/Media.json"},
        }

    def callback_fields(self) -> dict[str, str]:
        """The fields every callback about this message has."""
        fields = {
            "MessageSid": self.sid, "SmsSid": self.sid, "AccountSid": self.account,
            "To": self.record.to or "", "ApiVersion": API,
        }  # fmt: skip
        facts = self.record.facts
        if facts.get("service"):
            fields["MessagingServiceSid"] = facts["service"]
        if facts.get("from"):
            fields["From"] = facts["from"]
        return fields

    def callback_steps(self) -> list[Mapping[str, str]]:
        """One callback for each status after the first; Twilio does not call back about the initial one."""
        steps: list[Mapping[str, str]] = []
        for status in self.statuses[1:]:
            step = {"MessageStatus": status, "SmsStatus": status}
            if status == "undelivered" and self.error is not None:
                step["ErrorCode"] = str(self.error)
            steps.append(step)
        return steps
