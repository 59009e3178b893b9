"""Failover: who carries the traffic, decided on the real database, on record, and never both ways within a minute."""

import json

import pytest
from sqlalchemy import text

from crisis.channels import Unavailable
from crisis.limits import service
from crisis.limits.takes import Take
from tests import factories
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.limits.test_limiter import Process

FAILURES = [Unavailable("refused")] * 5


@pytest.fixture
async def pair(bench: Workbench) -> tuple[int, int]:
    """An SMS account, and the one that stands by for it."""
    first = await factories.account(bench.crisis, "sms", name="first")
    standby = await factories.account(bench.crisis, "sms", name="reserve")
    await service.set_standby(bench.db, factories.OPERATOR, standby, standby_for=first)
    return first, standby


async def minutes_pass(bench: Workbench) -> None:
    """Let two minutes pass for every flow."""
    moments = ("switched_at", "well_since", "next_try_at", "probe_until", "failing_since", "answered_at")
    await bench.run("UPDATE flows SET " + ", ".join(f"{name} = {name} - interval '2 minutes'" for name in moments))


async def on_record(bench: Workbench) -> list[str]:
    async with bench.db.transaction() as session:
        records = await session.scalars(text("SELECT record FROM audit ORDER BY seq"))
        actions = [json.loads(record)["action"] for record in records]
    return [action for action in actions if action in {"divert_account", "return_account"}]


async def test_the_standby_carries_what_waits_while_the_first_is_probed(
    bench: Workbench, pair: tuple[int, int]
) -> None:
    first, standby = pair
    process = Process(bench.db)
    await process.end(first, *FAILURES)
    assert await process.takes() == (Take(divert={first: standby}),)
    await bench.run("UPDATE flows SET next_try_at = now()")
    assert await process.takes() == (Take(only=(first,), most=1), Take(divert={first: standby}))
    assert await on_record(bench) == ["divert_account"]
    (trouble,) = await process.troubles()
    assert trouble.standby_id == standby
    assert trouble.sentences["nb"].endswith("reserve sender i stedet.")


async def test_a_slow_standby_sets_the_pace_for_what_it_carries(bench: Workbench, pair: tuple[int, int]) -> None:
    first, standby = pair
    process = Process(bench.db)
    await service.set_limit(bench.db, factories.OPERATOR, standby, concurrency=4, per_second=None)
    await process.end(standby, None)
    await process.end(first, *FAILURES)
    slow, others = await process.takes()
    assert slow == Take(only=(standby, first), most=4, divert={first: standby})
    assert set(others.skip) == {first, standby}


async def test_it_returns_after_a_minute_of_being_well_and_not_before(bench: Workbench, pair: tuple[int, int]) -> None:
    first, _ = pair
    process = Process(bench.db)
    await process.end(first, *FAILURES)
    await process.takes()
    await bench.run("UPDATE flows SET state = 'half_open', next_try_at = NULL")
    await process.end(first, None)
    assert (await process.takes())[-1].divert, "one good answer is not a minute of them"
    await minutes_pass(bench)
    await process.end(first, None)
    assert await process.takes() == (Take(),)
    assert await on_record(bench) == ["divert_account", "return_account"]


async def test_it_does_not_go_back_and_forth_within_a_minute(bench: Workbench, pair: tuple[int, int]) -> None:
    first, standby = pair
    process = Process(bench.db)
    await process.end(first, *FAILURES)
    await process.takes()
    await process.end(standby, *FAILURES)
    await bench.run("UPDATE flows SET state = 'half_open', next_try_at = NULL WHERE account_id = :id", id=first)
    await process.end(first, None)
    await process.takes()
    assert await on_record(bench) == ["divert_account"], "the first is well and the standby is not, but a minute it is"
    await minutes_pass(bench)
    await process.takes()
    await process.end(first, *FAILURES)
    await process.takes()
    assert await on_record(bench) == ["divert_account", "return_account"]


async def test_nothing_goes_over_to_a_standby_that_does_not_answer(bench: Workbench, pair: tuple[int, int]) -> None:
    first, standby = pair
    process = Process(bench.db)
    await process.end(standby, *FAILURES)
    await process.end(first, *FAILURES)
    (rest,) = await process.takes()
    assert set(rest.skip) == {first, standby}
    assert not rest.divert


async def test_several_processes_put_it_on_record_once(bench: Workbench, pair: tuple[int, int]) -> None:
    first, _ = pair
    processes = [Process(bench.db) for _ in range(3)]
    await processes[0].end(first, *FAILURES)
    for process in processes:
        await process.takes()
    assert await on_record(bench) == ["divert_account"]
