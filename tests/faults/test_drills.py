"""A drill whose conductor and whose worker are killed at random moments: every inject comes once, in order, at a time that its
clock tells, with all that it does or nothing of it.

``DRILLS=long`` kills fifty times; without it, five.
"""

import asyncio
import os
import random
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.drills import service
from crisis.drills.picture import Picture
from crisis.drills.states import DrillState, ExpectationState, InjectState
from crisis.embedded import commands, environment
from crisis.mode import Mode
from tests import factories
from tests.crisis.drills.stage import LEADER, SHA256, book, expectation, inject
from tests.faults.size import TIMEOUT
from tests.faults.stack import Process, Stack, until

pytestmark = pytest.mark.timeout(TIMEOUT)

LONG = os.environ.get("DRILLS") == "long"
KILLS = range(50 if LONG else 5)
SPEED = 600.0
UNIT = "biblioteket"
CALLS = [inject(f"I{minute}", f"PT{minute}M") for minute in range(1, 21)]
POSTS = [
    inject(
        f"P{minute}",
        f"PT{minute}M",
        via="unit_post",
        channel="facebook",
        unit=UNIT,
        post={"nb": f"Lesestund {minute}"},
        due="PT1M",
    )
    for minute in range(5, 20, 3)
]
PLAYBOOK = book(
    [inject("I0", expects=["E1"]), *CALLS, *POSTS, inject("F1", "PT1M", after="I20")],
    [
        expectation("E1", "activate", "PT72H"),
        expectation("E2", "lock_all", "PT72H", after="E1"),
        expectation(
            "E3", "publish", "PT72H", after="E1", match={"kind": "alert", "channels": ["facebook"], "languages": ["nb"]}
        ),
        expectation("E4", "refer", "PT72H", check="manual"),
    ],
    duration="P5D",
)


@pytest.fixture(scope="module")
def chance() -> random.Random:
    seed = int(os.environ.get("DRILLS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)
    print(f"DRILLS_SEED={seed}")  # noqa: T201 - shown when a test fails
    return random.Random(seed)


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Iterator[list[Process]]:
    """The exercise worker; a test that kills it puts the next one here."""
    running = [stack.worker(mode=Mode.EXERCISE, concurrency=1)]
    yield running
    running[-1].kill()


@pytest.fixture(scope="module")
def conductors(stack: Stack) -> Iterator[list[Process]]:
    """The conductor; a test that kills it puts the next one here."""
    running = [conductor(stack)]
    stack.until(running[0], (stack.home / "conductor-looked").exists)
    yield running
    running[-1].kill()


def conductor(stack: Stack) -> Process:
    """One as it is started everywhere: in an exercise's environment."""
    return stack.run(
        commands.conductor(stack.home),
        environment.for_exercise(stack.environment, stack.settings) | {"PYTHONPATH": stack.environment["PYTHONPATH"]},
    )


async def picture(crisis: Crisis, drill_id: int) -> Picture:
    async with crisis.db.transaction() as session:
        return await service.picture(session, drill_id)


async def on_record(crisis: Crisis, drill_id: int) -> Sequence[str]:
    """The injects that were fired, as the audit log tells it."""
    wanted = text(
        "SELECT record::jsonb -> 'detail' ->> 'inject' FROM audit WHERE action = 'fire_inject' "
        "AND record::jsonb ->> 'subject' = :drill ORDER BY seq"
    )
    async with crisis.db.transaction() as session:
        return list((await session.execute(wanted, {"drill": f"drill:{drill_id}"})).scalars())


@pytest.mark.parametrize("kill", KILLS)
async def test_a_killed_conductor_is_missed_by_nobody(
    crisis: Crisis, stack: Stack, worker: list[Process], conductors: list[Process], chance: random.Random, kill: int
) -> None:
    await factories.account(crisis, "facebook", unit=UNIT, address="4242")
    await factories.account(crisis, "facebook", address="1000")
    drill = await service.start(crisis.db, LEADER, PLAYBOOK, sha256=SHA256, speed=SPEED)
    kills_worker = kill % 2 == 1
    at = chance.uniform(0.0, 2.5)
    activates = chance.uniform(0.0, at)
    await asyncio.sleep(activates)
    activation = await factories.activation(crisis.db, Mode.EXERCISE)
    await factories.approved_alert(crisis, activation.id)
    await asyncio.sleep(at - activates)
    if kills_worker:
        worker[-1].kill()
    conductors[-1].kill()
    conductors.append(second := conductor(stack))
    if kills_worker:
        worker.append(stack.worker(mode=Mode.EXERCISE, concurrency=1, ready=False))

    async def settled() -> bool:
        seen = await picture(crisis, drill.id)
        states = {each.key: each.state for each in seen.expectations}
        come = all(each.state is InjectState.FIRED for each in seen.injects)
        return come and states["E1"] is states["E2"] is states["E3"] is ExpectationState.MET

    try:
        await until(settled, seconds=90.0)  # a worker takes its time to start where much else runs
    except AssertionError:
        pytest.fail(f"{await standing(crisis, drill.id)}\n{second.said()}\n{worker[-1].said()}")
    await service.put_forward(crisis.db, LEADER, drill.id, 6 * 86400.0)
    await until(lambda: _is_over(crisis, drill.id), what=second.said())

    assert "Traceback" not in second.said()
    await came_once_and_in_order(crisis, drill.id)
    assert stack.sandbox.requests() == [], "nothing at the actual providers' addresses"


async def came_once_and_in_order(crisis: Crisis, drill_id: int) -> None:
    """Every inject, with the post that it makes; by the drill's clock."""
    seen = await picture(crisis, drill_id)
    assert seen.drill.state is DrillState.ENDED
    rows = {each.key: each.row for each in seen.injects}
    fired = await on_record(crisis, drill_id)
    assert sorted(fired) == sorted(rows), "each once"
    assert fired == sorted(rows, key=lambda key: (rows[key].due_elapsed, rows[key].position)), "in their order"
    told = [rows[key].decided_elapsed or -1.0 for key in fired]
    assert told == sorted(told)
    for row in rows.values():
        assert row.due_elapsed is not None
        assert row.decided_elapsed is not None
        assert row.decided_at is not None
        assert row.due_elapsed <= row.decided_elapsed
        assert row.decided_elapsed == pytest.approx(seen.clock.elapsed(row.decided_at), abs=1e-3)
    follower = rows["F1"]
    assert follower.due_elapsed == pytest.approx((rows["I20"].decided_elapsed or 0.0) + 60.0)
    async with crisis.db.transaction() as session:
        rows_of_posts = await session.execute(text("SELECT text, id FROM posts WHERE mode = 'exercise'"))
        posts = {row.id: row.text for row in rows_of_posts}
        actual = (await session.execute(text("SELECT count(*) FROM deliveries WHERE mode = 'actual'"))).scalar_one()
    assert sorted(posts.values()) == sorted(each["post"]["nb"] for each in POSTS), "each post once"
    assert {row.post_id for row in rows.values() if row.post_id} == posts.keys()
    assert actual == 0


async def standing(crisis: Crisis, drill_id: int) -> str:
    """How everything stands, for whoever reads why a test failed."""
    seen = await picture(crisis, drill_id)
    states = [f"{each.key} {each.state}" for each in (*seen.injects, *seen.expectations)]
    wanted = text("SELECT lane, state, error, count(*) FROM deliveries GROUP BY 1, 2, 3")
    async with crisis.db.transaction() as session:
        deliveries = [str(tuple(row)) for row in await session.execute(wanted)]
    activation = seen.activation.state if seen.activation else None
    return f"{seen.drill.state} at {seen.elapsed:.0f} s, {activation}: {', '.join(states)}; {'; '.join(deliveries)}"


async def _is_over(crisis: Crisis, drill_id: int) -> bool:
    return (await picture(crisis, drill_id)).drill.state.is_over
