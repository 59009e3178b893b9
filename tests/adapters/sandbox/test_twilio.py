"""Twilio in the sandbox, held against its own SDK: what that understands, and what it chokes on."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from adapters.sandbox.callbacks import Announcement, Callbacks
from crisis.embedded.port import free_port
from tests.adapters.callback_receiver import CallbackReceiver
from tests.adapters.sandbox.clients import SENDER, TO, TOKEN, send, twilio_client, wait_for
from tests.adapters.sandbox_server import SandboxServer

SERVICE = "MG" + "0" * 32


@pytest.fixture
def receiver() -> Iterator[CallbackReceiver]:
    with CallbackReceiver() as receiver:
        yield receiver


def test_a_text_is_created_read_listed_redacted_and_deleted(sandbox: SandboxServer, sms: Client) -> None:
    created = send(sms, status_callback="http://127.0.0.1:9/receipts?key=42", validity_period=1800)
    assert (created.status, created.body, created.to, created.from_) == ("queued", "Forlat området nå", TO, SENDER)
    assert created.num_segments == "1"
    assert created.date_created is not None
    fetch = sms.messages(created.sid).fetch
    wait_for(lambda: fetch().status == "delivered")
    assert [each.sid for each in sms.messages.list(to=TO)] == [created.sid]
    assert sms.messages.list(to="+4790000000") == []
    assert sms.messages(created.sid).update(body="").body == ""
    assert sms.messages(created.sid).delete()
    with pytest.raises(TwilioRestException) as gone:
        fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)
    verbs = [(each["verb"], each["reference"]) for each in sandbox.records("twilio")]
    assert verbs == [("create", created.sid), ("edit", created.sid), ("delete", created.sid)]
    record = sandbox.records("twilio", "create")[0]
    assert (record["to"], record["text"], record["key"]) == (TO, "Forlat området nå", "42")
    assert record["facts"]["validity"] == 1800


def test_lists_are_filtered_and_paged_newest_first(sms: Client) -> None:
    sids = [send(sms, to=f"+479123456{n}").sid for n in range(7)]
    other = send(sms, from_="Brann").sid
    assert [each.sid for each in sms.messages.list(page_size=3)] == [other, *reversed(sids)]
    assert [each.sid for each in sms.messages.list(from_="Brann")] == [other]
    wait_for(lambda: len(sms.messages.list(date_sent_after=datetime.now(UTC) - timedelta(hours=1))) == 8)
    assert sms.messages.list(date_sent_before=datetime.now(UTC) - timedelta(days=2)) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"to": ""}, 21604),
        ({"to": "12345"}, 21211),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"from_": ""}, 21603),
        ({"from_": "Fjordvik æøå"}, 21212),
        ({"from_": "Fjordvik kommune"}, 21212),
        ({"from_": TO}, 21266),
        ({"from_": "+15005550008"}, 21611),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"validity_period": 36_001}, 21624),
        ({"status_callback": "ftp://a.no/"}, 21609),
        ({"status_callback": "http://under_score.no/"}, 21609),
    ],
)
def test_twilio_refuses_what_twilio_refuses(
    sandbox: SandboxServer, sms: Client, changed: dict[str, Any], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        send(sms, **changed)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert sandbox.records() == []


def test_the_wrong_auth_token_is_not_let_in(sandbox: SandboxServer) -> None:
    with pytest.raises(TwilioRestException) as refused:
        send(twilio_client(sandbox, "another-token"))
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_callbacks_are_signed_over_the_address_as_it_was_given(sms: Client, receiver: CallbackReceiver) -> None:
    address = f"{receiver.url}?a=%C3%A6%20b&key=k1"
    created = send(sms, status_callback=address)
    wait_for(lambda: len(receiver.received) == 2)
    assert [each.status for each in receiver.received] == ["sent", "delivered"]
    for each in receiver.received:
        assert each.url == address
        assert each.fields["MessageSid"] == created.sid
        assert each.is_signed_by(TOKEN)
        assert not each.is_signed_by("another-token")


def test_a_messaging_service_accepts_before_it_queues(sms: Client, receiver: CallbackReceiver) -> None:
    created = send(sms, from_="", messaging_service_sid=SERVICE, status_callback=f"{receiver.url}?key=k")
    assert (created.status, created.num_segments) == ("accepted", "0")
    wait_for(lambda: receiver.statuses("k") == ["queued", "sent", "delivered"])


def test_a_scheduled_text_can_be_canceled_and_then_nothing_is_told(sms: Client, receiver: CallbackReceiver) -> None:
    later = datetime.now(UTC) + timedelta(seconds=1)
    facts: dict[str, Any] = {"from_": "", "messaging_service_sid": SERVICE, "schedule_type": "fixed", "send_at": later}
    stopped = send(sms, **facts, status_callback=f"{receiver.url}?key=stopped")
    send(sms, **facts, status_callback=f"{receiver.url}?key=left")
    assert stopped.status == "scheduled"
    assert sms.messages(stopped.sid).update(status="canceled").status == "canceled"
    wait_for(lambda: receiver.statuses("left") == ["queued", "sent", "delivered"])
    assert receiver.statuses("stopped") == []
    with pytest.raises(TwilioRestException):
        sms.messages(stopped.sid).update(status="canceled")


def test_callbacks_can_be_shuffled_doubled_late_forged_and_left_out(
    sandbox: SandboxServer, sms: Client, receiver: CallbackReceiver
) -> None:
    scripts: dict[str, dict[str, Any]] = {
        "shuffled_callbacks": {"seed": 1},
        "duplicate_callbacks": {"copies": 3},
        "late_callback": {"seconds": 0.5},
        "forged_callbacks": {},
        "no_callbacks": {},
    }
    for kind, more in scripts.items():
        sandbox.fault("twilio", kind, match={"text": kind}, **more)
        send(sms, body=kind, status_callback=f"{receiver.url}?key={kind}")
    send(sms, body="plain", status_callback=f"{receiver.url}?key=plain")
    wait_for(lambda: sandbox.counts()["callbacks"]["pending"] == 0)
    assert receiver.statuses("shuffled_callbacks") == ["delivered", "sent"]
    assert receiver.statuses("duplicate_callbacks") == ["sent"] * 3 + ["delivered"] * 3
    assert receiver.statuses("no_callbacks") == []
    order = [each.url.rpartition("=")[2] for each in receiver.received]
    assert order.index("late_callback") > order.index("plain")
    assert {each.is_signed_by(TOKEN) for each in receiver.received if "forged" in each.url} == {False}
    assert {each.is_signed_by(TOKEN) for each in receiver.received if "forged" not in each.url} == {True}


def test_callbacks_can_come_before_the_answer(sandbox: SandboxServer, sms: Client, receiver: CallbackReceiver) -> None:
    sandbox.fault("twilio", "callback_before_response")
    send(sms, status_callback=f"{receiver.url}?key=early")
    assert receiver.statuses("early") == ["sent", "delivered"]


def test_a_share_is_undelivered_and_the_same_share_each_time(
    sandbox: SandboxServer, sms: Client, receiver: CallbackReceiver
) -> None:
    rounds = []
    for turn in range(2):
        sandbox.clear()
        sandbox.fault("twilio", "undelivered", share=0.3, seed=7, code=30005)
        for n in range(20):
            send(sms, to=f"+479123456{n:02d}", status_callback=f"{receiver.url}?key={turn}-{n}")
        wait_for(lambda: sandbox.counts()["callbacks"]["pending"] == 0)
        lost = [n for n in range(20) if receiver.statuses(f"{turn}-{n}")[-1] == "undelivered"]
        rounds.append(lost)
    assert rounds[0] == rounds[1]
    assert 1 <= len(rounds[0]) <= 12
    told = next(each for each in reversed(receiver.received) if each.status == "undelivered")
    assert told.fields["ErrorCode"] == "30005"
    assert sms.messages(told.fields["MessageSid"]).fetch().error_code == 30005


def test_a_receiver_that_comes_up_late_still_gets_its_callbacks(sandbox: SandboxServer, sms: Client) -> None:
    port = free_port()
    send(sms, status_callback=f"http://127.0.0.1:{port}/receipts/twilio?key=k")
    wait_for(lambda: sandbox.counts()["callbacks"]["requests"] >= 2)
    with CallbackReceiver(port) as receiver:
        wait_for(lambda: len(receiver.statuses("k")) >= 2)
        assert receiver.statuses("k") == ["sent", "delivered"]


async def test_a_receiver_that_stays_down_is_given_up_and_that_is_recorded() -> None:
    with CallbackReceiver(answer=503) as receiver:
        callbacks = Callbacks(senders=2, tries=2)
        callbacks.start()
        steps: list[Mapping[str, str]] = [{"MessageStatus": "sent"}, {"MessageStatus": "delivered"}]
        announcement = Announcement(receiver.url, TOKEN, {"MessageSid": "SM1"}, steps, delay=0.0)
        callbacks.begin(announcement, 0.0)
        async with asyncio.timeout(5):
            await announcement.done.wait()
        await callbacks.stop()
    assert callbacks.figures() == {"acknowledged": 0, "refused": 0, "given_up": 2, "requests": 4, "pending": 0}
    assert [each["problem"] for each in callbacks.outcomes] == ["HTTP 503", "HTTP 503"]


def test_counts_tell_repeats_from_recipients(sandbox: SandboxServer, sms: Client) -> None:
    for to, body in [(TO, "a"), (TO, "a"), (TO, "b"), ("+4798765432", "a")]:
        send(sms, to=to, body=body)
    counts = sandbox.counts()["twilio"]
    assert {name: counts[name] for name in ("create", "distinct_to", "distinct_to_text", "repeats")} == {
        "create": 4,
        "distinct_to": 2,
        "distinct_to_text": 3,
        "repeats": 1,
    }
