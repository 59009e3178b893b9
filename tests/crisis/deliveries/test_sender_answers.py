"""What an answer means: where each kind of error takes a delivery, and who else it takes with it."""

import asyncio
import logging

import pytest

from crisis.accounts.service import close_account
from crisis.audiences.service import forget_number
from crisis.channels import (
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from tests.crisis.deliveries.outlet import Door, Outlet, accepted
from tests.crisis.deliveries.slowness import S
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import OPERATOR


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Rejected("no", code="100"), S.REJECTED),
        (Throttled("later", retry_after=20.0), S.RETRY_WAIT),
        (Unavailable("refused"), S.RETRY_WAIT),
        (Misconfigured("the token is dead"), S.RETRY_WAIT),
        (OutcomeUnknown("502"), S.UNKNOWN),
        (KeyError("id"), S.UNKNOWN),
        (TimeoutError(), S.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_the_class_of_an_error_decides_where_a_delivery_goes(
    bench: Workbench, error: Exception, state: DeliveryState, caplog: pytest.LogCaptureFixture
) -> None:
    (post,) = await bench.posts(1)
    with caplog.at_level(logging.CRITICAL):
        tally = await bench.send(Lane.UNIT, Outlet(say=lambda _: error))
    assert tally == {state: 1}
    row = await bench.row(post)
    assert row.state == state
    assert row.error
    assert row.due_at >= row.created_at
    assert await bench.open_permits() == 0


async def test_an_adapter_that_fails_in_a_way_it_should_not_is_logged_and_takes_nobody_with_it(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await bench.posts(6)
    broken = str(ids[2])
    facebook = Outlet(say=lambda out: ZeroDivisionError() if out.key == broken else accepted(out))
    assert await bench.send(Lane.UNIT, facebook, concurrency=2) == {S.ACCEPTED: 5, S.UNKNOWN: 1}
    (record,) = [each for each in caplog.records if each.exc_info]
    assert broken in record.getMessage()


async def test_a_call_that_does_not_end_is_given_up_and_unknown(bench: Workbench) -> None:
    await bench.posts(1)
    began = asyncio.get_running_loop().time()
    assert await bench.send(Lane.UNIT, Outlet(say=Door()), call_seconds=0.2) == {S.UNKNOWN: 1}
    assert asyncio.get_running_loop().time() - began < 2


async def test_a_post_that_is_never_processed_is_given_up_in_the_end(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    facebook = Outlet(say=lambda _: Unavailable("refused"))
    for _ in range(12):
        await bench.send(Lane.UNIT, facebook)
        await bench.pass_time(300)
    assert (await bench.row(post)).state == "dead"
    assert len(facebook.begun) == 10


async def test_a_closed_account_publishes_nothing_more(bench: Workbench) -> None:
    account = await bench.unit_account()
    (post,) = await bench.posts(1, account)
    await close_account(bench.db, OPERATOR, account)
    facebook = Outlet()
    assert await bench.send(Lane.UNIT, facebook) == {S.REJECTED: 1}
    assert facebook.begun == []
    assert "closed" in (await bench.row(post)).error


async def test_an_erased_recipient_is_sent_nothing_and_still_counted(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=3)
    await forget_number(bench.db, OPERATOR, "+4740000001", sealer=bench.crisis.numbers, region="NO")
    sms = Outlet("sms")
    assert await bench.send(Lane.SMS, sms) == {S.ACCEPTED: 2, S.REJECTED: 1}
    assert "+4740000001" not in {each.to for each in sms.begun}
    assert len(await bench.rows(ids)) == 3


async def test_one_account_whose_credentials_do_not_open_does_not_stop_the_others(bench: Workbench) -> None:
    await bench.alert("facebook", "twitter")
    await bench.run("UPDATE accounts SET credentials = decode('00ff', 'hex') WHERE channel = 'facebook'")
    facebook, x = Outlet(), Outlet("twitter")
    assert await bench.send(Lane.PUBLIC, facebook, x) == {S.RETRY_WAIT: 1, S.ACCEPTED: 1}
    assert facebook.begun == []
    assert len(x.begun) == 1
    (waiting,) = [row for row in await bench.rows() if row.state == "retry_wait"]
    assert "key" in waiting.error


async def test_one_number_that_does_not_open_does_not_stop_the_others(bench: Workbench) -> None:
    await bench.alert("sms", people=4)
    await bench.run("UPDATE recipients SET number = decode('00ff', 'hex') WHERE last_two = '02'")
    sms = Outlet("sms")
    assert await bench.send(Lane.SMS, sms) == {S.RETRY_WAIT: 1, S.ACCEPTED: 3}
