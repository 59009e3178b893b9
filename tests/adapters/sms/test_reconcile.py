"""Reading back what went to a number: found, surely not there, or not known."""

from datetime import timedelta

import pytest

from adapters.sms import Sms
from crisis.channels import Found
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.sms.twilio import ACCOUNT, NUMBER, SID, SINCE, SMS, TEXT, listed, setup_for


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
