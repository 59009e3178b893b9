"""Twilio's answers to a creation, in the port's words: accepted, refused, later, a setup at fault, or nobody knows."""

from collections.abc import Mapping

import orjson

from adapters.curl_posts import Answer
from adapters.guard import REDIRECTS, redirected
from adapters.retry_after import retry_after
from crisis.channels import (
    ChannelError,
    Misconfigured,
    OutcomeUnknown,
    Receipt,
    ReceiptStatus,
    Rejected,
    Throttled,
)

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


def outcome(key: str, answer: Answer) -> Receipt | ChannelError:
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
