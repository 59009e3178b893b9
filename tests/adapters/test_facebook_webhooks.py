"""Meta's webhooks: signed over the bytes as they came, or not read at all."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.facebook import Facebook, build
from crisis.channels import (
    Callback,
    ForgedCallback,
    ReceiptStatus,
)
from tests.adapters.graph_answers import PAGE, POST, TEXT
from tests.adapters.scripted import Scripted
from tests.adapters.setups import (
    APP_SECRET,
    VERIFY_TOKEN,
    a_setup,
)


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Facebook]:
    made = build(a_setup(server.url, server.address))
    yield made
    await made.close()


def webhook(*values: dict[str, Any], secret: str = APP_SECRET, field: str = "feed") -> Callback:
    changes = [{"field": field, "value": value} for value in values]
    body = json.dumps({"object": "page", "entry": [{"id": PAGE, "time": 1, "changes": changes}]}).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": f"sha256={signature}"}
    return Callback("POST", "https://crisis.example/receipts/exercise/facebook", headers, body)


ADDED = {"item": "status", "verb": "add", "post_id": POST, "published": 1, "message": TEXT, "created_time": 1732071601}


def test_a_new_post_in_the_feed_is_delivered(channel: Facebook) -> None:
    (receipt,) = channel.parse_receipts(webhook(ADDED))
    assert (receipt.reference, receipt.status) == (POST, ReceiptStatus.DELIVERED)
    assert TEXT not in receipt.raw.values()


def test_the_signature_is_over_the_bytes_as_they_came(channel: Facebook) -> None:
    callback = webhook(ADDED)
    assert b"\\u00d8" in callback.body  # Meta escapes æ, ø and å too
    rewritten = json.dumps(json.loads(callback.body), ensure_ascii=False).encode()
    assert channel.parse_receipts(callback)
    with pytest.raises(ForgedCallback):
        channel.parse_receipts(Callback("POST", callback.url, callback.headers, rewritten))


@pytest.mark.parametrize("signature", [None, "", "sha256=", "sha256=00", "sha1=00", "sha256=æ"])
def test_a_webhook_without_our_signature_is_forged(channel: Facebook, signature: str | None) -> None:
    callback = webhook(ADDED)
    headers = {} if signature is None else {"x-hub-signature-256": signature}
    with pytest.raises(ForgedCallback):
        channel.parse_receipts(Callback("POST", callback.url, headers, callback.body))
    with pytest.raises(ForgedCallback):
        channel.parse_receipts(webhook(ADDED, secret="another"))


async def test_without_an_app_secret_every_webhook_is_forged(server: Scripted) -> None:
    channel = build(a_setup(server.url, server.address, facebook_app_secret=""))
    with pytest.raises(ForgedCallback):
        channel.parse_receipts(webhook(ADDED, secret=""))
    await channel.close()


def test_other_changes_are_not_receipts(channel: Facebook) -> None:
    others = [ADDED | change for change in ({"verb": "edited"}, {"item": "comment"}, {"published": 0})]
    assert [receipt.reference for receipt in channel.parse_receipts(webhook(*others, ADDED))] == [POST]
    assert channel.parse_receipts(webhook(ADDED, field="mention")) == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"entry": 7}', b'{"entry": [7]}', b"\xff"])
def test_a_signed_webhook_that_makes_no_sense_gives_nothing(channel: Facebook, body: bytes) -> None:
    signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    callback = Callback("POST", "https://crisis.example", {"x-hub-signature-256": f"sha256={signature}"}, body)
    assert channel.parse_receipts(callback) == []


def test_the_subscription_check_is_answered_with_our_token_alone(channel: Facebook) -> None:
    good = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"}
    assert channel.answer_challenge(good) == "1158201444"
    for change in ({"hub.verify_token": "wrong"}, {"hub.verify_token": "ø"}, {"hub.mode": "unsubscribe"}):
        with pytest.raises(ForgedCallback):
            channel.answer_challenge(good | change)
    with pytest.raises(ForgedCallback):
        channel.answer_challenge({"hub.mode": "subscribe"})


async def test_without_a_verify_token_no_subscription_is_answered(server: Scripted) -> None:
    channel = build(a_setup(server.url, server.address, facebook_verify_token=""))
    with pytest.raises(ForgedCallback):
        channel.answer_challenge({"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"})
    await channel.close()


def test_what_happens_on_a_page_rings_for_it_but_not_what_people_say_below_a_post(channel: Facebook) -> None:
    photo = {"item": "photo", "verb": "add", "post_id": POST, "published": 1}
    edited = {**ADDED, "verb": "edited"}
    assert channel.parse_rings(webhook(photo)) == [PAGE]
    assert channel.parse_rings(webhook(ADDED, edited)) == [PAGE]
    assert channel.parse_rings(webhook({"item": "comment", "verb": "add"}, {"item": "reaction", "verb": "add"})) == []
    assert channel.parse_rings(webhook({}, field="messages")) == []
    with pytest.raises(ForgedCallback):
        channel.parse_rings(webhook(ADDED, secret="somebody else's"))
