"""The feeder: what is held back waits without holding up the rest, and what would be late in our hands is given back."""

import asyncio
import time

from crisis.channels import AccountRef, Outgoing, Receipt, Unavailable
from crisis.lanes import Lane
from crisis.limits import service
from crisis.limits.breaker import IN_A_ROW
from tests import factories
from tests.crisis.deliveries.outlet import Outlet, accepted
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import OPERATOR

# How much is started ahead


async def most_in_flight(bench: Workbench, sms: Outlet, **pace: int) -> int:
    """Send all there is; how many rows were in flight at once, as the database had it."""
    running, most = asyncio.create_task(bench.send(Lane.SMS, sms, **pace)), 0
    while not running.done():
        most = max(most, (await bench.states())["in_flight"])
        await asyncio.sleep(0.002)
    assert set(await running) == {"accepted"}
    return most


async def test_where_calls_take_their_time_no_more_than_twice_their_number_waits(bench: Workbench) -> None:
    await bench.alert("sms", people=60)

    async def slowly(outgoing: Outgoing) -> Receipt:
        await asyncio.sleep(0.2)
        return accepted(outgoing)

    sms = Outlet("sms", say=slowly)  # type: ignore[arg-type]
    await warmed_up(bench, sms)
    being_called, waiting, new, unwritten = 4, 4, 4, 4
    most = await most_in_flight(bench, sms, concurrency=4, batch=20)
    assert 8 <= most <= being_called + waiting + new + unwritten


async def test_where_they_are_quicker_than_the_database_more_is_started_at_once(bench: Workbench) -> None:
    await bench.alert("sms", people=600)
    sms = Outlet("sms")
    await warmed_up(bench, sms)
    assert await most_in_flight(bench, sms, concurrency=2, batch=80) >= 40


# Time


async def warmed_up(bench: Workbench, sms: Outlet) -> None:
    """One answer, so that the account is known to be well."""
    await bench.run("UPDATE deliveries SET due_at = due_at + interval '1 hour' WHERE id > 1")
    assert await bench.send(Lane.SMS, sms) == {"accepted": 1}
    await bench.run("UPDATE deliveries SET due_at = due_at - interval '1 hour' WHERE id > 1")


async def test_rows_that_would_outlive_their_lease_in_our_hands_are_given_back_and_claimed_anew(
    bench: Workbench,
) -> None:
    ids = await bench.alert("sms", people=12)

    async def slowly(outgoing: Outgoing) -> Receipt:
        await asyncio.sleep(0.3)
        return accepted(outgoing)

    sms = Outlet("sms", say=slowly)  # type: ignore[arg-type]
    await warmed_up(bench, sms)
    begun = time.monotonic()
    running = asyncio.create_task(
        bench.send(Lane.SMS, sms, concurrency=1, batch=50, lease_seconds=1.5, call_seconds=1.0)
    )
    while not running.done():
        await asyncio.sleep(0.2)
        await bench.sweep()
    assert time.monotonic() - begun > 2 * 1.5, "the leases would have run out"
    assert await running == {"accepted": len(ids) - 1}
    assert {row.crashes for row in await bench.rows(ids)} == {0}
    assert len({each.key for each in sms.begun}) == len(sms.begun) == len(ids)


async def test_what_is_ready_in_a_moment_goes_out_with_the_same_sender_and_what_is_later_does_not(
    bench: Workbench,
) -> None:
    soon, later = await bench.posts(2)
    await bench.run("UPDATE deliveries SET due_at = now() + interval '0.6 seconds' WHERE id = :id", id=soon)
    await bench.run("UPDATE deliveries SET due_at = now() + interval '30 seconds' WHERE id = :id", id=later)
    assert await bench.send(Lane.UNIT, Outlet()) == {"accepted": 1}
    assert [row.state for row in await bench.rows([soon, later])] == ["accepted", "ready"]


# Accounts


async def failing(bench: Workbench, name: str) -> Outlet:
    """An outlet nobody answers at, with its breaker open."""
    outlet = Outlet(name, say=lambda _: Unavailable("no connection"))
    for _ in range(IN_A_ROW):
        await bench.send(Lane.PUBLIC, outlet)
        await bench.run("UPDATE deliveries SET due_at = now() WHERE state = 'retry_wait'")
    return outlet


async def test_an_account_that_does_not_answer_holds_no_other_up(bench: Workbench) -> None:
    facebook, twitter = await bench.alert("facebook", "twitter")
    silent = await failing(bench, "facebook")
    calls = len(silent.begun)
    assert calls == IN_A_ROW
    began = time.monotonic()
    assert await bench.send(Lane.PUBLIC, silent, Outlet("twitter")) == {"accepted": 1}
    assert time.monotonic() - began < 2.0, "it waited for the one that does not answer"
    assert len(silent.begun) == calls, "it was called all the same"
    assert (await bench.row(twitter)).state == "accepted"
    assert (await bench.row(facebook)).state in {"ready", "retry_wait"}
    silent.say = accepted
    await bench.pass_time(60)
    assert await bench.send(Lane.PUBLIC, silent) == {"accepted": 1}


async def test_an_account_goes_no_faster_than_it_was_told_and_the_sender_waits_for_it(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=30)
    (account,) = {row.account_id for row in await bench.rows(ids)}
    await service.set_limit(bench.db, OPERATOR, account, concurrency=None, per_second=20)
    begun = list[float]()

    def say(outgoing: Outgoing) -> Receipt:
        begun.append(time.monotonic())
        return accepted(outgoing)

    assert await bench.send(Lane.SMS, Outlet("sms", say=say)) == {"accepted": 30}
    assert begun[-1] - begun[0] >= (30 - 20 * 0.5) / 20 - 0.1, "the burst is half a second's"
    assert {row.attempts for row in await bench.rows(ids)} == {1}


async def test_an_account_has_no_more_calls_in_flight_than_it_was_told_whoever_makes_them(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=24)
    (account,) = {row.account_id for row in await bench.rows(ids)}
    await service.set_limit(bench.db, OPERATOR, account, concurrency=3, per_second=None)

    async def slowly(outgoing: Outgoing) -> Receipt:
        await asyncio.sleep(0.05)
        return accepted(outgoing)

    sms = Outlet("sms", say=slowly)  # type: ignore[arg-type]
    done = await asyncio.gather(*(bench.send(Lane.SMS, sms, call_seconds=5.0) for _ in range(3)))
    assert sum(each["accepted"] for each in done) == 24
    assert sms.most_at_once == 3


async def test_what_has_surely_not_gone_out_goes_through_the_standby_when_the_first_is_silent(
    bench: Workbench,
) -> None:
    ids = await bench.alert("sms", people=40)
    (first,) = {row.account_id for row in await bench.rows(ids)}
    standby = await factories.account(bench.crisis, "sms", name="Reserve", address="Fjordvik2")
    await service.set_standby(bench.db, OPERATOR, standby, standby_for=first)
    through = dict[str, int]()

    class Two(Outlet):
        async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:
            if account.id == first:
                raise Unavailable("no connection")
            through[outgoing.key] = account.id
            return await super().publish(account, outgoing)

    sms = Two("sms")
    for _ in range(4):
        await bench.send(Lane.SMS, sms)
        await bench.run("UPDATE deliveries SET due_at = now() WHERE state = 'retry_wait'")
    rows = await bench.rows(ids)
    assert {row.state for row in rows} == {"accepted"}
    assert {(row.account_id, row.moved_from) for row in rows} == {(standby, first)}
    assert set(through.values()) == {standby}
    assert not any(row.repeated for row in rows)
