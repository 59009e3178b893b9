import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from adapters.sms import Sms, build
from adapters.twilio_answer import REFUSALS, SETTINGS_AT_FAULT
from crisis.channels import (
    AccountRef,
    Callback,
    ChannelSetup,
    Found,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Rejected,
    Throttled,
    Unavailable,
    Unit,
    Unsupported,
)
from crisis.mode import Mode
from tests.adapters.scripted import Answer, Reset, Scripted

SID = "AC" + "1" * 32
TOKEN = "the-twilio-token"
NUMBER = "+4790000001"
ACCOUNT = AccountRef(1, "sms", "Varsling", "Fjordvik")
SINCE = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
TEXT = "Fjordvik kommune: SKRED ved Moen & Elvesletta. GÅ UT nå. 100 % + mer"
SMS = Outgoing(
    key="17", mode=Mode.ACTUAL, kind="alert", language="nb", title="", text=TEXT, to=NUMBER, valid_seconds=1800
)


def setup_for(url: str, **changed: Any) -> ChannelSetup:
    setup = ChannelSetup(
        mode=Mode.ACTUAL,
        graph_url="",
        graph_version="v26.0",
        x_url="",
        twilio_url=url,
        callback_url="https://krise.example.no/receipts/actual",
        public_dir=Path("public"),
        templates_dir=Path("templates"),
        municipality="Fjordvik kommune",
        crisis_page_host="krise.example.no",
        languages=("nb",),
        allowed_hosts=None,
        twilio_account_sid=SID,
        twilio_auth_tokens=(TOKEN, "the-next-token"),
        sms_concurrency=40,
        call_seconds=2.0,
    )
    return replace(setup, **changed)


@pytest.fixture
def twilio() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


@pytest.fixture
async def sms(twilio: Scripted) -> AsyncIterator[Sms]:
    channel = Sms(setup_for(twilio.url))
    yield channel
    await channel.close()


def created(sid: str = "SM1", **more: Any) -> Answer:
    return Answer(201, {"sid": sid, "status": "queued", **more})


def refused(status: int, code: int, **headers: str) -> Answer:
    body = {"code": code, "message": f"The 'To' number {NUMBER} is wrong", "status": status}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def listed(sid: str, body: str, at: datetime, direction: str = "outbound-api") -> dict[str, Any]:
    return {"sid": sid, "body": body, "direction": direction, "date_created": format_datetime(at), "status": "queued"}


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


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {"sid": "SM1"}),
        Answer(202, {"sid": "SM1"}),
        Answer(201, "<html>Created</html>", content_type="text/html"),
        Answer(201, ""),
        Answer(201, {"sid": None}),
        Answer(201, {"sid": 7}),
        Answer(201, {"sid": ""}),
        Answer(201, ["SM1"]),
        Answer(201, {"sid": "SM1"}, cut=5),
        Answer(500, {"code": 20500}),
        Answer(503, {"code": 20503, "message": "later"}),
        Answer(503, {"sid": "SM1"}),
        Answer(502, "<html>Bad gateway</html>", content_type="text/html"),
        Answer(400, "<html>A proxy</html>", content_type="text/html"),
        Answer(303, "", {"Location": "/elsewhere"}),
        Answer(301, "", {"Location": "/elsewhere"}),
        Reset(),
        Reset(rude=False),
    ],
)
async def test_anything_but_a_proper_201_leaves_the_outcome_unknown(
    twilio: Scripted, sms: Sms, answer: Answer | Reset
) -> None:
    twilio.script(answer)
    with pytest.raises(OutcomeUnknown) as raised:
        await sms.publish(ACCOUNT, SMS)
    assert len(twilio.requests) == 1, "a creation is never repeated"
    assert TOKEN not in str(raised.value)


async def test_a_slow_answer_is_unknown_within_the_limit(twilio: Scripted) -> None:
    twilio.script(Answer(201, {"sid": "SM1"}, after=1.5))
    sms = Sms(setup_for(twilio.url, call_seconds=0.3))
    began = asyncio.get_running_loop().time()
    with pytest.raises(OutcomeUnknown):
        await sms.publish(ACCOUNT, SMS)
    assert asyncio.get_running_loop().time() - began < 0.3
    await sms.close()
    assert len(twilio.requests) == 1


@pytest.mark.parametrize("code", sorted(REFUSALS))
async def test_a_refused_recipient_is_told_in_plain_words_without_the_number(
    twilio: Scripted, sms: Sms, code: int
) -> None:
    twilio.script(refused(400, code))
    with pytest.raises(Rejected) as raised:
        await sms.publish(ACCOUNT, SMS)
    assert (raised.value.reason, raised.value.code) == (REFUSALS[code], str(code))
    assert "0000001" not in str(raised.value)


async def test_a_code_we_do_not_know_is_still_a_refusal(twilio: Scripted, sms: Sms) -> None:
    twilio.script(refused(400, 21999))
    with pytest.raises(Rejected, match="21999"):
        await sms.publish(ACCOUNT, SMS)


async def test_an_rfc_9457_problem_is_read_by_its_code(twilio: Scripted, sms: Sms) -> None:
    problem = {"type": "about:blank", "title": "Bad", "status": 400, "code": 21610}
    twilio.script(Answer(400, problem, content_type="application/problem+json"))
    with pytest.raises(Rejected, match="STOP"):
        await sms.publish(ACCOUNT, SMS)


@pytest.mark.parametrize("code", sorted(SETTINGS_AT_FAULT))
async def test_a_fault_of_ours_holds_the_account_and_loses_no_recipient(twilio: Scripted, sms: Sms, code: int) -> None:
    twilio.script(refused(400, code))
    with pytest.raises(Misconfigured) as raised:
        await sms.publish(ACCOUNT, SMS)
    assert raised.value.code == str(code)


async def test_401_is_about_credentials_whatever_its_body(twilio: Scripted, sms: Sms) -> None:
    twilio.script(refused(401, 20003), Answer(401, "<html>", content_type="text/html"))
    for _ in range(2):
        with pytest.raises(Misconfigured, match="SID and token"):
            await sms.publish(ACCOUNT, SMS)


async def test_307_says_that_the_address_is_wrong_and_is_not_followed(twilio: Scripted, sms: Sms) -> None:
    twilio.script(Answer(307, "", {"Location": f"{twilio.url}/elsewhere"}))
    with pytest.raises(Misconfigured):
        await sms.publish(ACCOUNT, SMS)
    assert len(twilio.requests) == 1


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (refused(429, 20429, Retry_After="7"), 7.0),
        (refused(429, 20429), None),
        (refused(429, 20429, Retry_After="soon"), None),
        (Answer(429, "slow down", content_type="text/plain"), None),
        (refused(400, 21611), None),
        (refused(429, 20429, Retry_After="Fri, 20 Nov 2020 05:00:00 GMT"), 0.0),
    ],
)
async def test_later_is_not_a_refusal(twilio: Scripted, sms: Sms, answer: Answer, seconds: float | None) -> None:
    twilio.script(answer)
    with pytest.raises(Throttled) as raised:
        await sms.publish(ACCOUNT, SMS)
    assert raised.value.retry_after == seconds
    assert len(twilio.requests) == 1


async def test_retry_after_may_be_a_date(twilio: Scripted, sms: Sms) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    twilio.script(refused(429, 20429, Retry_After=at))
    with pytest.raises(Throttled) as raised:
        await sms.publish(ACCOUNT, SMS)
    assert raised.value.retry_after is not None
    assert 55 < raised.value.retry_after <= 60


async def test_what_never_reached_twilio_is_surely_not_sent(twilio: Scripted) -> None:
    refusing, unknown_name, no_tls = "http://127.0.0.1:9", "http://twilio.invalid", twilio.url.replace("http", "https")
    for address in (refusing, unknown_name, no_tls):
        sms = Sms(setup_for(address))
        with pytest.raises(Unavailable):
            await sms.publish(ACCOUNT, SMS)
        await sms.close()
    assert not twilio.requests


async def test_a_host_outside_the_wall_is_never_called(twilio: Scripted) -> None:
    sms = Sms(setup_for(twilio.url, mode=Mode.EXERCISE, allowed_hosts=frozenset({"127.0.0.1:1"})))
    with pytest.raises(Misconfigured):
        await sms.publish(ACCOUNT, SMS)
    assert (await sms.read_back(ACCOUNT, "SM1")).found is Found.CANNOT_TELL
    await sms.close()
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


async def test_reconcile_finds_the_text_among_what_went_to_the_number(twilio: Scripted, sms: Sms) -> None:
    messages = [
        listed("SM3", TEXT, SINCE + timedelta(seconds=9), "inbound"),
        listed("SM2", "something else", SINCE + timedelta(seconds=8)),
        listed("SM1", TEXT, SINCE + timedelta(seconds=7)),
    ]
    twilio.script(Answer(200, {"messages": messages}))
    finding = await sms.reconcile(ACCOUNT, SMS, SINCE)
    assert (finding.found, finding.reference, finding.text) == (Found.YES, "SM1", TEXT)
    (seen,) = twilio.requests
    assert (seen.method, seen.query["To"]) == ("GET", NUMBER)
    assert "DateSent" not in seen.target, "a queued SMS has no date of sending yet"


async def test_reconcile_says_no_after_a_clean_read(twilio: Scripted, sms: Sms) -> None:
    older = listed("SM1", TEXT, SINCE - timedelta(hours=1))
    newer = listed("SM2", "something else", SINCE + timedelta(seconds=3))
    twilio.script(Answer(200, {"messages": []}), Answer(200, {"messages": [newer, older], "next_page_uri": "/next"}))
    assert (await sms.reconcile(ACCOUNT, SMS, SINCE)).found is Found.NO
    assert (await sms.reconcile(ACCOUNT, SMS, SINCE)).found is Found.NO
    assert len(twilio.requests) == 2, "what is older than the attempt need not be read"


async def test_reconcile_reads_on_to_the_next_page(twilio: Scripted, sms: Sms) -> None:
    page = [listed(f"SM{number}", "else", SINCE + timedelta(seconds=50)) for number in range(50)]
    more = f"/2010-04-01/Accounts/{SID}/Messages.json?To=%2B4790000001&PageSize=50&Page=1"
    last = [listed("SMlast", TEXT, SINCE)]
    twilio.script(Answer(200, {"messages": page, "next_page_uri": more}), Answer(200, {"messages": last}))
    assert (await sms.reconcile(ACCOUNT, SMS, SINCE)).reference == "SMlast"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(503, {"messages": []}),
        Answer(200, {"unavailable": []}),
        Answer(200, {"messages": None}),
        Answer(200, {}),
        Answer(200, []),
        Answer(200, "<html>", content_type="text/html"),
        Answer(200, {"messages": [{"sid": "SM1", "body": TEXT, "date_created": "yesterday"}]}),
        Answer(200, {"messages": ["SM1"]}),
        Answer(401, {"code": 20003}),
        Answer(302, "", {"Location": "/elsewhere"}),
        Reset(),
    ],
)
async def test_reconcile_cannot_tell_from_a_broken_answer(twilio: Scripted, sms: Sms, answer: Answer | Reset) -> None:
    twilio.script(answer)
    assert (await sms.reconcile(ACCOUNT, SMS, SINCE)).found is Found.CANNOT_TELL


async def test_a_slow_reading_is_given_up(twilio: Scripted) -> None:
    twilio.script(Answer(200, {"messages": []}, after=1.5))
    sms = Sms(setup_for(twilio.url, call_seconds=0.3))
    assert (await sms.reconcile(ACCOUNT, SMS, SINCE)).found is Found.CANNOT_TELL
    await sms.close()


async def test_read_back_is_by_sid(twilio: Scripted, sms: Sms) -> None:
    twilio.script(
        Answer(200, {"sid": "SM1", "body": TEXT}),
        Answer(404, {"code": 20404, "message": "not found", "status": 404}),
        Answer(404, "<html>", content_type="text/html"),
        Answer(200, {"sid": "SM2", "body": TEXT}),
    )
    found = [await sms.read_back(ACCOUNT, "SM1") for _ in range(4)]
    assert [each.found for each in found] == [Found.YES, Found.NO, Found.CANNOT_TELL, Found.CANNOT_TELL]
    assert found[0].text == TEXT
    assert twilio.requests[0].path == f"/2010-04-01/Accounts/{SID}/Messages/SM1.json"
    assert (await sms.read_back(ACCOUNT, "../../Accounts")).found is Found.CANNOT_TELL


async def test_the_environment_cannot_move_the_reads(
    twilio: Scripted, sms: Sms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    twilio.script(Answer(200, {"sid": "SM1", "body": TEXT}))
    assert (await sms.read_back(ACCOUNT, "SM1")).found is Found.YES


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
