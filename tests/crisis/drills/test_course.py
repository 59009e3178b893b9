"""A drill from its start to its end, and what a real crisis does to it."""

import asyncio

import pytest
from sqlalchemy import text

from crisis.activations.service import activate, find_current, stand_down
from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.drills import service
from crisis.drills.conductor import IDLE_SECONDS, LOOK_SECONDS, Conductor
from crisis.drills.course import NotNow
from crisis.drills.reading import DrillOver
from crisis.drills.snapshot import taken
from crisis.drills.states import DrillState, ExpectationState, InjectState
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.logbook.reading import of
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.drills.stage import LEADER, MINUTE, SHA256, Run, book, expectation, inject
from tests.factories import DIRECTOR, EDITOR

SWITCHBOARD = Actor("Sentralbordet", Role.SWITCHBOARD)
ONE = book([inject("I1", expects=["E1"])], [expectation("E1", "activate", "PT5M")])
UNEXPECTED = book([inject("I1", expects=["E1"])], [expectation("E1", "note")])


async def in_force(crisis: Crisis, mode: Mode) -> bool:
    async with crisis.db.transaction() as session:
        return await find_current(session, mode) is not None


async def drills(crisis: Crisis) -> list[DrillState]:
    async with crisis.db.transaction() as session:
        return [each.state for each in await service.list_drills(session)]


async def test_whoever_may_run_drills_starts_one_and_everything_is_on_record(crisis: Crisis) -> None:
    with pytest.raises(NotAllowed):
        await service.start(crisis.db, SWITCHBOARD, ONE, sha256=SHA256)
    run = await Run.of(crisis, ONE, speed=2.0)
    picture = await run.picture()
    assert (picture.drill.state, picture.drill.playbook_id, picture.drill.playbook_sha256) == (
        DrillState.RUNNING,
        ONE.id,
        SHA256,
    )
    assert taken(picture.playbook) == taken(ONE)
    assert picture.clock.speed == 2.0
    assert picture.drill.conducted_at is not None
    (said,) = await run.record("start_drill")
    assert (said["seq"], said["actor"], said["mode"]) == (picture.drill.began_seq, LEADER.name, "exercise")
    async with crisis.db.transaction() as session:
        assert (await chain.verify(session)).holds


async def test_no_drill_starts_beside_another_one(crisis: Crisis) -> None:
    run = await Run.of(crisis, ONE)
    with pytest.raises(NotNow, match=r"Drill 1 \(skred\).* is not over"):
        await Run.of(crisis, ONE)
    await service.stop(crisis.db, LEADER, run.drill.id, "Ny runde")
    starts = [service.start(crisis.db, LEADER, ONE, sha256=SHA256) for _ in range(4)]
    made = await asyncio.gather(*starts, return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in made) == 1
    assert all(isinstance(each, NotNow) for each in made if isinstance(each, BaseException))


@pytest.mark.parametrize(
    ("mode", "said"), [(Mode.ACTUAL, "A real crisis is on"), (Mode.EXERCISE, "An exercise is in force")]
)
async def test_no_drill_starts_while_something_else_is_on(crisis: Crisis, mode: Mode, said: str) -> None:
    activation = await factories.activation(crisis.db, mode)
    with pytest.raises(NotNow, match=said):
        await service.start(crisis.db, LEADER, ONE, sha256=SHA256)
    await stand_down(crisis.db, DIRECTOR, activation.id)
    await service.start(crisis.db, LEADER, ONE, sha256=SHA256)


async def test_where_nobody_is_to_set_the_crisis_staff_it_is_set(crisis: Crisis) -> None:
    run = await Run.of(crisis, UNEXPECTED)
    activation = (await run.picture()).activation
    assert activation is not None
    assert (activation.mode, activation.title, activation.activated_by) == (
        Mode.EXERCISE,
        ONE.title.get("nb"),
        LEADER.name,
    )
    await run.look()
    assert not await run.record("take_over")


async def test_it_is_over_when_its_time_is_out(crisis: Crisis) -> None:
    expected = [
        expectation("E1", "activate", "PT5M"),
        expectation("E2", "refer", "PT10M", check="manual"),
        expectation("E3", "refer", "PT3H", check="manual"),
        expectation("E4", "lock_all", "PT1M", after="E1"),
    ]
    playbook = book([inject("I1", expects=["E1", "E2", "E3"]), inject("I2", after="E3")], expected)
    run = await Run.of(crisis, playbook)
    await run.to(200)
    picture = await run.picture()
    assert (picture.drill.state, picture.drill.end_reason, picture.drill.ended_by) == (
        DrillState.ENDED,
        "time",
        "system",
    )
    assert picture.elapsed == pytest.approx(120 * MINUTE)
    assert picture.left == 0
    assert await run.expectations() == {
        "E1": ExpectationState.MISSED,
        "E2": ExpectationState.MISSED,
        "E3": ExpectationState.VOID,
        "E4": ExpectationState.VOID,
    }
    assert await run.injects() == {"I1": InjectState.FIRED, "I2": InjectState.SKIPPED}


async def test_a_conductor_that_was_away_ends_it_when_its_time_was_out_and_not_later(crisis: Crisis) -> None:
    run = await Run.of(crisis, book(expectations=[expectation("E1", "note")], duration="PT5M"), speed=120.0)
    await asyncio.sleep(2.7)
    await factories.alert(crisis, (await factories.activation(crisis.db, Mode.EXERCISE)).id)
    await run.look()
    picture = await run.picture()
    assert picture.drill.state is DrillState.ENDED
    assert picture.drill.ended_at is not None
    assert (picture.drill.ended_at - picture.drill.started_at).total_seconds() == pytest.approx(2.5, abs=0.001)
    assert picture.elapsed == pytest.approx(300, abs=0.001)
    assert not await in_force(crisis, Mode.EXERCISE)


async def test_it_is_over_when_everything_is_decided_and_the_staff_stood_down(crisis: Crisis) -> None:
    expected = [expectation("E1", "activate"), expectation("E2", "refer", "PT1M", check="manual")]
    playbook = book([inject("I1", expects=["E1", "E2"]), inject("I2", "PT1M", after="E2")], expected)
    run = await Run.of(crisis, playbook)
    activation = await factories.activation(crisis.db, Mode.EXERCISE)
    await run.to(2)
    assert (await run.picture()).drill.state is DrillState.RUNNING
    await stand_down(crisis.db, DIRECTOR, activation.id)
    await run.look()
    picture = await run.picture()
    assert (picture.drill.state, picture.drill.end_reason) == (DrillState.ENDED, "done")
    assert await run.expectations() == {"E1": ExpectationState.MET, "E2": ExpectationState.MISSED}
    assert picture.injects[1].row.reason == "over"
    assert (await run.conductor.tick()).next_look == IDLE_SECONDS


async def test_stopping_takes_a_reason_and_stands_the_exercise_down(crisis: Crisis) -> None:
    run = await Run.of(crisis, ONE)
    await factories.activation(crisis.db, Mode.EXERCISE)
    assert (await run.conductor.tick()).next_look == LOOK_SECONDS
    with pytest.raises(Invalid, match="why"):
        await service.stop(crisis.db, LEADER, run.drill.id, "  ")
    stopped = await service.stop(crisis.db, LEADER, run.drill.id, "Brannalarm")
    assert (stopped.state, stopped.end_reason, stopped.ended_by) == (DrillState.STOPPED, "Brannalarm", LEADER.name)
    assert not await in_force(crisis, Mode.EXERCISE)
    for act in (service.pause, service.resume):
        with pytest.raises(DrillOver):
            await act(crisis.db, LEADER, run.drill.id)
    with pytest.raises(DrillOver):
        await service.join(crisis.db, EDITOR, run.drill.id, "redaktor")
    with pytest.raises(NotFound):
        await service.stop(crisis.db, LEADER, 99, "Feil nummer")


async def test_a_real_crisis_interrupts_it_and_inherits_nothing(crisis: Crisis) -> None:
    await factories.account(crisis, "website")
    run = await Run.of(crisis, ONE)
    exercise = await factories.activation(crisis.db, Mode.EXERCISE, "Øvelse Moen")
    await run.look()
    drilled = await factories.approved_alert(crisis, exercise.id)
    actual = await factories.activation(crisis.db, Mode.ACTUAL, "Flom i Moelva")
    await run.look()
    picture = await run.picture()
    assert (picture.drill.state, picture.drill.end_reason) == (DrillState.INTERRUPTED, "actual")
    assert picture.activation is not None
    assert picture.activation.stood_down_by == "system"
    assert await in_force(crisis, Mode.ACTUAL)
    assert not await in_force(crisis, Mode.EXERCISE)
    about_actual = await factories.approved_alert(crisis, actual.id)
    async with crisis.db.transaction() as session:
        log = await of(session, DIRECTOR, actual.id, "nb")
        entries = await log.newest(session)
        told = await session.execute(
            text(
                "SELECT DISTINCT m.activation_id, r.mode FROM renditions r JOIN revisions v ON v.id = r.revision_id "
                "JOIN messages m ON m.id = v.message_id ORDER BY 1"
            )
        )
        assert [tuple(row) for row in told] == [(exercise.id, "exercise"), (actual.id, "actual")]
    assert {each.revision_id for each in entries} == {None, about_actual.revision.id}
    assert drilled.revision.id not in {each.revision_id for each in entries}
    assert {each.action for each in entries} == {"activate", "write", "approve"}
    assert all('"mode":"actual"' in each.record for each in entries)


async def test_a_real_crisis_that_was_short_interrupts_it_too(crisis: Crisis) -> None:
    run = await Run.of(crisis, ONE)
    actual = await factories.activation(crisis.db, Mode.ACTUAL)
    await stand_down(crisis.db, DIRECTOR, actual.id)
    await run.look()
    assert (await run.picture()).drill.state is DrillState.INTERRUPTED


async def test_where_the_playbook_allows_no_pause_there_is_none(crisis: Crisis) -> None:
    strict = book(
        expectations=[expectation("E1", "activate")],
        exercise={
            "form": "spill",
            "duration": "PT1H",
            "clock": {"speed": 1, "pause_allowed": False},
            "stop_word": {"nb": "AVBRYT"},
        },
    )
    run = await Run.of(crisis, strict)
    with pytest.raises(Conflict, match="no pause"):
        await service.pause(crisis.db, LEADER, run.drill.id)


@pytest.mark.parametrize("speed", [0.0, -1.0, 3601.0, float("nan"), float("inf")])
async def test_no_clock_goes_at_such_a_speed(crisis: Crisis, speed: float) -> None:
    with pytest.raises(Invalid, match="times as fast"):
        await service.start(crisis.db, LEADER, ONE, sha256=SHA256, speed=speed)
    assert await drills(crisis) == []


async def test_a_speed_set_while_it_is_paused_holds_when_it_goes_on(crisis: Crisis) -> None:
    run = await Run.of(crisis, ONE)
    await service.pause(crisis.db, LEADER, run.drill.id)
    await service.set_speed(crisis.db, LEADER, run.drill.id, 60.0)
    assert (await run.picture()).clock.is_still
    await service.resume(crisis.db, LEADER, run.drill.id)
    assert [each.speed for each in (await run.picture()).clock.segments] == [1.0, 0.0, 60.0, 0.0, 60.0]


async def test_players_join_switch_see_and_leave(crisis: Crisis) -> None:
    run = await Run.of(crisis, ONE)
    for part in ("leder", "redaktor", "redaktor"):
        await service.join(crisis.db, EDITOR, run.drill.id, part)
    parts = (await run.picture()).parts_of(EDITOR.name)
    assert [(each.part, each.playing) for each in parts] == [("leder", False), ("redaktor", True)]
    assert len(await run.record("join_drill")) == 2
    with pytest.raises(NotFound, match="no such role"):
        await service.join(crisis.db, EDITOR, run.drill.id, "ordforer")
    for _ in range(2):
        await service.see(crisis.db, EDITOR, run.drill.id, "I1")
    assert [each.by for each in (await run.picture()).injects[0].seen] == [EDITOR.name]
    await service.leave(crisis.db, EDITOR, run.drill.id, "redaktor")
    async with crisis.db.transaction() as session:
        playing = await service.playing(session, run.drill.id, EDITOR.name)
    assert playing is not None
    assert playing.part == "leder"
    await service.leave(crisis.db, EDITOR, run.drill.id)
    assert (await run.picture()).parts_of(EDITOR.name) == []


async def test_observers_write_with_the_drills_time_also_afterwards(crisis: Crisis) -> None:
    run = await (await Run.of(crisis, ONE)).to(3)
    await service.observe(crisis.db, LEADER, run.drill.id, "Kort og klart samband.", "M1")
    with pytest.raises(NotFound):
        await service.observe(crisis.db, LEADER, run.drill.id, "Hm", "M9")
    with pytest.raises(Invalid):
        await service.observe(crisis.db, LEADER, run.drill.id, " ")
    await service.stop(crisis.db, LEADER, run.drill.id, "Ferdig")
    await service.observe(crisis.db, LEADER, run.drill.id, "Takk for nå.")
    notes = (await run.picture()).notes
    assert [(each.text, each.objective) for each in notes] == [("Kort og klart samband.", "M1"), ("Takk for nå.", None)]
    assert notes[0].elapsed == pytest.approx(3 * MINUTE, abs=5)


async def test_a_conductor_that_finds_none_rests(crisis: Crisis) -> None:
    assert (await Conductor(crisis).tick()).next_look == IDLE_SECONDS


PLAYER = Actor("Sekretæren", Role.DIRECTOR, only=Mode.EXERCISE)


@pytest.mark.parametrize("actor", [LEADER, PLAYER])
async def test_who_leads_or_plays_the_director_sets_the_exercises_staff_and_no_real_one(
    crisis: Crisis, actor: Actor
) -> None:
    made = (await activate(crisis.db, actor, Mode.EXERCISE, "Øvelse")).activation
    await stand_down(crisis.db, actor, made.id)
    with pytest.raises(NotAllowed):
        await activate(crisis.db, actor, Mode.ACTUAL, "Ikke øvelse")
    real = (await activate(crisis.db, DIRECTOR, Mode.ACTUAL, "Ikke øvelse")).activation
    with pytest.raises(NotAllowed):
        await stand_down(crisis.db, actor, real.id)
