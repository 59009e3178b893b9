"""A text message to one phone: what Twilio is asked, from whom, and what is never sent at all."""

import asyncio
import base64
import logging
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from adapters.sms import Sms, build
from crisis.channels import Callback, Found, Misconfigured, Receipt, ReceiptStatus, Rejected, Unit, Unsupported
from tests.adapters.scripted import Answer, Scripted
from tests.adapters.sms.twilio import ACCOUNT, NUMBER, SID, SINCE, SMS, TEXT, TOKEN, created, listed, setup_for


async def test_the_form_is_what_twilio_asks_for(twilio: Scripted, sms: Sms) -> None:
    twilio.script(created("SMabc"))
    receipt = await sms.publish(ACCOUNT, SMS)
    assert (receipt.reference, receipt.status, receipt.key) == ("SMabc", ReceiptStatus.ACCEPTED, "17")
    (seen,) = twilio.requests
    assert (seen.method, seen.target) == ("POST", f"/2010-04-01/Accounts/{SID}/Messages.json")
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen.form == {
        "To": NUMBER,
        "From": "Fjordvik",
        "Body": TEXT,
        "ValidityPeriod": "1800",
        "StatusCallback": "https://krise.example.no/receipts/actual/sms?delivery=17",
    }


async def test_it_sends_what_the_official_client_sends(twilio: Scripted, sms: Sms) -> None:
    twilio.script(created(), created())
    await sms.publish(ACCOUNT, SMS)

    def officially() -> None:
        client = Client(SID, TOKEN)
        client.api.base_url = twilio.url
        client.messages.create(
            to=NUMBER,
            from_="Fjordvik",
            body=TEXT,
            validity_period=1800,
            status_callback="https://krise.example.no/receipts/actual/sms?delivery=17",
        )
        client.http_client.session.close()

    await asyncio.to_thread(officially)
    ours, theirs = twilio.requests
    assert (ours.method, ours.target, ours.form) == (theirs.method, theirs.target, theirs.form)
    assert ours.headers["authorization"] == theirs.headers["authorization"]


SECOND_SID, SECOND_TOKEN = "AC" + "2" * 32, "the-second-token"


async def test_an_account_of_ours_may_send_through_a_second_account_at_twilio(twilio: Scripted) -> None:
    setup = setup_for(twilio.url, twilio_second_account_sid=SECOND_SID, twilio_second_auth_token=SECOND_TOKEN)
    sms, standby = Sms(setup), replace(ACCOUNT, credentials={"twilio_account": "second"})
    twilio.script(created("SMone"), created("SMtwo"), Answer(200, {"messages": [listed("SMtwo", TEXT, SINCE)]}))
    assert (await sms.publish(ACCOUNT, SMS)).reference == "SMone"
    assert (await sms.publish(standby, SMS)).reference == "SMtwo"
    assert (await sms.reconcile(standby, SMS, SINCE)).found is Found.YES
    first, second, read = twilio.requests
    assert SID in first.target
    assert SECOND_SID in second.target
    assert SECOND_SID in read.target
    basic = base64.b64encode(f"{SECOND_SID}:{SECOND_TOKEN}".encode()).decode()
    assert second.headers["authorization"] == read.headers["authorization"] == f"Basic {basic}"
    await sms.close()


async def test_the_second_accounts_callbacks_are_believed_too(twilio: Scripted) -> None:
    sms = Sms(setup_for(twilio.url, twilio_second_account_sid=SECOND_SID, twilio_second_auth_token=SECOND_TOKEN))
    url = "https://krise.example.no/receipts/actual/sms?delivery=17"
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    for token in (TOKEN, "the-next-token", SECOND_TOKEN):
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": RequestValidator(token).compute_signature(url, form),
        }
        (receipt,) = sms.parse_receipts(Callback("POST", url, headers, urlencode(form).encode()))
        assert isinstance(receipt, Receipt)
        assert (receipt.key, receipt.status) == ("17", ReceiptStatus.DELIVERED)
    await sms.close()


@pytest.mark.parametrize(
    ("named", "said"), [("second", "our second Twilio account"), ("third", "there are first and second")]
)
async def test_a_second_account_that_is_not_set_up_sends_nothing(sms: Sms, named: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        await sms.publish(replace(ACCOUNT, credentials={"twilio_account": named}), SMS)


async def test_a_messaging_service_is_not_a_sender(twilio: Scripted, sms: Sms) -> None:
    twilio.script(created())
    service = "MG" + "2" * 32
    await sms.publish(replace(ACCOUNT, address=service), SMS)
    assert twilio.requests[0].form["MessagingServiceSid"] == service
    assert "From" not in twilio.requests[0].form


@pytest.mark.parametrize(("asked", "sent"), [(None, None), (-5, "1"), (0, "1"), (36_000, "36000"), (90_000, "36000")])
async def test_the_validity_is_kept_within_what_twilio_takes(
    twilio: Scripted, sms: Sms, asked: int | None, sent: str | None
) -> None:
    twilio.script(created())
    await sms.publish(ACCOUNT, replace(SMS, valid_seconds=asked))
    assert twilio.requests[0].form.get("ValidityPeriod") == sent


async def test_each_recipient_has_its_own_callback_and_the_text_its_own_form(twilio: Scripted, sms: Sms) -> None:
    wanted = [("1", "+4790000001", "a"), ("b&c=d/é", "+4790000002", "a"), ("3", "+4670000003", "b")]
    twilio.script(*(created() for _ in wanted))
    for key, to, text in wanted:
        await sms.publish(ACCOUNT, replace(SMS, key=key, to=to, text=text))
    assert [(seen.form["To"], seen.form["Body"]) for seen in twilio.requests] == [(to, text) for _, to, text in wanted]
    assert twilio.requests[1].form["StatusCallback"].endswith("/sms?delivery=b%26c%3Dd%2F%C3%A9")


@pytest.mark.parametrize("to", [None, "", "90000001", "+47 90000001", "+", "+47٩0000001", "+47&Body=x"])
async def test_a_number_that_is_not_international_never_leaves(twilio: Scripted, sms: Sms, to: str | None) -> None:
    with pytest.raises(Rejected):
        await sms.publish(ACCOUNT, replace(SMS, to=to))
    assert not twilio.requests


async def test_an_account_without_sender_waits_for_a_person(twilio: Scripted, sms: Sms) -> None:
    with pytest.raises(Misconfigured, match="no sender"):
        await sms.publish(replace(ACCOUNT, address=None), SMS)
    assert not twilio.requests


@pytest.mark.parametrize(
    "missing", [{"twilio_account_sid": ""}, {"twilio_auth_tokens": ()}, {"twilio_auth_tokens": ("",)}]
)
async def test_without_credentials_nothing_leaves(twilio: Scripted, missing: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="CRISIS_TWILIO"):
        await Sms(setup_for(twilio.url, **missing)).publish(ACCOUNT, SMS)
    assert not twilio.requests


async def test_many_at_once_each_get_their_own_answer(twilio: Scripted) -> None:
    sms = Sms(setup_for(twilio.url, sms_concurrency=4, call_seconds=20.0))
    keys = [str(number) for number in range(60)]
    twilio.script(*(created(f"SM{key}") for key in keys))
    receipts = await asyncio.gather(*(sms.publish(ACCOUNT, replace(SMS, key=key)) for key in keys))
    await sms.close()
    assert len({receipt.reference for receipt in receipts}) == 60
    assert [receipt.key for receipt in receipts] == keys
    assert {seen.form["StatusCallback"].rpartition("=")[2] for seen in twilio.requests} == set(keys)


async def test_no_number_text_or_token_is_logged(twilio: Scripted, sms: Sms, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    twilio.script(created(), Answer(200, {"messages": []}), Answer(503, "no"))
    await sms.publish(ACCOUNT, SMS)
    await sms.reconcile(ACCOUNT, SMS, SINCE)
    await sms.reconcile(ACCOUNT, SMS, SINCE)
    for hidden in ("90000001", "SKRED", TOKEN):
        assert hidden not in caplog.text
    assert "cannot" in caplog.text or "could not" in caplog.text


async def test_an_sms_that_is_out_can_be_neither_changed_nor_recalled(sms: Sms) -> None:
    assert not sms.capabilities.edit
    assert not sms.capabilities.withdraw
    assert not sms.capabilities.idempotent
    with pytest.raises(Unsupported):
        await sms.edit(ACCOUNT, "SM1", SMS)
    with pytest.raises(Unsupported):
        await sms.withdraw(ACCOUNT, "SM1")
    with pytest.raises(Unsupported):
        sms.answer_challenge({})


async def test_it_claims_what_it_can() -> None:
    capabilities = build(setup_for("http://127.0.0.1:9", sms_max_segments=3, sms_concurrency=70)).capabilities
    assert capabilities.limit is not None
    assert (capabilities.limit.unit, capabilities.limit.most) == (Unit.SEGMENTS, 3)
    assert capabilities.recipients
    assert capabilities.short
    assert capabilities.receipts
    assert capabilities.reconcile
    assert (capabilities.concurrency, capabilities.settle_seconds) == (70, 60.0)
