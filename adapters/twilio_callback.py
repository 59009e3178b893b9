"""Twilio's status callbacks: the signature, then what is read from one.

The signature covers the whole URL, query included. So the delivery's id that we put into the query when we created the
SMS can be trusted once the signature holds, also when the answer to the creation was lost. Rules and status words:
Twilio's documentation "Validating signatures from Twilio" and "Outbound message status in status callbacks".

After a broadcast hundreds of thousands of these come in minutes, so the check is our own: the SDK's takes the address apart
four times for each. The tests hold the two against each other on whatever hypothesis can think of.
"""

import hashlib
import hmac
import logging
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import ParseResult, parse_qs, unquote_plus, urlparse

import orjson

from crisis.channels import Callback, ForgedCallback, Receipt, ReceiptStatus, UnknownStatus

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

LONGEST = 64
"""Characters kept of any one field."""

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

_HARD = re.compile("[#\t\r\n]")
"""What in a query makes urllib read the address before it otherwise."""

Pairs = Sequence[tuple[str, str]]
"""A form's fields as they came: one name may stand several times."""


def read_callback(callback: Callback, tokens: Sequence[str]) -> list[Receipt | UnknownStatus]:
    """The receipts in it, none or one. Raises :class:`ForgedCallback` unless one of ``tokens`` signed it."""
    fields = _signed_fields(callback, tokens)
    sid = fields.get("MessageSid") or fields.get("SmsSid")
    word = fields.get("MessageStatus") or fields.get("SmsStatus")
    if not word or not sid or len(sid) > LONGEST or not (sid.isascii() and sid.isalnum()):
        log.warning("A signed Twilio callback says nothing we can use: status %.64r, sid %.64r", word, sid)
        return []
    code = _kept(fields.get("ErrorCode") or "0")
    told = None if code == "0" else code
    key = _delivery_in(callback.url)
    raw = {name: _kept(fields[name]) for name in _KEPT if name in fields}
    status = STATUSES.get(word) or STATUSES.get(word.lower())
    if status is None:
        return [UnknownStatus(sid, _kept(word), key, told, raw)]
    if code == EXPIRED_CODE and status is ReceiptStatus.UNDELIVERED:
        status = ReceiptStatus.EXPIRED
    return [Receipt(sid, status, key=key, code=told, raw=raw)]


def signature_holds(url: str, params: Pairs | bytes, signature: str, tokens: Sequence[str]) -> bool:
    """Whether any of ``tokens`` signed it; the same answer as ``twilio.request_validator.RequestValidator.validate``.

    ``params`` are the form's fields, or the raw body of a request that is not a form, which is then covered by the hash
    that the signed URL carries. Twilio signs the address with its port or without it, so both are tried; a wrong signature
    takes the same time wherever it differs.
    """
    try:
        addresses = _addresses(url)
        form = "" if isinstance(params, bytes) else "".join([name + value for name, value in sorted(set(params))])
        given = signature.encode()
        signed = [(address + form).encode() for address in addresses]
    except ValueError:  # a port that is none, or text that is no Unicode
        return False
    return _was_signed(signed, given, tokens) and (not isinstance(params, bytes) or _hash_holds(url, params))


def form_pairs(body: bytes) -> Pairs:
    """The fields of a form, as ``urllib.parse.parse_qsl`` reads them. Raises :class:`ValueError` where it is not UTF-8."""
    pairs = []
    for piece in body.decode().split("&"):
        if piece:
            name, _, value = piece.partition("=")
            if "%" in piece or "+" in piece:
                name, value = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
            pairs.append((name, value))
    return pairs


def _signed_fields(callback: Callback, tokens: Sequence[str]) -> Mapping[str, str]:
    signature = callback.headers.get("x-twilio-signature", "")
    if callback.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        _demand(signature_holds(callback.url, callback.body, signature, tokens))
        return _json_fields(callback.body)
    pairs: Pairs = ()
    try:
        pairs = form_pairs(callback.body)
    except ValueError:  # not UTF-8: Twilio would not have sent it
        _demand(False)  # noqa: FBT003
    _demand(signature_holds(callback.url, pairs, signature, tokens))
    return dict(reversed(pairs))  # of a name that stands several times, the first


def _kept(value: str) -> str:
    """As it came, if it is what Twilio sends; else so much of it as a database takes and a person can read."""
    return value[:LONGEST] if value.isprintable() else ascii(value)[:LONGEST]


def _json_fields(body: bytes) -> Mapping[str, str]:
    try:
        held = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return {name: str(value) for name, value in held.items() if value is not None} if isinstance(held, dict) else {}


def _was_signed(signed: Sequence[bytes], given: bytes, tokens: Sequence[str]) -> bool:
    for token in tokens:
        if token:
            key = token.encode()
            for text in signed:
                if hmac.compare_digest(b64encode(hmac.digest(key, text, "sha1")), given):
                    return True
    return False


def _hash_holds(url: str, body: bytes) -> bool:
    """Whether the signed address has the hash of the body. Where it has none, only an empty body is covered."""
    promised = parse_qs(urlparse(url).query).get("bodySHA256")
    if promised is None:
        return not body
    return hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), promised[0].encode())


def _demand(holds: bool) -> None:  # noqa: FBT001
    if not holds:
        raise ForgedCallback(
            "The signature does not hold: this is not from Twilio, or it was signed with a token we do not have, "
            "or Twilio calls another address than CRISIS_PUBLIC_URL says."
        )


def _delivery_in(url: str) -> str | None:
    query = url.partition("?")[2]
    name, _, value = query.partition("=")
    if name == "delivery" and value.isalnum() and value.isascii():  # as we write it
        return value
    return parse_qs(query.partition("#")[0]).get("delivery", [None])[0]


def _addresses(url: str) -> tuple[str, str]:
    """The address without and with its port. What stands before the query is always the same few, and taken apart once."""
    place, _, query = url.partition("?")
    if not query or _HARD.search(url):
        return _both(url)
    without, with_port = _places(place)
    return f"{without}?{query}", f"{with_port}?{query}"


def _both(url: str) -> tuple[str, str]:
    parts = urlparse(url)
    return _without_port(parts), _with_port(parts)


_places = lru_cache(maxsize=64)(_both)


def _without_port(parts: ParseResult) -> str:
    return parts._replace(netloc=parts.netloc.split(":")[0]).geturl() if parts.port else parts.geturl()


def _with_port(parts: ParseResult) -> str:
    if parts.port:
        return parts.geturl()
    return parts._replace(netloc=f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}").geturl()
