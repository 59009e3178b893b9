"""The promised next update: warned of before, put on record when it is missed, once, and kept by what comes in time."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis.activations.service import stand_down
from crisis.deliveries import promises, sweep, withdrawals
from crisis.deliveries.promises import Late, Promise, PromiseState
from crisis.lanes import Lane
from crisis.messages.models import Kind
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import DRAIN_SECONDS, Workbench
from tests.factories import DIRECTOR, EDITOR

WARNING = 600.0
HOUR = 3600.0


async def promised(bench: Workbench) -> tuple[int, int]:
    """An approved alert that promises an update in an hour; its activation and its message."""
    await factories.account(bench.crisis, "facebook")
    activation = await factories.activation(bench.db)
    done = await factories.approved_alert(bench.crisis, activation.id)
    return activation.id, done.revision.message_id


async def update(bench: Workbench, activation: int, message: int, kind: Kind = Kind.UPDATE) -> int:
    return (await factories.approved_follow_up(bench.crisis, activation, message, kind)).revision.id


async def send(bench: Workbench) -> None:
    await bench.send(Lane.PUBLIC, Outlet())


async def pass_time(bench: Workbench, seconds: float) -> None:
    """Time passes for what was promised, and for when it was approved."""
    await bench.run(
        "UPDATE revisions SET next_update_at = next_update_at - :by, approved_at = approved_at - :by",
        by=timedelta(seconds=seconds),
    )


async def watch(bench: Workbench) -> tuple[int, int]:
    return await promises.watch(bench.db, Mode.ACTUAL, WARNING)


async def standing(bench: Workbench, message: int) -> list[Promise]:
    async with bench.db.transaction() as session:
        return list(await promises.standing(session, WARNING, message_id=message))


async def late(bench: Workbench, message: int) -> list[Late]:
    async with bench.db.transaction() as session:
        return list(await promises.late(session, message_id=message))


async def record(bench: Workbench) -> list[str]:
    async with bench.db.transaction() as session:
        wanted = text("SELECT record::json->>'action' FROM audit WHERE record LIKE '%\"promise %' ORDER BY seq")
        return list((await session.execute(wanted)).scalars())


async def test_it_is_warned_of_once_and_missed_once(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    _, message = await promised(bench)
    assert await watch(bench) == (0, 0)
    (ahead,) = await standing(bench, message)
    assert (ahead.state, ahead.revision, ahead.warned_at) == (PromiseState.AHEAD, 1, None)
    assert HOUR - 60 < ahead.seconds_left <= HOUR
    await pass_time(bench, HOUR - WARNING + 1)
    assert [await watch(bench) for _ in range(3)] == [(1, 0), (0, 0), (0, 0)]
    (soon,) = await standing(bench, message)
    assert (soon.state, soon.missed_at, promises.words(soon)) == (PromiseState.SOON, None, "in 9 min")
    assert soon.warned_at is not None
    await pass_time(bench, WARNING)
    assert [await watch(bench) for _ in range(3)] == [(0, 1), (0, 0), (0, 0)]
    await pass_time(bench, 185)
    (overdue,) = await standing(bench, message)
    assert (overdue.state, overdue.warned_at, promises.words(overdue)) == (
        PromiseState.OVERDUE,
        soon.warned_at,
        "overdue by 3 min",
    )
    assert overdue.missed_at is not None
    assert await record(bench) == ["promise due soon", "promise missed"]
    assert [line.levelname for line in caplog.records if "promised an update" in line.message] == ["WARNING"] * 2


async def test_several_sweeps_at_once_say_it_once(bench: Workbench) -> None:
    await promised(bench)
    await pass_time(bench, HOUR + 1)
    said = await asyncio.gather(*(watch(bench) for _ in range(6)))
    assert sum(missed for _, missed in said) == 1
    assert await record(bench) == ["promise missed"]


async def test_the_sweep_watches_and_says_how_many(bench: Workbench) -> None:
    await promised(bench)
    await pass_time(bench, HOUR - 60)
    done = await sweep.sweep(bench.db, Mode.ACTUAL, drain_seconds=DRAIN_SECONDS, promise_warning_seconds=30.0)
    assert (done["warned"], done["missed"]) == (0, 0)
    done = await sweep.sweep(bench.db, Mode.ACTUAL, drain_seconds=DRAIN_SECONDS, promise_warning_seconds=90.0)
    assert (done["warned"], done["missed"]) == (1, 0)
    await pass_time(bench, 120)
    assert (await sweep.sweep(bench.db, Mode.EXERCISE, drain_seconds=DRAIN_SECONDS))["missed"] == 0, "the other mode's"
    assert (await sweep.sweep(bench.db, Mode.ACTUAL, drain_seconds=DRAIN_SECONDS))["missed"] == 1


async def test_what_comes_in_time_keeps_it_and_promises_anew(bench: Workbench) -> None:
    activation, message = await promised(bench)
    await send(bench)
    await pass_time(bench, HOUR - 5)
    await update(bench, activation, message)
    await bench.run("UPDATE revisions SET next_update_at = next_update_at - interval '10 s' WHERE number = 1")
    await bench.run("UPDATE revisions SET approved_at = approved_at - interval '20 s' WHERE number = 2")
    assert await watch(bench) == (0, 0)
    (promise,) = await standing(bench, message)
    assert (promise.revision, promise.state) == (2, PromiseState.AHEAD)
    assert await late(bench, message) == []


async def test_what_comes_too_late_is_missed_even_if_nobody_swept_and_shows_by_how_much(bench: Workbench) -> None:
    activation, message = await promised(bench)
    await send(bench)
    await pass_time(bench, HOUR + 300)
    await update(bench, activation, message)
    (came,) = await late(bench, message)
    assert came.revision == 2
    assert 300 <= came.seconds < 330
    assert await watch(bench) == (0, 1)
    assert await watch(bench) == (0, 0)
    assert [each.revision for each in await standing(bench, message)] == [2]


async def test_one_that_is_being_kept_just_now_is_not_called_missed(bench: Workbench) -> None:
    """Its approval has begun in time and holds the message; the sweep looks again afterwards."""
    _, message = await promised(bench)
    await pass_time(bench, HOUR + 1)
    async with bench.db.engine.begin() as connection:
        await connection.execute(text("SELECT 1 FROM messages WHERE id = :id FOR UPDATE"), {"id": message})
        assert await watch(bench) == (0, 0)
    assert await watch(bench) == (0, 1)


async def test_a_message_taken_back_or_a_crisis_that_is_over_promises_nothing(bench: Workbench) -> None:
    activation, message = await promised(bench)
    await send(bench)
    await bench.crisis.desk.retract(EDITOR, message)
    other = await factories.approved_alert(bench.crisis, activation)
    await pass_time(bench, 2 * HOUR)
    assert await standing(bench, message) == []
    assert len(await standing(bench, other.revision.message_id)) == 1
    await stand_down(bench.db, DIRECTOR, activation)
    assert await watch(bench) == (0, 0)
    assert await standing(bench, other.revision.message_id) == []


@pytest.mark.parametrize("out", [False, True])
async def test_a_withdrawn_message_promises_only_to_those_who_had_it(bench: Workbench, *, out: bool) -> None:
    _, message = await promised(bench)
    if out:
        await send(bench)
    await withdrawals.withdraw_message(bench.db, EDITOR, message, bench.crisis.capabilities)
    await pass_time(bench, HOUR + 1)
    assert await watch(bench) == (0, int(out))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h 0 min"), (7500, "2 h 5 min")],
)
def test_spans_are_in_whole_units(seconds: float, said: str) -> None:
    assert promises.span(seconds) == said
