"""Twilio's status callbacks: the signature, then what is read from one.

The signature covers the whole URL, query included. So the delivery's id that we put into the query when we created the
SMS can be trusted once the signature holds, also when the answer to the creation was lost. Rules and status words:
Twilio's documentation "Validating signatures from Twilio" and "Outbound message status in status callbacks".
"""

import base64
import hashlib
import hmac
import logging
from collections.abc import Mapping, Sequence
from urllib.parse import ParseResult, parse_qs, parse_qsl, urlparse

import orjson

from crisis.channels import Callback, ForgedCallback, Receipt, ReceiptStatus

log = logging.getLogger(__name__)

STATUSES: Mapping[str, ReceiptStatus] = {
    "accepted": ReceiptStatus.ACCEPTED,
    "scheduled": ReceiptStatus.ACCEPTED,
    "queued": ReceiptStatus.ACCEPTED,
    "sending": ReceiptStatus.ACCEPTED,
    "sent": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.DELIVERED,
    "undelivered": ReceiptStatus.UNDELIVERED,
    "failed": ReceiptStatus.UNDELIVERED,
    "canceled": ReceiptStatus.UNDELIVERED,
}
"""Twilio's word to ours."""

EXPIRED_CODE = "30036"
"""The validity period ran out before the phone could be reached."""

_KEPT = (
    "AccountSid",
    "MessageSid",
    "SmsSid",
    "MessageStatus",
    "SmsStatus",
    "ErrorCode",
    "RawDlrDoneDate",
    "ApiVersion",
)
"""What may be stored: numbers and texts hide in To, From, Body, ChannelToAddress and ErrorMessage."""


def read_callback(callback: Callback, tokens: Sequence[str]) -> list[Receipt]:
    """The receipts in it, none or one. Raises :class:`ForgedCallback` unless one of ``tokens`` signed it."""
    fields = _signed_fields(callback, tokens)
    sid = fields.get("MessageSid") or fields.get("SmsSid")
    word = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
    status = STATUSES.get(word.lower())
    if not sid or status is None:
        log.warning("A signed Twilio callback says nothing we can use: status %r, sid %r", word[:40], sid)
        return []
    code = fields.get("ErrorCode") or None
    if code == EXPIRED_CODE and status is ReceiptStatus.UNDELIVERED:
        status = ReceiptStatus.EXPIRED
    key = parse_qs(urlparse(callback.url).query).get("delivery", [None])[0]
    raw = {name: fields[name] for name in _KEPT if name in fields}
    return [Receipt(sid, status, key=key, code=None if code == "0" else code, raw=raw)]


def signature_holds(
    url: str, params: Mapping[str, Sequence[str]] | bytes, signature: str, tokens: Sequence[str]
) -> bool:
    """Whether any of ``tokens`` signed it; the same answer as ``twilio.request_validator.RequestValidator.validate``.

    ``params`` are the form's fields with their values, or the raw body of a request that is not a form, which is then
    covered by the hash that the signed URL carries. Takes the same time wherever a wrong signature differs.
    """
    try:
        parts = urlparse(url)
        addresses = (_without_port(parts), _with_port(parts))  # Twilio signs either
        fields = params if not isinstance(params, bytes) else {}
        form = "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))
        signed = [(address + form).encode() for address in addresses]
        given = signature.encode()
    except ValueError:  # a port that is none, or text that is no Unicode
        return False
    holds = False
    for token in filter(None, tokens):
        for text in signed:
            computed = base64.b64encode(hmac.digest(token.encode(), text, "sha1"))
            holds |= hmac.compare_digest(computed, given)
    if isinstance(params, bytes):
        promised = parse_qs(parts.query).get("bodySHA256", [""])[0]
        holds &= hmac.compare_digest(hashlib.sha256(params).hexdigest().encode(), promised.encode())
    return holds


def _signed_fields(callback: Callback, tokens: Sequence[str]) -> Mapping[str, str]:
    signature = callback.headers.get("x-twilio-signature", "")
    if callback.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        _demand(signature_holds(callback.url, callback.body, signature, tokens))
        return _json_fields(callback.body)
    form: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(callback.body.decode(), keep_blank_values=True, errors="strict"):
            form.setdefault(name, []).append(value)
    except ValueError:  # not UTF-8: Twilio would not have sent it
        _demand(False)  # noqa: FBT003
    _demand(signature_holds(callback.url, form, signature, tokens))
    return {name: values[0] for name, values in form.items()}


def _json_fields(body: bytes) -> Mapping[str, str]:
    try:
        held = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return {name: str(value) for name, value in held.items() if value is not None} if isinstance(held, dict) else {}


def _demand(holds: bool) -> None:  # noqa: FBT001
    if not holds:
        raise ForgedCallback(
            "The signature does not hold: this is not from Twilio, or it was signed with a token we do not have, "
            "or Twilio calls another address than CRISIS_PUBLIC_URL says."
        )


def _without_port(parts: ParseResult) -> str:
    return parts._replace(netloc=parts.netloc.split(":")[0]).geturl() if parts.port else parts.geturl()


def _with_port(parts: ParseResult) -> str:
    if parts.port:
        return parts.geturl()
    return parts._replace(netloc=f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}").geturl()
