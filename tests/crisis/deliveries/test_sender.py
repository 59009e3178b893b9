"""The sender around its calls: what starts, in which order, and what is written when the world breaks in between."""

import asyncio
import gc
import logging
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from crisis import clock
from crisis.accounts.service import close_account
from crisis.activations.service import find_current
from crisis.audiences.service import forget_number
from crisis.channels import (
    Capabilities,
    Finding,
    Found,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Rejected,
    Throttled,
    Unavailable,
)
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.mode import Mode
from tests.crisis.deliveries.outlet import Door, Outlet, accepted
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import EDITOR, OPERATOR, SLIDE

S = DeliveryState


async def update(bench: Workbench) -> list[int]:
    """Approve an update of the first message; the ids of its deliveries."""
    async with bench.db.transaction() as session:
        activation = await find_current(session, Mode.ACTUAL)
        assert activation is not None
        (first, *_) = await drafts.revisions(session, activation.id)
    draft = await drafts.write(
        bench.db,
        EDITOR,
        activation.id,
        Kind.UPDATE,
        SLIDE,
        ("nb", "nn", "en"),
        message_id=first.message_id,
        next_update_at=clock.now() + timedelta(hours=1),
    )
    await bench.crisis.desk.approve(EDITOR, draft.id)
    return await bench.of_revision(draft.id)


async def slowly(outgoing: Outgoing) -> Receipt:
    await asyncio.sleep(0.03)
    return accepted(outgoing)


async def test_everything_due_goes_out_once_and_is_accepted(bench: Workbench) -> None:
    ids = await bench.posts(7)
    facebook = Outlet()
    tally = await bench.send(Lane.UNIT, facebook)
    assert tally == {S.ACCEPTED: 7}
    assert sorted(int(each.key) for each in facebook.begun) == ids
    for row in await bench.rows(ids):
        assert (row.state, row.reference, row.attempts) == ("accepted", f"ref-{row.id}", 1)
        assert row.lease is None
    assert await bench.open_permits() == 0


async def test_what_goes_out_is_the_frozen_text_with_its_delivery_as_the_key(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    facebook = Outlet()
    await bench.send(Lane.PUBLIC, facebook)
    (out,) = facebook.begun
    assert out.key == str(delivery)
    assert out.mode is Mode.ACTUAL
    assert (out.kind, out.language, out.to) == ("alert", "nb", None)
    assert "Moen" in out.text
    assert out.valid_seconds is not None
    assert 6 * 3600 - 60 < out.valid_seconds <= 6 * 3600


async def test_calls_overlap_up_to_the_concurrency_and_not_beyond(bench: Workbench) -> None:
    await bench.posts(12)
    facebook = Outlet(say=slowly)
    await bench.send(Lane.UNIT, facebook, concurrency=4, batch=5)
    assert facebook.most_at_once == 4
    assert len(facebook.begun) == 12


async def test_a_call_begins_only_after_in_flight_is_committed(bench: Workbench) -> None:
    seen: list[tuple[str, int]] = []

    async def look(outgoing: Outgoing) -> Receipt:
        row = await bench.row(int(outgoing.key))
        seen.append((row.state, row.attempts))
        return accepted(outgoing)

    await bench.posts(3)
    await bench.send(Lane.UNIT, Outlet(say=look))
    assert seen == [("in_flight", 1)] * 3


async def test_more_texts_than_the_book_keeps_all_go_out(bench: Workbench) -> None:
    ids = await bench.posts(110)
    facebook = Outlet(say=slowly)
    tally = await bench.send(Lane.UNIT, facebook, concurrency=16, batch=50)
    assert tally == {S.ACCEPTED: 110}
    assert {int(each.key) for each in facebook.begun} == set(ids)


# Order (promise P6)


async def test_an_update_does_not_overtake_the_alert_in_flight(bench: Workbench) -> None:
    (alert,) = await bench.alert("facebook")
    door = Door()
    facebook = Outlet(say=door)
    first = asyncio.create_task(bench.send(Lane.PUBLIC, facebook))
    await door.came.wait()
    (following,) = await update(bench)
    assert await bench.send(Lane.PUBLIC, facebook) == {}, "the update started while its alert was in flight"
    assert (await bench.row(following)).state == "ready"
    door.open.set()
    await first
    await bench.send(Lane.PUBLIC, facebook)
    assert [int(each.key) for each in facebook.ended] == [alert, following]


async def test_the_update_of_one_account_does_not_wait_for_another_accounts_alert(bench: Workbench) -> None:
    await bench.alert("facebook", "twitter")
    door = Door()
    facebook, x = Outlet(say=door), Outlet("twitter")
    first = asyncio.create_task(bench.send(Lane.PUBLIC, facebook, x))
    await door.came.wait()
    while not x.ended:
        await asyncio.sleep(0.005)
    following = await update(bench)
    await bench.send(Lane.PUBLIC, facebook, x)
    assert [int(each.key) in following for each in x.begun] == [False, True]
    assert len(facebook.begun) == 1
    door.open.set()
    await first


async def test_each_recipient_gets_the_alert_before_the_update(bench: Workbench) -> None:
    await bench.alert("sms", people=12)
    door = Door()
    sms = Outlet("sms", say=lambda out: door(out) if len(sms.begun) == 1 else accepted(out))
    first = asyncio.create_task(bench.send(Lane.SMS, sms, concurrency=1, batch=1))
    await door.came.wait()
    await update(bench)
    other = Outlet("sms")
    await bench.send(Lane.SMS, other)
    assert sms.begun[0].to not in {each.to for each in other.begun}
    assert other.begun, "those whose alert never started had to wait for the one whose alert is in the call"
    door.open.set()
    await first
    await bench.send(Lane.SMS, other)
    everything = sms.ended + other.ended
    for number in {each.to for each in everything}:
        kinds = [each.kind for each in everything if each.to == number]
        assert kinds in (["alert", "update"], ["update"])
    assert len([each for each in everything if each.kind == "update"]) == 12


@pytest.mark.parametrize(
    "trouble",
    [Throttled("later", retry_after=0.0), Unavailable("no connection"), OutcomeUnknown("no answer")],
    ids=["throttled", "unavailable", "unknown"],
)
async def test_an_alert_that_was_superseded_in_flight_is_not_tried_again_after_its_update(
    bench: Workbench, trouble: Exception
) -> None:
    (alert,) = await bench.alert("facebook")
    door = Door(then=lambda _: trouble)
    facebook = Outlet(say=door)
    first = asyncio.create_task(bench.send(Lane.PUBLIC, facebook))
    await door.came.wait()
    (following,) = await update(bench)
    facebook.say = accepted
    door.open.set()
    await first
    await bench.look(Lane.PUBLIC, facebook)  # the outlet says: it did not go out
    await bench.pass_time(300)
    await bench.send(Lane.PUBLIC, facebook)
    assert [int(each.key) for each in facebook.begun] == [alert, following]
    row = await bench.row(alert)
    assert (row.state, row.error) == ("cancelled", "superseded by a newer revision")


async def test_an_alert_still_in_force_is_tried_again(bench: Workbench) -> None:
    (alert,) = await bench.alert("facebook")
    facebook = Outlet(say=lambda _: Unavailable("no connection"))
    assert await bench.send(Lane.PUBLIC, facebook) == {S.RETRY_WAIT: 1}
    facebook.say = accepted
    await bench.pass_time(10)
    assert await bench.send(Lane.PUBLIC, facebook) == {S.ACCEPTED: 1}
    assert (await bench.row(alert)).attempts == 2


# What an answer means


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


# Leases and clocks


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
