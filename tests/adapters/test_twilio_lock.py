"""Twilio's lever and watch over a real socket: what is asked, and what the answers are taken for."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from adapters.sms import Sms
from crisis.channel_access import Access, Right
from crisis.channels import Gone, Misconfigured, OutcomeUnknown, Rejected, Throttled
from tests.adapters.contract import ENOUGH_SECONDS
from tests.adapters.scripted import Answer, Scripted
from tests.adapters.setups import a_setup, an_account

OURS, PARENT, SUB = "AC" + "1" * 32, "AC" + "2" * 32, "AC" + "3" * 32
SERVICE = "MG" + "a" * 32
ACCOUNT = an_account("sms", "Fjordvik", {})
ADMIN = an_account("sms", "Fjordvik", {"subaccount_sid": SUB, "account_sid": PARENT, "auth_token": "secretPARENT"})
WAS_ACTIVE = Access((Right(SUB, "Biblioteket", ("active",)),))


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Sms]:
    ours = {"twilio_account_sid": OURS, "twilio_auth_tokens": ("secretOURS",)}
    made = Sms(a_setup(server.url, server.address, call_seconds=ENOUGH_SECONDS, **ours))
    yield made
    await made.close()


def sub_account(status: str, sid: str = SUB) -> Answer:
    return Answer(200, {"sid": sid, "friendly_name": "Biblioteket", "status": status})


def refusal(status: int, code: int) -> Answer:
    return Answer(status, {"code": code, "message": "about +4791234567", "status": status})


def sms(sid: str, **more: Any) -> dict[str, Any]:
    made = {"sid": sid, "body": "Hei", "status": "delivered", "direction": "outbound-api", "date_sent": None}
    return made | {"date_created": "Fri, 20 Nov 2026 03:00:00 +0000"} | more


def messages(*listed: dict[str, Any], following: str | None = None) -> Answer:
    return Answer(200, {"messages": list(listed), "next_page_uri": following})


@pytest.mark.parametrize(("status", "publishes"), [("active", True), ("suspended", False)])
async def test_a_sub_account_can_publish_while_it_is_active(
    channel: Sms, server: Scripted, status: str, publishes: bool
) -> None:
    server.script(sub_account(status))
    (right,) = (await channel.inspect(ADMIN)).rights
    assert (right.id, right.name, right.rights, right.can_publish) == (SUB, "Biblioteket", (status,), publishes)
    assert server.requests[0].path == f"/2010-04-01/Accounts/{SUB}.json"


async def test_closed_is_gone_and_another_account_is_no_answer(channel: Sms, server: Scripted) -> None:
    server.script(sub_account("closed"), sub_account("active", PARENT))
    with pytest.raises(Gone):
        await channel.inspect(ADMIN)
    with pytest.raises(OutcomeUnknown):
        await channel.inspect(ADMIN)


async def test_it_is_suspended_and_made_active_again(channel: Sms, server: Scripted) -> None:
    server.script(sub_account("suspended"), sub_account("active"))
    await channel.revoke(ADMIN, WAS_ACTIVE)
    await channel.restore(ADMIN, WAS_ACTIVE)
    assert [(seen.method, seen.form) for seen in server.requests] == [
        ("POST", {"Status": "suspended"}), ("POST", {"Status": "active"}),
    ]  # fmt: skip


async def test_one_that_was_suspended_before_stays_so(channel: Sms, server: Scripted) -> None:
    was = Access((Right(SUB, "Biblioteket", ("suspended",), can_publish=False),))
    await channel.revoke(ADMIN, was)
    await channel.restore(ADMIN, was)
    assert server.requests == []


async def test_a_yes_with_another_status_is_unknown(channel: Sms, server: Scripted) -> None:
    server.script(sub_account("active"))
    with pytest.raises(OutcomeUnknown):
        await channel.revoke(ADMIN, WAS_ACTIVE)


@pytest.mark.parametrize(
    "changes",
    [
        {"subaccount_sid": OURS},
        {"subaccount_sid": PARENT},
        {"subaccount_sid": ""},
        {"subaccount_sid": f"{SUB}/Messages"},
        {"auth_token": " "},
        {"account_sid": ""},
    ],
)
async def test_our_own_account_is_never_suspended_and_half_credentials_ask_nothing(
    channel: Sms, server: Scripted, changes: dict[str, str]
) -> None:
    account = replace(ADMIN, credentials={**ADMIN.credentials, **changes})
    for call in (channel.inspect(account), channel.revoke(account, WAS_ACTIVE), channel.restore(account, WAS_ACTIVE)):
        with pytest.raises(Misconfigured):
            await call
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(401, 20003), Misconfigured),
        (refusal(403, 20005), Misconfigured),
        (refusal(404, 20404), Gone),
        (refusal(429, 20429), Throttled),
        (refusal(400, 20001), Rejected),
        (refusal(503, 20503), OutcomeUnknown),
        (Answer(404, "<html>", content_type="text/html"), OutcomeUnknown),
        (Answer(200, [1]), OutcomeUnknown),
        (Answer(200, "{"), OutcomeUnknown),
        (Answer(302, "", {"Location": "/elsewhere"}), OutcomeUnknown),
    ],
)
async def test_an_answer_decides_the_class_and_no_number_is_quoted(
    channel: Sms, server: Scripted, answer: Answer, expected: type[Exception]
) -> None:
    for call in (lambda: channel.revoke(ADMIN, WAS_ACTIVE), lambda: channel.list_posted(ACCOUNT, 60)):
        server.script(answer)
        with pytest.raises(expected) as caught:
            await call()
        assert "91234567" not in str(caught.value)


async def test_what_went_out_is_named_by_its_sid_and_shows_no_number(channel: Sms, server: Scripted) -> None:
    text = "Ring 91 23 45 67 eller +4722334455 før kl. 12.30 i 2026"
    server.script(messages(sms("SM1", body=text, to="+4791234567")))
    (found,) = await channel.list_posted(ACCOUNT, 60)
    assert (found.reference, found.text) == ("SM1", "Ring …67 eller …55 før kl. 12.30 i 2026")
    assert "4791234567" not in repr(found)
    assert server.requests[0].query == {"From": "Fjordvik", "PageSize": "500"}


async def test_what_is_not_out_is_left_out(channel: Sms, server: Scripted) -> None:
    out = ["accepted", "queued", "sending", "sent", "delivered", "undelivered"]
    not_out = ["scheduled", "canceled", "failed", "received"]
    listed = [sms(f"SM{status}", status=status) for status in (*out, *not_out)]
    server.script(messages(*listed, sms("SMin", direction="inbound")))
    found = await channel.list_posted(ACCOUNT, 60)
    assert {each.reference for each in found} == {f"SM{status}" for status in out}


async def test_a_scheduled_message_is_as_old_as_its_sending(channel: Sms, server: Scripted) -> None:
    server.script(messages(sms("SM1"), sms("SM2", date_sent="Fri, 20 Nov 2026 04:00:00 +0000")))
    found = {each.reference: each.age_seconds for each in await channel.list_posted(ACCOUNT, 60)}
    assert found["SM1"] - found["SM2"] == 3600


async def test_a_messaging_services_messages_are_told_apart_here(channel: Sms, server: Scripted) -> None:
    server.script(messages(sms("SM1", messaging_service_sid=SERVICE), sms("SM2", messaging_service_sid="MG2")))
    found = await channel.list_posted(replace(ACCOUNT, address=SERVICE), 60)
    assert [each.reference for each in found] == ["SM1"]
    assert "From" not in server.requests[0].query


async def test_pages_are_read_until_they_are_older_than_was_asked(channel: Sms, server: Scripted) -> None:
    following = "/2010-04-01/Accounts/x/Messages.json?Page=1"
    recent = {"date_created": "Fri, 20 Nov 2099 03:00:00 +0000"}
    server.script(messages(sms("SM1", **recent), following=following), messages(sms("SM2"), following=following))
    assert [each.reference for each in await channel.list_posted(ACCOUNT, 60)] == ["SM1", "SM2"]
    assert server.requests[1].query == {"Page": "1"}
    server.answer = lambda _: messages(sms("SM1", **recent), following=following)
    with pytest.raises(OutcomeUnknown, match="not all"):
        await channel.list_posted(ACCOUNT, 60)


@pytest.mark.parametrize("odd", [sms("SM1", date_created="i går"), {"body": "uten sid"}, sms("SM1", date_created=None)])
async def test_an_odd_message_is_not_passed_over(channel: Sms, server: Scripted, odd: dict[str, Any]) -> None:
    server.script(messages(odd))
    with pytest.raises(OutcomeUnknown):
        await channel.list_posted(ACCOUNT, 60)
