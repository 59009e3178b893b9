"""What was started ahead through an account that is held back meanwhile is handed back: nobody has called, and nothing is lost."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from crisis.activations.holders import Holder
from crisis.channels import OutcomeUnknown, Outgoing, Receipt, Throttled, Unavailable
from crisis.deliveries.calls import Calls, Started
from crisis.deliveries.claims import claim_started
from crisis.deliveries.pace import Pace
from crisis.deliveries.settling import Result, settle
from crisis.deliveries.states import DeliveryState as S
from crisis.lanes import Lane
from crisis.limits.limiter import Limiter
from tests.crisis.deliveries.outlet import Answer, Outlet, accepted
from tests.crisis.deliveries.test_feeder import warmed_up
from tests.crisis.deliveries.test_sender import update
from tests.crisis.deliveries.workbench import Workbench

PEOPLE, WELL = 600, 250
"""Everybody, and those whom the provider takes before its trouble begins."""


class Troubled:
    """A provider that takes so many, and then says something else."""

    def __init__(self, then: Exception) -> None:
        self.then, self.troubled = then, 0
        self._taken = 0

    async def __call__(self, outgoing: Outgoing) -> Answer:
        if self._taken < WELL:
            self._taken += 1
            return accepted(outgoing)
        self.troubled += 1
        await asyncio.sleep(0.1)  # as long as it takes a provider to say anything
        return self.then


@pytest.mark.parametrize(
    "trouble",
    [Throttled("later", retry_after=30.0), Unavailable("no connection"), OutcomeUnknown("a server error")],
    ids=["throttled", "unavailable", "unknown"],
)
async def test_trouble_costs_the_calls_under_way_and_not_what_was_started_ahead(
    bench: Workbench, trouble: Exception
) -> None:
    ids = await bench.alert("sms", people=PEOPLE)
    provider = Troubled(trouble)
    sms = Outlet("sms", say=provider)
    await warmed_up(bench, sms)
    await bench.send(Lane.SMS, sms, concurrency=4, batch=200)
    assert provider.troubled <= 60, "what waited was called all the same"
    rows = await bench.rows(ids)
    untouched = [row for row in rows if row.state == "ready"]
    assert len(untouched) >= PEOPLE - WELL - 60
    assert {(row.attempts, row.lease) for row in untouched} == {(0, None)}
    assert await attempts_of(bench, [row.id for row in untouched]) == 0
    sms.say = accepted
    for _ in range(10):
        await bench.pass_time(90)
        await bench.send(Lane.SMS, sms, concurrency=4, batch=200)
        await bench.look(Lane.SMS, sms)
    assert await bench.states(ids) == {"accepted": PEOPLE}
    called_again = {row.id for row in await bench.rows(ids) if row.attempts > 1}
    assert len(called_again) <= provider.troubled


async def test_the_budget_for_trying_again_is_not_spent_on_what_was_never_tried(bench: Workbench) -> None:
    """What was handed back is new when it comes again, so it comes as fast as the provider takes it."""
    ids = await bench.alert("sms", people=PEOPLE)
    provider = Troubled(Unavailable("no connection"))
    sms = Outlet("sms", say=provider)
    await warmed_up(bench, sms)
    await bench.send(Lane.SMS, sms, concurrency=4, batch=200)
    sms.say = accepted
    await bench.pass_time(10)
    await bench.send(Lane.SMS, sms, concurrency=4, batch=200)
    states = await bench.states(ids)
    assert states["accepted"] >= PEOPLE - provider.troubled, states


async def test_what_was_being_started_when_its_account_was_shut_is_not_called(bench: Workbench) -> None:
    """The claim was under way, so its rows come to the calls after the news has been heeded there."""
    _, *ids = await bench.alert("sms", people=9)
    account, lease, line = (await bench.row(ids[0])).account_id, uuid4(), bench.db.line()
    sms, ended = Outlet("sms"), list[Result]()
    pace = Pace(concurrency=4, batch=8, lease_seconds=5.0, call_seconds=2.0)
    await warmed_up(bench, sms)
    limiter = Limiter(bench.mode, hold_seconds=9.0)
    calls = Calls({"sms": sms}, bench.book, pace, limiter, crisis=True, chance=bench.chance, ended=ended.append)
    async with bench.db.transaction() as session:
        limiter.note(account, None)
        await limiter.learn(session)
        assert await limiter.free(session) == [account]
    since = asyncio.get_running_loop().time()
    claimed, _ = await claim_started(line, bench.mode, Lane.SMS, lease, [account], most=8, hold_seconds=9.0)
    await line.close()
    async with bench.db.transaction() as session:
        limiter.note(account, Throttled("later", retry_after=30.0))
        await limiter.learn(session)
        renditions = await bench.book.fetch(session, {account}, {each.rendition_id for each in claimed})
    calls.heed_news()
    assert len(claimed) == len(ids)
    calls.add([Started(each, renditions[each.rendition_id], 1, since, is_ahead=True) for each in claimed])
    await calls.done()
    assert sorted((each.id, each.state) for each in ended) == [(each, S.READY) for each in ids]
    assert len(sms.begun) == 1, "only the one that showed that the account is well"


async def test_what_was_superseded_meanwhile_does_not_come_back(bench: Workbench) -> None:
    (alert,) = await bench.alert("sms", people=1)
    account, lease, line = (await bench.row(alert)).account_id, uuid4(), bench.db.line()
    claimed, _ = await claim_started(line, bench.mode, Lane.SMS, lease, [account], most=5, hold_seconds=9.0)
    await line.close()
    assert [each.id for each in claimed] == [alert]
    await update(bench)
    async with bench.db.transaction() as session:
        uncalled = [Result(alert, 1, "sms", S.READY)]
        assert await settle(session, Lane.SMS, lease, uncalled, holder=Holder.this_process()) == {alert}
    row = await bench.row(alert)
    assert (row.state, row.error) == ("cancelled", "superseded by a newer revision")
    assert row.attempts == 1, "whom the update goes to was decided by that"


async def test_nobody_hands_back_what_is_another_senders(bench: Workbench) -> None:
    (alert,) = await bench.alert("sms", people=1)
    account, line = (await bench.row(alert)).account_id, bench.db.line()
    await claim_started(line, bench.mode, Lane.SMS, uuid4(), [account], most=5, hold_seconds=9.0)
    await line.close()
    async with bench.db.transaction() as session:
        uncalled = [Result(alert, 1, "sms", S.READY)]
        assert await settle(session, Lane.SMS, uuid4(), uncalled, holder=Holder.this_process()) == set()
    row = await bench.row(alert)
    assert (row.state, row.attempts) == ("in_flight", 1)


async def test_where_calls_become_slow_less_is_started_ahead(bench: Workbench) -> None:
    await bench.alert("sms", people=700)
    sms, slow_from = Outlet("sms"), 300

    async def slower(outgoing: Outgoing) -> Receipt:
        await asyncio.sleep(0.1 if len(sms.begun) > slow_from else 0.0)
        return accepted(outgoing)

    sms.say = slower
    await warmed_up(bench, sms)
    running, ahead = asyncio.create_task(bench.send(Lane.SMS, sms, concurrency=8, batch=80)), list[int]()
    while not running.done():
        if 520 < len(sms.begun) <= 600:
            ahead.append((await bench.states())["in_flight"])
        await asyncio.sleep(0.01)
    assert set(await running) == {"accepted"}
    a_second = 80
    assert 8 < sum(ahead) / len(ahead) < 1.25 * a_second


async def attempts_of(bench: Workbench, ids: list[int]) -> int:
    """Attempts on record."""
    async with bench.db.transaction() as session:
        wanted = text("SELECT count(*) FROM attempts WHERE delivery_id = ANY(:ids)")
        return int((await session.execute(wanted, {"ids": ids})).scalar_one())
