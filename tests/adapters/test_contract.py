"""The contract: what the engine may rely on, of every channel alike, against the sandbox over real sockets.

Every check runs for every channel. A channel is let off only by what its capabilities say, and then it must raise
``Unsupported``; ``NETWORKED`` names the channels that have a network to fail.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import CHANNELS
from crisis.channels import (
    Callback,
    Channel,
    ForgedCallback,
    Found,
    Misconfigured,
    OutcomeUnknown,
    ReceiptStatus,
    Throttled,
    Unavailable,
    Unsupported,
)
from tests.adapters.callback_receiver import CallbackReceiver
from tests.adapters.contract import (
    APP_ID,
    NETWORKED,
    OUTLETS,
    TWILIO_TOKEN,
    Outlet,
    error_of,
    in_time,
    longest,
    shows_a_secret,
    squeezed,
    tripwire,
)
from tests.adapters.sandbox_server import SandboxServer, free_port

SHORT = 1.5
"""Seconds a call may take where the far end keeps it waiting."""
LOCKED_OUT = {"graph": 190, "twilio": 20003, "wordpress": "rest_cannot_create"}
"""The providers' own codes for credentials that are not let in; X has none beside its 401."""
SIGNED_BY_NOBODY = Callback("POST", "https://krise.example/receipts/exercise", {}, b"{}")
networked = pytest.mark.parametrize("outlet", NETWORKED, indirect=True)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(TWILIO_TOKEN, CRISIS_FACEBOOK_APP_ID=APP_ID) as running:
        yield running


@pytest.fixture(scope="module")
def receiver() -> Iterator[CallbackReceiver]:
    with CallbackReceiver() as running:
        yield running


@pytest.fixture(params=OUTLETS)
def outlet(
    request: pytest.FixtureRequest,
    server: SandboxServer,
    receiver: CallbackReceiver,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Outlet]:
    """A channel's far end, empty and behaving. Whatever was done with it, no secret was in a URL or a log line."""
    server.clear()
    caplog.set_level(logging.DEBUG)
    yield OUTLETS[request.param](server, tmp_path, receiver.url)
    assert {counts.get("tokens_in_urls", 0) for counts in server.counts().values()} == {0}
    assert not any(shows_a_secret(each["target"]) for each in server.requests())
    assert not any(shows_a_secret(record.getMessage()) for record in caplog.get_records("call"))


@pytest.fixture
async def channel(outlet: Outlet) -> AsyncIterator[Channel]:
    async with outlet.opened() as channel:
        yield channel


def test_every_channel_is_in_the_suite() -> None:
    assert {outlet.name for outlet in OUTLETS.values()} == set(CHANNELS)
    assert {name for name, outlet in OUTLETS.items() if name != outlet.name} == {"sms in bulk"}


# What it can do


async def test_its_capabilities_can_be_kept(outlet: Outlet, channel: Channel) -> None:
    able = channel.capabilities
    assert channel.name == outlet.name
    assert able.limit is None or able.limit.most >= 1
    assert able.concurrency >= 1
    assert able.settle_seconds >= 0
    assert 0 < able.call_seconds <= outlet.setup().call_seconds
    assert able.idempotent or able.reconcile, "an unknown outcome could never be settled"


async def test_the_longest_text_it_says_it_takes_arrives_whole(outlet: Outlet, channel: Channel) -> None:
    text = longest(channel.capabilities.limit)
    await channel.publish(outlet.account(), outlet.message(text=text))
    (shown,) = outlet.shown()
    assert text in shown


# Publishing, reading back, changing, taking down


async def test_what_is_published_arrives_letter_by_letter(outlet: Outlet, channel: Channel) -> None:
    message = outlet.message(text="Gå UT nå 🚨 æøå ÆØÅ – «fare» & <flom> 100 % + mer\nSe krise.fjordvik.kommune.no")
    receipt = await channel.publish(outlet.account(), message)
    (made,) = outlet.creates()
    assert receipt.reference == made["reference"]
    assert receipt.key == message.key
    assert receipt.status is ReceiptStatus.ACCEPTED
    (shown,) = outlet.shown()
    assert "Gå UT nå 🚨 æøå ÆØÅ – «fare» & <flom> 100 % + mer Se krise.fjordvik.kommune.no" in shown
    found = await channel.read_back(outlet.account(), receipt.reference)
    assert (found.found, found.reference) == (Found.YES, receipt.reference)
    assert squeezed(message.text) in squeezed(found.text or "")


async def test_what_is_out_is_found_by_its_message_and_what_is_not_is_not(outlet: Outlet, channel: Channel) -> None:
    since = datetime.now(UTC)
    receipt = await channel.publish(outlet.account(), outlet.message(1))
    found = await channel.reconcile(outlet.account(), outlet.message(1), since)
    assert (found.found, found.reference) == (Found.YES, receipt.reference)
    other = await channel.reconcile(outlet.account(), outlet.message(2), since)
    assert other.found is Found.NO
    assert len(outlet.creates()) == 1


async def test_an_edit_changes_what_is_shown(outlet: Outlet, channel: Channel) -> None:
    receipt = await channel.publish(outlet.account(), outlet.message())
    changed = outlet.message(text="Rettet: møt på Fjordhallen ✅")
    if not channel.capabilities.edit:
        await error_of(channel.edit(outlet.account(), receipt.reference, changed), Unsupported)
        assert outlet.shown() == [squeezed(outlet.message().text)]
        return
    edited = await channel.edit(outlet.account(), receipt.reference, changed)
    assert edited.reference == receipt.reference
    (shown,) = outlet.shown()
    assert "Rettet: møt på Fjordhallen ✅" in shown
    assert "Gå ut nå" not in shown


async def test_what_is_withdrawn_is_gone_and_withdrawing_it_again_is_done(outlet: Outlet, channel: Channel) -> None:
    receipt = await channel.publish(outlet.account(), outlet.message())
    if not channel.capabilities.withdraw:
        await error_of(channel.withdraw(outlet.account(), receipt.reference), Unsupported)
        assert len(outlet.shown()) == 1
        return
    await channel.withdraw(outlet.account(), receipt.reference)
    assert outlet.shown() == []
    assert (await channel.read_back(outlet.account(), receipt.reference)).found is Found.NO
    await channel.withdraw(outlet.account(), receipt.reference)
    assert outlet.shown() == []


async def test_a_key_published_twice_leaves_one_post_or_can_be_asked_about_first(
    outlet: Outlet, channel: Channel
) -> None:
    since = datetime.now(UTC)
    first = await channel.publish(outlet.account(), outlet.message())
    if channel.capabilities.idempotent:
        again = await channel.publish(outlet.account(), outlet.message())
        assert again.reference == first.reference
    else:
        asked = await channel.reconcile(outlet.account(), outlet.message(), since)
        assert (asked.found, asked.reference) == (Found.YES, first.reference)
    assert len(outlet.creates()) == len(outlet.shown()) == 1


async def test_twenty_at_once_all_arrive_once(outlet: Outlet, channel: Channel) -> None:
    messages = [outlet.message(number) for number in range(100, 120)]
    receipts = await asyncio.gather(*(channel.publish(outlet.account(), message) for message in messages))
    assert {receipt.key for receipt in receipts} == {message.key for message in messages}
    assert sorted(receipt.reference for receipt in receipts) == sorted(each["reference"] for each in outlet.creates())
    shown = outlet.shown()
    assert [sum(squeezed(each.text) in post for post in shown) for each in messages] == [1] * 20


# When the network fails


@networked
@pytest.mark.parametrize("fault", ["5xx", "drop", "garbage", "wrong_type", "html", "bare", "json_503", "huge"])
async def test_an_answer_lost_after_it_was_taken_is_unknown_and_then_found(
    outlet: Outlet, channel: Channel, fault: str
) -> None:
    assert await lost_and_found(outlet, channel, f"{fault}_after") is Found.YES


@networked
@pytest.mark.parametrize(("fault", "seconds"), [("timeout", 60), ("drip", 0.4)])
async def test_an_answer_that_does_not_come_in_time_is_unknown_and_then_found(
    outlet: Outlet, fault: str, seconds: float
) -> None:
    async with outlet.opened(call_seconds=SHORT) as channel:
        losing = lost_and_found(outlet, channel, f"{fault}_after", seconds=seconds)
        assert await in_time(losing, 2 * SHORT) is Found.YES


async def lost_and_found(outlet: Outlet, channel: Channel, fault: str, **more: Any) -> Found:
    """Whether it is found, and as what it is; nothing was created but it."""
    since, message = datetime.now(UTC), outlet.message()
    outlet.sandbox.fault(str(outlet.provider), fault, match={"verb": "create"}, **more)
    limit = channel.capabilities.call_seconds
    call = in_time(channel.publish(outlet.account(), message), limit)
    await error_of(call, OutcomeUnknown, number=message.to)
    (made,) = outlet.creates()  # and the fault still stands, so no second create was tried and lost
    assert sum(each["hits"] for each in outlet.sandbox.faults()) == 1
    found = await channel.reconcile(outlet.account(), message, since)
    assert found.reference == made["reference"]
    assert len(outlet.creates()) == 1
    return found.found


@networked
@pytest.mark.parametrize("fault", ["5xx", "drop", "html", "bare", "json_503", "garbage"])
async def test_a_failure_before_it_was_taken_is_unknown_and_never_found(
    outlet: Outlet, channel: Channel, fault: str
) -> None:
    since, message = datetime.now(UTC), outlet.message()
    outlet.sandbox.fault(str(outlet.provider), f"{fault}_before", match={"verb": "create"}, times=1)
    await error_of(channel.publish(outlet.account(), message), OutcomeUnknown, number=message.to)
    assert outlet.creates() == [], "the library tried again by itself"
    found = await channel.reconcile(outlet.account(), message, since)
    assert found.found in {Found.NO, Found.CANNOT_TELL}
    await channel.publish(outlet.account(), message)
    assert len(outlet.creates()) == 1


@networked
async def test_a_read_that_fails_says_nothing_about_what_is_out(outlet: Outlet, channel: Channel) -> None:
    since = datetime.now(UTC)
    receipt = await channel.publish(outlet.account(), outlet.message())
    faults = ("5xx_before", "html_before", "wrong_type_before", "drop_before", "429")
    for fault in faults:
        outlet.sandbox.fault(str(outlet.provider), fault, match={"verb": "read"}, times=2)
        read = await channel.read_back(outlet.account(), receipt.reference)
        asked = await channel.reconcile(outlet.account(), outlet.message(), since)
        assert (fault, read.found, asked.found) == (fault, Found.CANNOT_TELL, Found.CANNOT_TELL)
    assert [each["hits"] for each in outlet.sandbox.faults()] == [2] * len(faults)


@networked
@pytest.mark.parametrize(("fault", "is_told"), [("429", True), ("429_no_header", False)])
async def test_a_throttle_is_told_as_one_and_nothing_is_taken(
    outlet: Outlet, channel: Channel, fault: str, is_told: bool
) -> None:
    outlet.sandbox.fault(str(outlet.provider), fault, match={"verb": "create"}, seconds=60)
    error = await error_of(channel.publish(outlet.account(), outlet.message()), Throttled)
    assert isinstance(error, Throttled)
    assert (error.retry_after is not None) is is_told
    assert error.retry_after is None or 1 <= error.retry_after <= 120
    assert outlet.creates() == []
    assert sum(each["hits"] for each in outlet.sandbox.faults()) == 1, "the library tried again by itself"


@networked
async def test_with_nobody_listening_nothing_was_sent(outlet: Outlet) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    async with outlet.opened(f"http://{nobody}", allowed_hosts=frozenset({nobody})) as channel:
        call = channel.publish(outlet.account(f"http://{nobody}"), outlet.message())
        await error_of(in_time(call, channel.capabilities.call_seconds), Unavailable)
    assert outlet.sandbox.records() == []


@networked
async def test_a_far_end_that_never_answers_holds_no_call_beyond_its_limit(outlet: Outlet) -> None:
    since = datetime.now(UTC)
    async with outlet.opened(call_seconds=SHORT) as channel:
        account, message = outlet.account(), outlet.message()
        receipt = await channel.publish(account, message)
        outlet.sandbox.fault(str(outlet.provider), "timeout_before", match={"verb": "any"})
        ended = await asyncio.gather(
            in_time(channel.publish(account, outlet.message(2)), SHORT),
            in_time(channel.edit(account, receipt.reference, message), SHORT),
            in_time(channel.withdraw(account, receipt.reference), SHORT),
            in_time(channel.read_back(account, receipt.reference), SHORT),
            in_time(channel.reconcile(account, message, since), SHORT),
            return_exceptions=True,
        )
    published, edited, withdrawn, *looks = ended
    assert isinstance(published, OutcomeUnknown | Unavailable)
    assert isinstance(edited, OutcomeUnknown if channel.capabilities.edit else Unsupported)
    assert isinstance(withdrawn, OutcomeUnknown if channel.capabilities.withdraw else Unsupported)
    for look in looks:
        assert not isinstance(look, BaseException)
        assert look.found is Found.CANNOT_TELL


# When the folder fails: the crisis page's own network


@pytest.mark.parametrize("outlet", ["website"], indirect=True)
async def test_a_folder_that_cannot_be_written_to_is_said_and_leaves_the_page_whole(
    outlet: Outlet, channel: Channel
) -> None:
    await channel.publish(outlet.account(), outlet.message(1))
    (outlet.folder / ".entries" / "en").write_text("in the way")
    before = {path: path.read_bytes() for path in outlet.folder.rglob("*") if path.is_file()}
    error = await error_of(channel.publish(outlet.account(), outlet.message(2, language="en")), Misconfigured)
    assert str(outlet.folder) in error.reason
    assert {path: path.read_bytes() for path in outlet.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("outlet", ["website"], indirect=True)
async def test_a_page_that_could_not_be_replaced_is_unknown_and_mended_by_trying_again(
    outlet: Outlet, channel: Channel
) -> None:
    (outlet.folder / "index.html").mkdir(parents=True)
    await error_of(channel.publish(outlet.account(), outlet.message()), OutcomeUnknown)
    (outlet.folder / "index.html").rmdir()
    await channel.publish(outlet.account(), outlet.message())
    assert len(outlet.shown()) == len(outlet.creates()) == 1
    assert not list(outlet.folder.rglob("*.part"))


@pytest.mark.parametrize("outlet", ["website"], indirect=True)
async def test_an_exercise_is_not_written_where_the_public_reads(outlet: Outlet, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        outlet.build(outlet.setup(public_dir=tmp_path / "public"))
    assert not (tmp_path / "public").exists()


# The wall around an exercise


@networked
async def test_an_exercise_reaches_nothing_but_the_sandbox(outlet: Outlet) -> None:
    with tripwire() as (elsewhere, reached):
        async with outlet.opened(f"http://{elsewhere}") as channel:
            account, message = outlet.account(f"http://{elsewhere}"), outlet.message()
            await error_of(channel.publish(account, message), Misconfigured, number=message.to)
            ended: tuple[Any, ...] = await asyncio.gather(
                channel.edit(account, "1", message),
                channel.withdraw(account, "1"),
                channel.read_back(account, "1"),
                channel.reconcile(account, message, datetime.now(UTC)),
                return_exceptions=True,
            )
            for each in ended:
                assert isinstance(each, Misconfigured | Unsupported) or each.found is Found.CANNOT_TELL
        assert reached == []
    assert outlet.sandbox.requests() == []


@networked
async def test_a_proxy_is_no_way_out_of_an_exercise(outlet: Outlet, monkeypatch: pytest.MonkeyPatch) -> None:
    with tripwire() as (proxy, reached):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy}")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NO_PROXY", "")
        async with outlet.opened() as channel:
            receipt = await channel.publish(outlet.account(), outlet.message())
            assert (await channel.read_back(outlet.account(), receipt.reference)).found is Found.YES
        assert reached == []


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


async def test_closing_twice_is_fine_and_closing_unused_too(outlet: Outlet) -> None:
    unused = outlet.build(outlet.setup())
    await unused.close()
    await unused.close()
    used = outlet.build(outlet.setup())
    await used.publish(outlet.account(), outlet.message())
    await used.close()
    await used.close()
    assert len(outlet.creates()) == 1
