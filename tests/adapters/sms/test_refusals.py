"""What the SMS channel makes of every answer that is not a yes, and of no answer."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from adapters.sms import Sms
from adapters.twilio_answer import REFUSALS, SETTINGS_AT_FAULT
from crisis.channels import Found, Misconfigured, OutcomeUnknown, Rejected, Throttled, Unavailable
from crisis.mode import Mode
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.sms.twilio import ACCOUNT, SMS, TOKEN, refused, setup_for


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
