"""Lives of a drill: whatever people do in it, in whatever order, it stays one."""

import asyncio
import os
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisis.activations.service import find_current, stand_down
from crisis.bootstrap import Crisis
from crisis.drills import service
from crisis.drills.states import ExpectationState, InjectState
from crisis.errors import Conflict, NotFound
from crisis.mode import Mode
from tests import factories
from tests.crisis.drills.stage import LEADER, Run, book, expectation, inject
from tests.factories import DIRECTOR

EXAMPLES = 500 if os.environ.get("DRILLS") == "long" else 6
ACTS = st.lists(
    st.one_of(
        st.sampled_from(["pause", "resume", "look", "stop", "exercise", "stand_down", "judge"]),
        st.tuples(st.just("to"), st.floats(0, 130)),
        st.tuples(st.just("set_speed"), st.floats(0.1, 100)),
        st.tuples(st.sampled_from(["skip", "fire_now"]), st.sampled_from(["I1", "I2", "I3", "I4", "I5"])),
    ),
    max_size=14,
)
LIVED = book(
    [
        inject("I1", expects=["E1", "E2"]),
        inject("I2", "PT10M", expects=["E3"]),
        inject("I3", "PT5M", after="I2"),
        inject("I4", "PT2M", after="E2", expects=["E4"]),
        inject("I5", "PT30M", unless="E2"),
    ],
    [
        expectation("E1", "activate", "PT5M"),
        expectation("E2", "call", "PT20M", check="manual"),
        expectation("E3", "note", "PT10M"),
        expectation("E4", "deactivate", "PT60M"),
    ],
)


async def live(run: Run, acts: list[object]) -> None:
    """Whatever people do, in whatever order; what may not be done is refused."""
    for act in acts:
        name, value = act if isinstance(act, tuple) else (act, None)
        with suppress(Conflict, NotFound):
            await _do(run, str(name), value)
        await check(run)


async def _do(run: Run, name: str, value: object) -> None:
    db, number = run.crisis.db, run.drill.id
    if name in {"pause", "resume"}:
        await getattr(service, name)(db, LEADER, number)
    elif name in {"skip", "fire_now"}:
        await getattr(service, name)(db, LEADER, number, value)
    elif name == "set_speed":
        await service.set_speed(db, LEADER, number, float(str(value)))
    elif name == "to":
        await run.to(float(str(value)))
    elif name == "look":
        await run.look()
    elif name == "exercise":
        await factories.activation(db, Mode.EXERCISE)
    else:
        await _decide(run, name)


async def _decide(run: Run, name: str) -> None:
    db, number = run.crisis.db, run.drill.id
    if name == "stop":
        await service.stop(db, LEADER, number, "Slutt")
    elif name == "judge":
        await service.judge(db, LEADER, number, "E2", met=True)
    elif (activation := (await run.picture()).activation) is not None:
        await stand_down(db, DIRECTOR, activation.id)


async def check(run: Run) -> None:
    """What holds at every moment of a drill."""
    picture = await run.picture()
    rows = {each.key: each.row for each in picture.injects}
    fired = [said["detail"]["inject"] for said in await run.record("fire_inject")]
    assert sorted(fired) == sorted(key for key, row in rows.items() if row.state is InjectState.FIRED), "once each"
    decided = [rows[key].decided_elapsed or 0.0 for key in fired]
    assert decided == sorted(decided), "in the order of their times"
    for row in rows.values():
        if row.state is InjectState.FIRED:
            assert row.due_elapsed is not None
            assert row.decided_at is not None
            assert row.due_elapsed <= (row.decided_elapsed or 0.0)
            assert row.decided_elapsed == pytest.approx(picture.clock.elapsed(row.decided_at), abs=1e-6)
    for each in picture.expectations:
        done, due = each.row.done_elapsed, each.row.due_elapsed
        if each.state is ExpectationState.MET:
            assert done is not None
            assert due is not None
            assert done <= due
        elif each.state is ExpectationState.LATE:
            assert done is not None
            assert due is not None
            assert done > due
    if picture.drill.state.is_over:
        assert picture.clock.is_still
        assert InjectState.WAITING not in {each.state for each in picture.injects}
        assert all(each.state.is_decided for each in picture.expectations)
        assert picture.activation is None or picture.activation.stood_down_at is not None
        assert picture.elapsed <= picture.duration.total_seconds() + 1e-3


async def test_whatever_people_do_a_drill_stays_a_drill(crisis: Crisis) -> None:
    loop, ended = asyncio.get_running_loop(), 0

    @settings(max_examples=EXAMPLES)
    @given(ACTS)
    def lives(acts: list[object]) -> None:
        nonlocal ended
        asyncio.run_coroutine_threadsafe(one(crisis, acts), loop).result()
        ended += 1

    await asyncio.to_thread(lives)
    assert ended >= EXAMPLES, "not all of them were lived to their end"


async def one(crisis: Crisis, acts: list[object]) -> None:
    """A life from its start to its end, and nothing of it left in the next one's way."""
    run = await Run.of(crisis, LIVED)
    await live(run, acts)
    async with crisis.db.transaction() as session:
        under_way = await service.current(session)
    if under_way is not None:
        await service.stop(crisis.db, LEADER, run.drill.id, "Neste")
    await check(run)
    async with crisis.db.transaction() as session:
        left = await find_current(session, Mode.EXERCISE)  # set when the drill was over
    if left is not None:
        await stand_down(crisis.db, DIRECTOR, left.id)
