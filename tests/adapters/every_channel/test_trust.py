"""The contract of trust: which callbacks a channel believes, and what it never prints."""

from dataclasses import replace

import pytest

from crisis.channels import Callback, Channel, ForgedCallback, Misconfigured, ReceiptStatus, Unsupported
from tests.adapters.contract import Outlet, error_of, shows_a_secret

LOCKED_OUT = {"graph": 190, "twilio": 20003, "wordpress": "rest_cannot_create"}
"""The providers' own codes for credentials that are not let in; X has none beside its 401."""
SIGNED_BY_NOBODY = Callback("POST", "https://krise.example/receipts/exercise", {}, b"{}")


# Callbacks


async def test_a_callback_is_read_when_it_is_signed_and_never_when_it_is_forged(
    outlet: Outlet, channel: Channel
) -> None:
    receipt = await channel.publish(outlet.account(), outlet.message())
    if not channel.capabilities.receipts:
        with pytest.raises(Unsupported):
            channel.parse_receipts(SIGNED_BY_NOBODY)
        return
    genuine = outlet.genuine(receipt.reference, outlet.message().key)
    (told,) = channel.parse_receipts(genuine)
    assert (told.reference, told.status) == (receipt.reference, ReceiptStatus.DELIVERED)
    (header,) = (name for name in genuine.headers if "signature" in name)
    signature = genuine.headers[header]
    for forged in (
        replace(genuine, headers={name: value for name, value in genuine.headers.items() if name != header}),
        replace(genuine, headers={**genuine.headers, header: ""}),
        replace(genuine, headers={**genuine.headers, header: signature[:-3] + signature[:3]}),
        replace(genuine, headers={**genuine.headers, header: "æ" * len(signature)}),
        replace(genuine, body=genuine.body.replace(receipt.reference.encode(), b"another")),
        replace(genuine, body=b"\xff\xfe\x00"),
    ):
        with pytest.raises(ForgedCallback):
            channel.parse_receipts(forged)


async def test_a_subscription_is_not_confirmed_to_a_stranger(channel: Channel) -> None:
    for query in ({}, {"hub.mode": "subscribe", "hub.verify_token": "guess", "hub.challenge": "1158201444"}):
        with pytest.raises((ForgedCallback, Unsupported)):
            channel.answer_challenge(query)


# Keeping quiet, and ending


async def test_no_secret_and_no_number_can_be_printed(outlet: Outlet, channel: Channel) -> None:
    account, message = outlet.account(), outlet.message()
    receipt = await channel.publish(account, message)
    for held in (channel, account, message, outlet.setup(), receipt, channel.capabilities):
        for seen in (repr(held), str(held)):
            assert not shows_a_secret(seen)
            assert str(message.to) not in seen


async def test_wrong_credentials_are_for_a_person_and_are_not_quoted(outlet: Outlet) -> None:
    if outlet.provider is None:
        assert not outlet.account().credentials
        return
    outlet.sandbox.fault(outlet.provider, "error", status=401, code=LOCKED_OUT.get(outlet.provider), message="No.")
    async with outlet.opened() as channel:
        await error_of(channel.publish(outlet.account(), outlet.message()), Misconfigured)
    assert outlet.creates() == []
