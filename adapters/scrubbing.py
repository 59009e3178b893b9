"""Scrubbing: what is blotted out of a text before it may be logged, stored or shown."""

import json
import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote, quote_plus

_HIDDEN = "[hidden]"
_NAMES = "access_token|appsecret_proof|client_secret|input_token|auth_token|verify_token|oauth_(?:token|signature|consumer_key)"
_PATTERNS = (
    (re.compile(rf"((?:{_NAMES})[\"']?\s*(?:=|%3D|:)\s*[\"']?)[^\s&\"',;)]+", re.IGNORECASE), rf"\1{_HIDDEN}"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=|%-]+", re.IGNORECASE), rf"\1 {_HIDDEN}"),
    (re.compile(r"(Authorization[\"']?\s*[:=]\s*)(?!Bearer|Basic)[^\r\n}]+", re.IGNORECASE), rf"\1{_HIDDEN}"),
    (re.compile(r"(?<=://)[^/\s@]+@"), f"{_HIDDEN}@"),
)


def scrub(text: str, secrets: Sequence[str] = ()) -> str:
    """``text`` without tokens, Authorization values, passwords in URLs, and the given secrets in any notation."""
    for secret in sorted({form for given in secrets if given.strip() for form in _forms(given)}, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _forms(secret: str) -> Iterator[str]:
    for form in {secret, secret.strip()}:
        yield from (form, quote(form, safe=""), quote_plus(form), json.dumps(form)[1:-1])
