"""When injects come, in which order, and what they do."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.drills import service
from crisis.drills.conductor import Conductor
from crisis.drills.states import DrillState, InjectState
from crisis.errors import Conflict, NotFound
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.drills.stage import LEADER, MINUTE, Run, book, expectation, inject

LIBRARIAN = Actor("Bibliotekaren", Role.UNIT, "biblioteket")
LATER = expectation("E9", "answer_press", "PT2H", check="manual")
"""Keeps a drill from being over."""


async def fired(run: Run) -> list[str]:
    return [said["detail"]["inject"] for said in await run.record("fire_inject")]


async def test_they_come_at_their_times_and_in_the_same_moment_in_the_playbooks_order(crisis: Crisis) -> None:
    playbook = book([inject("I2", "PT10M"), inject("I1"), inject("I4", "PT10M"), inject("I3", "PT5M")], [LATER])
    run = await Run.of(crisis, playbook)
    assert await fired(run) == ["I1"]
    await run.to(4.9)
    assert await fired(run) == ["I1"]
    await run.to(11)
    assert await fired(run) == ["I1", "I3", "I2", "I4"]
    for each in (await run.picture()).injects:
        row = each.row
        assert row.decided_elapsed is not None
        assert row.due_elapsed is not None
        assert row.due_elapsed <= row.decided_elapsed
        assert row.decided_by == "system"


async def test_what_follows_counts_from_what_it_follows(crisis: Crisis) -> None:
    playbook = book([inject("I1", "PT5M"), inject("I2", "PT3M", after="I1")], [LATER])
    run = await (await Run.of(crisis, playbook)).to(7)
    first, second = [each.row for each in (await run.picture()).injects]
    assert (first.state, second.state) == (InjectState.FIRED, InjectState.WAITING)
    assert first.decided_elapsed is not None
    assert second.due_elapsed == pytest.approx(first.decided_elapsed + 3 * MINUTE)
    await run.to(11)
    assert await fired(run) == ["I1", "I2"]


async def test_what_follows_an_expectation_comes_when_it_is_met(crisis: Crisis) -> None:
    playbook = book(
        [inject("I1", expects=["E1"]), inject("I2", "PT1M", after="E1")],
        [expectation("E1", "call", check="manual"), LATER],
    )
    run = await (await Run.of(crisis, playbook)).to(5)
    assert (await run.injects())["I2"] is InjectState.WAITING
    await service.judge(crisis.db, LEADER, run.drill.id, "E1", met=True)
    await (await run.look()).to(6.5)
    assert await fired(run) == ["I1", "I2"]


async def test_skipping_skips_what_follows_and_what_only_it_asked_for(crisis: Crisis) -> None:
    playbook = book(
        [inject("I1", "PT5M", expects=["E1"]), inject("I2", "PT1M", after="I1"), inject("I3", "PT1M", after="E1")],
        [expectation("E1", "note"), LATER],
    )
    run = await Run.of(crisis, playbook)
    await service.skip(crisis.db, LEADER, run.drill.id, "I1")
    await run.to(30)
    assert set((await run.injects()).values()) == {InjectState.SKIPPED}
    assert [each.row.reason for each in (await run.picture()).injects] == [
        "leader",
        "follows_nothing",
        "follows_nothing",
    ]
    assert (await run.state("E1")).value == "void"
    with pytest.raises(Conflict, match="already"):
        await service.skip(crisis.db, LEADER, run.drill.id, "I1")
    with pytest.raises(NotFound):
        await service.skip(crisis.db, LEADER, run.drill.id, "I9")


async def test_a_contingency_comes_only_where_it_is_needed(crisis: Crisis) -> None:
    playbook = book(
        [inject("I1", expects=["E1", "E2"]), inject("I2", "PT5M", unless="E1"), inject("I3", "PT5M", unless="E2")],
        [expectation("E1", "call", check="manual"), expectation("E2", "refer", check="manual"), LATER],
    )
    run = await Run.of(crisis, playbook)
    await service.judge(crisis.db, LEADER, run.drill.id, "E1", met=True)
    await run.to(6)
    assert await fired(run) == ["I1", "I3"]
    assert (await run.picture()).injects[1].row.reason == "not_needed"


async def test_the_leader_fires_one_now_whatever_it_waits_for(crisis: Crisis) -> None:
    playbook = book(
        [inject("I1", expects=["E1"]), inject("I2", "PT50M", unless="E1"), inject("I3", after="E9")],
        [expectation("E1", "call", check="manual"), LATER],
    )
    run = await Run.of(crisis, playbook)
    await service.judge(crisis.db, LEADER, run.drill.id, "E1", met=True)
    for key in ("I3", "I2", "I2"):
        await service.fire_now(crisis.db, LEADER, run.drill.id, key)
    assert (await run.picture()).injects[1].is_ordered
    await run.look()
    assert await fired(run) == ["I1", "I3", "I2"]
    assert [each.row.decided_by for each in (await run.picture()).injects] == ["system", LEADER.name, LEADER.name]
    assert len(await run.record("order_inject")) == 2


async def test_nothing_comes_while_it_is_paused(crisis: Crisis) -> None:
    run = await Run.of(crisis, book([inject("I1"), inject("I2", "PT1M")], [LATER]), speed=3600.0)
    paused = await service.pause(crisis.db, LEADER, run.drill.id)
    assert paused.state is DrillState.PAUSED
    before = (await run.picture()).elapsed
    await asyncio.sleep(0.05)
    assert (await run.picture()).elapsed == before
    resumed = await service.resume(crisis.db, LEADER, run.drill.id)
    assert resumed.state is DrillState.RUNNING
    assert (await run.picture()).clock.speed == 3600.0
    await asyncio.sleep(0.05)
    await run.look()
    assert await fired(run) == ["I1", "I2"]


async def test_two_conductors_fire_each_inject_once(crisis: Crisis) -> None:
    playbook = book([inject(f"I{number}", f"PT{number}S") for number in range(30)], [LATER])
    run = await Run.of(crisis, playbook)
    await service.put_forward(crisis.db, LEADER, run.drill.id, 60.0)
    conductors = [Conductor(crisis) for _ in range(4)]
    while InjectState.WAITING in (await run.injects()).values():
        await asyncio.gather(*(each.tick() for each in conductors))
    assert await fired(run) == [f"I{number}" for number in range(30)]


async def of_post(crisis: Crisis) -> tuple[str, float]:
    """The state of the only unit post's delivery, and in how many seconds it is due."""
    wanted = text("SELECT state, extract(epoch FROM due_at - now()) FROM deliveries WHERE lane = 'unit'")
    async with crisis.db.transaction() as session:
        state, due = (await session.execute(wanted)).one()
    return str(state), float(due)


UNIT_POST = inject(
    "I1", via="unit_post", channel="facebook", unit="biblioteket", post={"nb": "Vi holder åpent!"}, due="PT5M"
)


async def test_a_units_post_falls_due_by_the_drills_clock(crisis: Crisis) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket")
    run = await Run.of(crisis, book([UNIT_POST], [LATER]))
    (post,) = await crisis.posts.list(LIBRARIAN, mode=Mode.EXERCISE)
    assert await crisis.posts.list(LIBRARIAN, mode=Mode.ACTUAL) == []
    assert (await run.picture()).injects[0].row.post_id == post.id
    assert await of_post(crisis) == ("ready", pytest.approx(300, abs=5))
    await service.set_speed(crisis.db, LEADER, run.drill.id, 10.0)
    assert await of_post(crisis) == ("ready", pytest.approx(30, abs=1))
    await service.pause(crisis.db, LEADER, run.drill.id)
    assert (await of_post(crisis))[1] > timedelta(days=300).total_seconds()
    await service.resume(crisis.db, LEADER, run.drill.id)
    assert await of_post(crisis) == ("ready", pytest.approx(30, abs=1))
    await run.to(6)
    assert await of_post(crisis) == ("ready", pytest.approx(0, abs=1))


async def test_a_units_post_that_meets_the_lock_is_stopped(crisis: Crisis) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket")
    playbook = book(
        [inject("I0", expects=["E1"]), UNIT_POST | {"at": "PT1M", "due": "PT0M", "expects": ["E2"]}],
        [expectation("E1", "activate"), expectation("E2", "publish_blocked", "PT5M"), LATER],
    )
    run = await Run.of(crisis, playbook)
    await factories.activation(crisis.db, Mode.EXERCISE)
    await run.to(2)
    assert (await of_post(crisis))[0] == "blocked"
    assert (await run.state("E2")).value == "met"


async def test_a_post_that_cannot_be_made_is_said_and_the_inject_comes_all_the_same(crisis: Crisis) -> None:
    run = await Run.of(crisis, book([UNIT_POST, inject("I2")], [LATER]))
    row = (await run.picture()).injects[0].row
    assert (row.state, row.post_id) == (InjectState.FIRED, None)
    assert row.reason is not None
    assert "biblioteket has no connected account on facebook" in row.reason
    assert await fired(run) == ["I1", "I2"]


async def test_no_post_comes_out_when_the_drill_is_over(crisis: Crisis) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket")
    run = await Run.of(crisis, book([UNIT_POST], [LATER]))
    await service.stop(crisis.db, LEADER, run.drill.id, "Brannalarm")
    assert (await of_post(crisis))[0] == "cancelled"
