"""The limiter on the real database: what several processes' limiters allow together, and what they learn from each other."""

import asyncio
import random
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import pytest
from sqlalchemy import text

from crisis.channels import ChannelError, Misconfigured, OutcomeUnknown, Throttled, Unavailable
from crisis.db import Database
from crisis.limits import pace, service
from crisis.limits.limiter import Limiter
from crisis.limits.models import BreakerState
from crisis.limits.pace import Ceiling
from crisis.limits.service import Trouble
from crisis.limits.takes import Take
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.workbench import Workbench


class Row(NamedTuple):
    id: int
    account_id: int
    attempts: int = 0


class Clock:
    """A process's own clock, which the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Process:
    """A limiter as one process has it, and how the engine uses it: rows that start are in flight when that commits."""

    def __init__(self, db: Database, mode: Mode = Mode.ACTUAL, **ceilings: Ceiling) -> None:
        self.db, self.clock = db, Clock()
        self.limiter = Limiter(mode, ceilings, chance=random.Random(1), clock=self.clock)

    async def start(self, rows: Sequence[Row], *, crisis: bool = True) -> list[int]:
        """Start what may start; the ids."""
        async with self.db.transaction() as session:
            refused = await self.limiter.admit(session, rows, crisis=crisis)
            begun = [row.id for row in rows if row.id not in refused]
            await session.execute(
                text("UPDATE deliveries SET state = 'in_flight' WHERE id = ANY(:ids) AND state = 'leased'"),
                {"ids": begun},
            )
        return begun

    async def end(self, account: int, *errors: ChannelError | None, retry: bool = False) -> None:
        """Calls through an account have ended, and were settled."""
        for error in errors:
            self.limiter.note(account, error, retry=retry)
        async with self.db.transaction() as session:
            await self.limiter.learn(session)

    async def takes(self) -> tuple[Take, ...]:
        async with self.db.transaction() as session:
            return (await self.limiter.takes(session)).takes

    async def troubles(self) -> Sequence[Trouble]:
        async with self.db.transaction() as session:
            return await service.troubles(session, Mode.ACTUAL)


@pytest.fixture
async def rows(bench: Workbench) -> list[Row]:
    """Sixty SMS, leased."""
    ids = await bench.alert("sms", people=60)
    await bench.run("UPDATE deliveries SET state = 'leased', lease_until = now() + interval '1 minute'")
    return [Row(row.id, row.account_id) for row in await bench.rows(ids)]


@pytest.fixture
def account(rows: list[Row]) -> int:
    return rows[0].account_id


async def limit(bench: Workbench, account: int, **most: float | None) -> None:
    wanted = {"concurrency": None, "per_second": None} | most
    await service.set_limit(bench.db, factories.OPERATOR, account, **wanted)


async def in_flight(bench: Workbench) -> int:
    return (await bench.states())["in_flight"]


async def test_processes_share_one_cap(bench: Workbench, rows: list[Row], account: int) -> None:
    await limit(bench, account, concurrency=7)
    processes = [Process(bench.db) for _ in range(4)]
    begun = await asyncio.gather(*(p.start(rows[15 * n : 15 * n + 15]) for n, p in enumerate(processes)))
    assert sum(map(len, begun)) == 7 == await in_flight(bench)
    started = [*chain.from_iterable(begun)]
    await bench.run("UPDATE deliveries SET state = 'accepted' WHERE id = ANY(:ids)", ids=started[:3])
    assert len(await processes[0].start([row for row in rows if row.id not in started])) == 3
    assert await in_flight(bench) == 7


async def test_processes_share_one_bucket(bench: Workbench, rows: list[Row], account: int) -> None:
    await limit(bench, account, per_second=20)
    processes = [Process(bench.db) for _ in range(2)]
    begun = await asyncio.gather(*(p.start(rows[30 * n : 30 * n + 30]) for n, p in enumerate(processes)))
    assert 10 <= sum(map(len, begun)) <= 12, "half a second's worth, and what came while the second waited"


async def test_less_than_twenty_calls_are_risked_before_the_first_answer(
    bench: Workbench, rows: list[Row], account: int
) -> None:
    one, other = Process(bench.db), Process(bench.db)
    assert len(await one.start(rows)) + len(await other.start(rows)) == pace.COLD_CONCURRENCY
    await one.end(account, None)
    other.clock.now += 1
    assert len(await other.start(rows)) == len(rows)


async def test_an_open_breaker_is_seen_by_every_process_and_claims_skip_the_account(
    bench: Workbench, rows: list[Row], account: int
) -> None:
    one, other = Process(bench.db), Process(bench.db)
    await one.start(rows[:5])
    await one.end(account, *[Unavailable("refused")] * 5)
    assert await other.takes() == (Take(skip=(account,)),)
    assert await other.start(rows) == []
    (trouble,) = await one.troubles()
    assert (trouble.state, trouble.reason) == (BreakerState.OPEN, "refused")
    assert "svarer ikke siden kl." in trouble.sentences["nb"]


async def test_one_probe_goes_through_of_all_processes_and_closes_it(
    bench: Workbench, rows: list[Row], account: int
) -> None:
    processes = [Process(bench.db) for _ in range(3)]
    await processes[0].end(account, *[OutcomeUnknown("no answer")] * 5)
    await bench.run("UPDATE flows SET next_try_at = now()")
    assert (await processes[1].takes())[0] == Take(only=(account,), most=1)
    begun = await asyncio.gather(*(p.start(rows[20 * n : 20 * n + 20]) for n, p in enumerate(processes)))
    assert sum(map(len, begun)) == 1
    assert await processes[2].takes() == (Take(skip=(account,)),)
    await processes[1].end(account, None)
    assert await processes[0].troubles() == []


async def test_a_probe_whose_process_died_is_made_again(bench: Workbench, rows: list[Row], account: int) -> None:
    process = Process(bench.db)
    await process.end(account, Misconfigured("401"))
    await bench.run("UPDATE flows SET next_try_at = now()")
    assert len(await process.start(rows)) == 1
    await bench.run("UPDATE flows SET probe_until = now() - interval '1 second'")
    assert len(await process.start(rows[1:])) == 1


async def test_mending_an_account_lets_it_be_tried_at_once(bench: Workbench, rows: list[Row], account: int) -> None:
    process = Process(bench.db)
    await process.end(account, Misconfigured("401"))
    assert await process.start(rows) == []
    async with bench.db.transaction() as session:
        await service.try_now(session, account)
    assert len(await process.start(rows)) == 1


async def test_a_wait_that_was_asked_for_holds_the_account_in_every_process(
    bench: Workbench, rows: list[Row], account: int
) -> None:
    one, other = Process(bench.db), Process(bench.db)
    await one.end(account, *[None] * 3)
    await one.end(account, *[Throttled("later", retry_after=60.0)] * 3)
    other.clock.now += 1
    assert await other.start(rows) == []
    async with bench.db.transaction() as session:
        assert await other.limiter.held(session) == [account]


async def test_retries_are_a_tenth_and_new_ones_go_first(bench: Workbench, rows: list[Row], account: int) -> None:
    process = Process(bench.db)
    await process.end(account, None)
    again = [row._replace(attempts=1) for row in rows[:30]]
    begun = await process.start([*again, *rows[30:]])
    assert len(begun) == 30 + 10
    assert {row.id for row in rows[30:]} <= set(begun)
    await process.end(account, *[None] * 10, retry=True)
    assert len(await process.start(again[10:])) == 10, "those that were answered are given back"


async def test_a_slow_account_takes_new_ones_before_retries(bench: Workbench, rows: list[Row], account: int) -> None:
    await limit(bench, account, concurrency=5)
    again = [row._replace(attempts=1) for row in rows[:10]]
    begun = await Process(bench.db).start([*again, *rows[10:15]])
    assert set(begun) == {row.id for row in rows[10:15]}


async def test_a_units_post_waits_for_the_crisis_where_the_account_is_slow(
    bench: Workbench, rows: list[Row], account: int
) -> None:
    await limit(bench, account, concurrency=5)
    await bench.run("UPDATE deliveries SET state = 'ready', lease_until = NULL WHERE id > :id", id=rows[30].id)
    process = Process(bench.db)
    assert await process.start(rows[:3], crisis=False) == []
    assert len(await process.start(rows[:3], crisis=True)) == 3


async def test_good_news_are_written_once_a_second(bench: Workbench, account: int) -> None:
    process = Process(bench.db)
    await process.end(account, None)
    writes = "SELECT xmin::text FROM flows"
    async with bench.db.transaction() as session:
        before = (await session.execute(text(writes))).scalar_one()
    for _ in range(20):
        await process.end(account, *[None] * 50)
    async with bench.db.transaction() as session:
        assert (await session.execute(text(writes))).scalar_one() == before
    process.clock.now += 1.1
    await process.end(account, None)
    async with bench.db.transaction() as session:
        assert (await session.execute(text(writes))).scalar_one() != before


async def test_an_exercise_that_fails_leaves_the_actual_accounts_alone(
    bench: Workbench, rows: list[Row], account: int
) -> None:
    await Process(bench.db, Mode.EXERCISE).end(account, Misconfigured("401"))
    assert len(await Process(bench.db).start(rows[:3])) == 3


async def test_what_is_set_for_a_channel_holds_for_its_accounts(
    bench: Workbench, rows: list[Row], account: int
) -> None:
    process = Process(bench.db, sms=Ceiling(concurrency=3))
    assert len(await process.start(rows)) == 3
    await limit(bench, account, concurrency=5)
    assert len(await process.start(rows[3:])) == 2
