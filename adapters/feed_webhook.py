"""Meta's ``feed`` webhook: signed over the bytes as they came, or not read at all.

A post whose text is changed comes as ``edited`` and is no receipt: it says nothing that the answer to the edit had not said.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.graph import post_url
from crisis.channels import Callback, ForgedCallback, Receipt, ReceiptStatus

log = logging.getLogger(__name__)

_BELOW_A_POST = frozenset({"comment", "reaction", "like"})


def read_webhook(callback: Callback, app_secret: str) -> Sequence[Receipt]:
    """Posts that are live. Raises :class:`ForgedCallback`.

    The signature is HMAC-SHA256 with the app secret over the bytes as received: Meta escapes æ, ø and å in them, so JSON
    written anew would never match.
    """
    _check(callback, app_secret)
    try:
        return [_live(value) for _, value in _feed_changes(callback.body) if _is_new_post(value)]
    except (ValueError, TypeError, AttributeError):
        log.warning("Facebook: a signed webhook of %d bytes was not understood; nothing was read", len(callback.body))
        return []


def read_rings(callback: Callback, app_secret: str) -> Sequence[str]:
    """The pages on which something was published or changed, whoever did it. Raises :class:`ForgedCallback`.

    What people say and press under a post is left out: that is most of what comes, and none of it is a post of the page's.
    """
    _check(callback, app_secret)
    try:
        pages = [page for page, value in _feed_changes(callback.body) if value.get("item") not in _BELOW_A_POST]
    except (ValueError, TypeError, AttributeError):
        return []  # the receipts' reading has said so
    return list(dict.fromkeys(pages))


def answer_challenge(query: Mapping[str, str], verify_token: str) -> str:
    """The answer to Meta's check of a new subscription. Raises :class:`ForgedCallback`."""
    given = query.get("hub.verify_token", "")
    known = bool(verify_token) and hmac.compare_digest(given.encode(), verify_token.encode())
    if query.get("hub.mode") != "subscribe" or not known:
        raise ForgedCallback("The subscription check does not carry our verify token, or none is set.")
    return query.get("hub.challenge", "")


def _check(callback: Callback, app_secret: str) -> None:
    expected = hmac.new(app_secret.encode(), callback.body, hashlib.sha256).hexdigest()
    given = callback.headers.get("x-hub-signature-256", "")
    if not app_secret or not hmac.compare_digest(f"sha256={expected}".encode(), given.encode()):
        raise ForgedCallback("The webhook is not signed with our app secret, or no app secret is set.")


def _feed_changes(body: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each with the id of its page."""
    for entry in json.loads(body).get("entry", ()):
        for change in entry.get("changes", ()):
            if change.get("field") == "feed" and isinstance(change.get("value"), dict):
                yield str(entry.get("id", "")), change["value"]


def _is_new_post(value: Mapping[str, Any]) -> bool:
    return (
        value.get("verb") == "add"
        and value.get("item") in {"post", "status"}
        and value.get("published", 1) == 1
        and isinstance(value.get("post_id"), str)
    )


def _live(value: Mapping[str, Any]) -> Receipt:
    raw = {name: str(value[name]) for name in ("item", "verb", "created_time") if name in value}
    reference = str(value["post_id"])
    return Receipt(reference, ReceiptStatus.DELIVERED, url=post_url(reference), raw=raw)
