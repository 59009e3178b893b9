"""The contract where the far end fails: no channel says that something was sent, or was not, without knowing."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from crisis.channels import Channel, Found, Misconfigured, OutcomeUnknown, Throttled, Unavailable, Unsupported
from crisis.embedded.port import free_port
from tests.adapters.contract import Outlet, error_of, in_time
from tests.adapters.every_channel.network import networked

SHORT = 1.5
"""Seconds a call may take where the far end keeps it waiting."""


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
