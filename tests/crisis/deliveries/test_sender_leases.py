"""Leases and clocks: what was lost, came late, is past its deadline or meets the lock."""

import asyncio
import gc
from collections.abc import Awaitable

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from crisis.channels import (
    Capabilities,
    Finding,
    Found,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Unavailable,
)
from crisis.lanes import Lane
from tests.crisis.deliveries.outlet import Door, Outlet, accepted
from tests.crisis.deliveries.slowness import S, slowly
from tests.crisis.deliveries.workbench import Workbench


async def test_a_lease_lost_before_the_start_means_no_call(bench: Workbench) -> None:
    ids = await bench.posts(20)
    taken: list[int] = []

    async def revoke(outgoing: Outgoing) -> Receipt:
        if not taken:  # while the first batch is being sent, somebody else takes what waits under the lease
            await asyncio.sleep(0.05)
            await bench.pass_time(60)
            taken.append(int((await bench.sweep())["returned"]))
        return accepted(outgoing)

    facebook = Outlet(say=revoke)
    await bench.send(Lane.UNIT, facebook, concurrency=1, batch=10)
    await bench.send(Lane.UNIT, facebook)
    assert taken[0] > 0
    keys = [int(each.key) for each in facebook.begun]
    assert sorted(keys) == ids, "a post went out twice, or not at all"


async def test_what_is_in_flight_when_its_time_is_over_becomes_unknown_and_a_late_yes_still_counts(
    bench: Workbench,
) -> None:
    (post,) = await bench.posts(1)
    door = Door()
    sending = asyncio.create_task(bench.send(Lane.UNIT, Outlet(say=door)))
    await door.came.wait()
    await bench.pass_time(60)
    assert (await bench.sweep())["doubted"] == 1
    assert (await bench.row(post)).state == "unknown"
    assert await bench.open_permits() == 1, "only its holder's end or proved death may close a permit"
    door.open.set()
    await sending
    row = await bench.row(post)
    assert (row.state, row.reference) == ("accepted", f"ref-{post}")
    assert await bench.open_permits() == 0


async def test_a_late_no_does_not_move_what_is_unknown(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    door = Door(then=lambda _: Unavailable("refused"))
    sending = asyncio.create_task(bench.send(Lane.UNIT, Outlet(say=door)))
    await door.came.wait()
    await bench.pass_time(60)
    await bench.sweep()
    door.open.set()
    await sending
    assert (await bench.row(post)).state == "unknown"


async def test_a_receipt_that_beats_the_answer_wins(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=1)

    async def report_first(outgoing: Outgoing) -> Receipt:
        await bench.receive("sms", Receipt(f"ref-{outgoing.key}", ReceiptStatus.DELIVERED, key=outgoing.key))
        return accepted(outgoing)

    await bench.send(Lane.SMS, Outlet("sms", say=report_first))
    assert await bench.states(ids) == {"delivered": 1}


async def test_a_slice_ends_with_the_rest_still_due(bench: Workbench) -> None:
    await bench.posts(30)
    facebook = Outlet(say=slowly)
    sender = bench.sender(Lane.UNIT, facebook, concurrency=1, batch=4, slice_seconds=0.1)
    tally = await sender.run()
    assert sender.more
    assert 0 < tally[S.ACCEPTED] < 30
    assert await bench.states() == {"accepted": tally[S.ACCEPTED], "ready": 30 - tally[S.ACCEPTED]}


async def test_what_is_past_its_deadline_is_not_sent(bench: Workbench) -> None:
    ids = await bench.alert("facebook")
    await bench.run("UPDATE deliveries SET deadline_at = now() - interval '1 second'")
    facebook = Outlet()
    assert await bench.send(Lane.PUBLIC, facebook) == {}
    await bench.sweep()
    assert await bench.states(ids) == {"dead": 1}
    assert facebook.begun == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
async def test_results_in_hand_are_written_when_the_database_comes_back(
    bench: Workbench, server_url: str, database_url: str
) -> None:
    ids = await bench.alert("facebook", "twitter")
    door = Door()
    sender = bench.sender(Lane.PUBLIC, Outlet(say=door), Outlet("twitter", say=door))
    sending = asyncio.create_task(sender.run())
    while (await bench.states(ids))["in_flight"] < 2:
        await asyncio.sleep(0.01)
    async with _away(server_url, database_url):
        door.open.set()
        await asyncio.sleep(0.7)
    await sending
    assert await bench.states(ids) == {"accepted": 2}
    del sending
    gc.collect()  # the connections that were cut complain when they are collected: here, and not in another test


async def test_a_lane_without_permits_is_not_held_by_the_gate_and_the_units_lane_is(bench: Workbench) -> None:
    ids = await bench.posts(3)
    crisis = await bench.alert("facebook")
    facebook = Outlet()
    assert await bench.send(Lane.UNIT, facebook) == {}
    assert await bench.send(Lane.PUBLIC, facebook) == {S.ACCEPTED: 1}
    assert await bench.states(ids) == {"blocked": 3}
    assert await bench.states(crisis) == {"accepted": 1}
    assert await bench.open_permits() == 0


async def test_the_lock_that_comes_between_claim_and_start_blocks(bench: Workbench) -> None:
    ids = await bench.posts(8)
    first: list[Awaitable[object]] = []

    async def lock(outgoing: Outgoing) -> Receipt:
        if not first:
            first.append(bench.alert("twitter"))
            await first[0]
        return accepted(outgoing)

    facebook = Outlet(say=lock)
    await bench.send(Lane.UNIT, facebook, concurrency=1, batch=8)
    states = await bench.states(ids)
    assert states["accepted"] == len(facebook.begun) < 8
    assert states["blocked"] == 8 - len(facebook.begun)


async def test_a_channel_that_publishes_twice_into_one_post_is_simply_tried_again(bench: Workbench) -> None:
    website = Outlet(
        "website",
        say=lambda _: OutcomeUnknown("half written"),
        capabilities=Capabilities(idempotent=True, reconcile=True, settle_seconds=0.0),
        find=lambda _: Finding(Found.NO),
    )
    (delivery,) = await bench.alert("website")
    for _ in range(5):
        await bench.send(Lane.PUBLIC, website)
        await bench.look(Lane.PUBLIC, website)
    website.say = accepted
    await bench.pass_time(60)  # five failures in a row have opened its breaker
    await bench.send(Lane.PUBLIC, website)
    row = await bench.row(delivery)
    assert (row.state, row.repeated, row.attempts) == ("accepted", False, 6)


class _away:  # noqa: N801 - reads as the block it opens
    """The database refuses every connection, and has dropped those it had, until the end of the block."""

    def __init__(self, server_url: str, database_url: str) -> None:
        self._name = make_url(database_url).database
        url = make_url(server_url).set(drivername="postgresql+psycopg")
        self._engine = create_async_engine(url, isolation_level="AUTOCOMMIT")

    async def _run(self, *statements: str) -> None:
        async with self._engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))

    async def __aenter__(self) -> None:
        await self._run(
            f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS false',
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'",
        )

    async def __aexit__(self, *_: object) -> None:
        await self._run(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS true')
        await self._engine.dispose()
