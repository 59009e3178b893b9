"""What resolves an expectation by itself: only what people did in the drill's own exercise, and since they were asked."""

import pytest

from crisis.activations import drain
from crisis.activations.service import stand_down
from crisis.bootstrap import Crisis
from crisis.deliveries.engine import Engine
from crisis.drills import service
from crisis.drills.states import ExpectationState as State
from crisis.lanes import Lane
from crisis.logbook import notes
from crisis.logbook.notes import Written
from crisis.mode import Mode
from crisis.posts.service import ActivationLocked
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.drills.resolving.exercise import STARTED, started
from tests.crisis.drills.stage import LEADER, MINUTE, Run, book, expectation, inject
from tests.factories import DIRECTOR, EDITOR

LIBRARIAN = Actor("Bibliotekaren", Role.UNIT, "biblioteket")


async def test_the_crisis_staff_is_set_in_time(crisis: Crisis) -> None:
    run = await Run.of(crisis, book([inject("I1", expects=["E1"])], STARTED))
    assert await run.state("E1") is State.RUNNING
    activation = await factories.activation(crisis.db, Mode.EXERCISE)
    await run.look()
    (shown, _) = [each.row for each in (await run.picture()).expectations]
    assert shown.state is State.MET
    assert shown.evidence is not None
    assert (shown.evidence["activation"], shown.evidence["by"]) == (activation.id, DIRECTOR.name)
    assert shown.done_elapsed == pytest.approx(
        (activation.activated_at - run.drill.started_at).total_seconds(), abs=0.1
    )
    assert (await run.picture()).activation is not None
    assert [said["detail"]["state"] for said in await run.record("resolve_expectation")] == ["met"]


async def test_what_comes_after_its_deadline_is_late(crisis: Crisis) -> None:
    run = await Run.of(crisis, book([inject("I1", expects=["E1"])], STARTED))
    await run.to(6)
    assert await run.state("E1") is State.MISSED
    await factories.activation(crisis.db, Mode.EXERCISE)
    await run.look()
    assert await run.state("E1") is State.LATE
    assert [said["detail"]["state"] for said in await run.record("resolve_expectation")] == ["missed", "late"]


async def test_what_was_late_before_anybody_looked_is_late_and_not_met(crisis: Crisis) -> None:
    run = await Run.of(crisis, book([inject("I1", expects=["E1"])], STARTED))
    await service.put_forward(crisis.db, LEADER, run.drill.id, 6 * MINUTE)
    await factories.activation(crisis.db, Mode.EXERCISE)
    await run.look()
    assert await run.state("E1") is State.LATE


async def test_a_real_activation_is_no_answer(crisis: Crisis) -> None:
    run = await Run.of(crisis, book([inject("I1", expects=["E1"])], STARTED))
    await factories.activation(crisis.db, Mode.ACTUAL)
    await run.look()
    assert await run.state("E1") is State.VOID
    assert (await run.picture()).activation is None


async def test_everything_is_locked_when_that_is_confirmed(crisis: Crisis) -> None:
    run, activation = await started(crisis, ["E1"], expectation("E2", "lock_all", "PT1M", after="E1"))
    assert await run.state("E2") is State.RUNNING
    assert await drain.step(crisis.db, activation, 1.0)
    await run.look()
    assert await run.state("E2") is State.MET


async def test_a_units_post_that_a_player_tried_is_an_answer(crisis: Crisis) -> None:
    library = await factories.account(crisis, "facebook", unit="biblioteket")
    run, _ = await started(crisis, ["E1", "E6"], expectation("E6", "publish_blocked", "PT5M"))
    assert await run.state("E6") is State.RUNNING
    with pytest.raises(ActivationLocked):
        await crisis.posts.publish(LIBRARIAN, library, "Vi holder åpent!", mode=Mode.EXERCISE)
    await run.look()
    assert await run.state("E6") is State.MET


async def test_a_note_is_trouble_handled_and_only_since_it_was_asked_for(crisis: Crisis) -> None:
    asked = [*STARTED, expectation("E7", "retry_or_note"), expectation("E8", "note")]
    run = await Run.of(crisis, book([inject("I1", expects=["E1"]), inject("I2", "PT5M", expects=["E7", "E8"])], asked))
    activation = await factories.activation(crisis.db, Mode.EXERCISE)
    await run.look()
    await notes.write(crisis.db, EDITOR, activation.id, Written("Krisestab satt"))
    await run.to(6)
    assert await run.state("E7") is State.RUNNING
    await notes.write(crisis.db, EDITOR, activation.id, Written("Facebook svarer ikke"))
    await run.look()
    assert await run.state("E7") is State.MET
    assert await run.state("E8") is State.MET


async def test_the_emergency_word_breaks_the_glass(crisis: Crisis) -> None:
    run, _ = await started(crisis, ["E1", "E6"], expectation("E6", "break_glass", "PT5M"))
    await service.join(crisis.db, EDITOR, run.drill.id, "redaktor")
    with pytest.raises(Exception, match="emergency word"):
        await service.break_glass(crisis.db, EDITOR, run.drill.id, "000000x")
    await run.look()
    assert await run.state("E6") is State.RUNNING
    await service.break_glass(crisis.db, EDITOR, run.drill.id, f" {run.drill.glass_word} ")
    await run.look()
    assert await run.state("E6") is State.MET
    assert all(each.through_glass for each in (await run.picture()).players)


async def test_a_false_alarm_is_taken_back_and_the_staff_stood_down(crisis: Crisis, engine: Engine) -> None:
    await factories.account(crisis, "website")
    asked = [expectation("E6", "retract"), expectation("E7", "deactivate", "PT20M")]
    run, activation = await started(crisis, ["E1", "E6", "E7"], *asked)
    alert = await factories.approved_alert(crisis, activation)
    await engine.deliver(Lane.PUBLIC)
    await crisis.desk.retract(EDITOR, alert.revision.message_id, "Feil")
    await stand_down(crisis.db, DIRECTOR, activation)
    await run.look()
    assert await run.state("E6") is State.MET
    assert await run.state("E7") is State.MET


async def test_the_leader_judges_in_time_or_late_and_once(crisis: Crisis) -> None:
    asked = [expectation(f"E{n}", "refer", "PT5M", check="manual") for n in (2, 3, 4)]
    run, _ = await started(crisis, ["E1", "E2", "E3", "E4"], *asked)
    await service.judge(crisis.db, LEADER, run.drill.id, "E2", met=True, note="Rolig og klart.")
    await run.to(6)
    assert await run.state("E3") is State.MISSED
    await service.judge(crisis.db, LEADER, run.drill.id, "E3", met=True)
    await service.judge(crisis.db, LEADER, run.drill.id, "E4", met=True, in_time=True)
    rows = {each.key: each.row for each in (await run.picture()).expectations}
    assert [rows[key].state for key in ("E2", "E3", "E4")] == [State.MET, State.LATE, State.MET]
    assert (rows["E2"].judged_by, rows["E2"].note) == (LEADER.name, "Rolig og klart.")
    assert rows["E4"].done_elapsed == rows["E4"].due_elapsed == pytest.approx(5 * MINUTE, abs=1)
    with pytest.raises(Exception, match="decided already"):
        await service.judge(crisis.db, LEADER, run.drill.id, "E2", met=False)
    assert len(await run.record("judge_expectation")) == 3
