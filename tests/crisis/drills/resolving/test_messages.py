"""Which messages resolve an expectation by themselves: those that say what they must, everywhere, and in time."""

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.deliveries.engine import Engine
from crisis.drills.states import ExpectationState as State
from crisis.lanes import Lane
from crisis.logbook.acknowledgements import acknowledge
from crisis.logbook.models import Party
from crisis.messages.models import Kind
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.drills.resolving.exercise import LATER, started, update
from tests.crisis.drills.stage import Run, book, expectation, inject
from tests.factories import EDITOR

SWITCHBOARD = Actor("Sentralbordet", Role.SWITCHBOARD)


async def test_a_message_is_out_when_every_channel_has_it(crisis: Crisis, engine: Engine) -> None:
    await factories.account(crisis, "website")
    await factories.account(crisis, "facebook", address="1000")
    await factories.account(crisis, "sms", address="Fjordvik")
    audience = await factories.audience(crisis, 3)
    match = {
        "kind": "alert",
        "channels": ["website", "facebook", "sms"],
        "languages": ["nb"],
        "elements": ["hazard", "time"],
    }
    run, activation = await started(crisis, ["E1"], expectation("E3", "publish", "PT15M", after="E1", match=match))
    approved = await factories.approved_alert(crisis, activation, audience_id=audience)
    await run.look()
    shown = (await run.picture()).expectations[-1].row
    assert shown.evidence == {"revision": approved.revision.id, "lacks": ["website", "facebook", "sms"]}
    await engine.deliver(Lane.PUBLIC)
    await run.look()
    assert (await run.picture()).expectations[-1].row.evidence == {"revision": approved.revision.id, "lacks": ["sms"]}
    await engine.deliver(Lane.SMS)
    await run.look()
    shown = (await run.picture()).expectations[-1].row
    assert shown.state is State.MET
    assert shown.evidence is not None
    assert shown.evidence["revision"] == approved.revision.id
    async with crisis.db.transaction() as session:
        last = (await session.execute(text("SELECT max(ended_at) FROM attempts"))).scalar_one()
    assert shown.done_at == last


async def test_what_a_message_does_not_say_or_in_no_wanted_language_is_missing(crisis: Crisis, engine: Engine) -> None:
    await factories.account(crisis, "website")
    match = {
        "kind": "alert",
        "channels": ["website"],
        "languages": ["nb", "en"],
        "elements": ["guidance", "hazard", "time"],
    }
    run, activation = await started(crisis, ["E1"], expectation("E3", "publish", "PT15M", after="E1", match=match))
    silent = {"nb": factories.SLIDE["nb"] | {"what_to_do": ["Det er leit."]}}
    draft = await factories.alert(crisis, activation, contents=silent)
    await crisis.desk.approve(EDITOR, draft.id)
    await engine.deliver(Lane.PUBLIC)
    await run.look()
    evidence = (await run.picture()).expectations[-1].row.evidence
    assert evidence is not None
    assert evidence["lacks"] == ["en", "guidance", "website (en)"]


async def test_a_channel_that_has_what_replaced_it_has_it(crisis: Crisis, engine: Engine) -> None:
    await factories.account(crisis, "website")
    match = {"kind": "alert", "channels": ["website"], "languages": ["nb"]}
    run, activation = await started(crisis, ["E1"], expectation("E3", "publish", "PT15M", after="E1", match=match))
    alert = await factories.approved_alert(crisis, activation)
    await update(crisis, activation, alert.revision.message_id)
    await engine.deliver(Lane.PUBLIC)
    await run.look()
    assert await run.state("E3") is State.MET


async def test_an_update_answers_only_what_was_asked_before_it(crisis: Crisis, engine: Engine) -> None:
    await factories.account(crisis, "website")
    asked = [expectation("E1", "activate"), expectation("E4", "publish", match={"kind": "update"}), LATER]
    run = await Run.of(crisis, book([inject("I1", expects=["E1"]), inject("I2", "PT20M", expects=["E4"])], asked))
    activation = await factories.activation(crisis.db, Mode.EXERCISE)
    await run.look()
    alert = await factories.approved_alert(crisis, activation.id)
    await update(crisis, activation.id, alert.revision.message_id)
    await engine.deliver(Lane.PUBLIC)
    await run.to(21)
    assert await run.state("E4") is State.RUNNING
    await update(crisis, activation.id, alert.revision.message_id, Kind.CORRECTION)
    await update(crisis, activation.id, alert.revision.message_id)
    await engine.deliver(Lane.PUBLIC)
    await run.look()
    assert await run.state("E4") is State.MET


@pytest.mark.parametrize(("minutes", "state"), [(64, State.MET), (70, State.LATE)])
async def test_a_promise_is_kept_by_the_drills_clock(
    crisis: Crisis, engine: Engine, minutes: int, state: State
) -> None:
    await factories.account(crisis, "website")
    asked = [expectation("E1", "activate"), expectation("E5", "update_due", "PT110M"), LATER]
    run = await Run.of(crisis, book([inject("I1", expects=["E1"]), inject("I2", "PT5M", expects=["E5"])], asked))
    activation = (await factories.activation(crisis.db, Mode.EXERCISE)).id
    alert = await factories.approved_alert(crisis, activation)  # promises more within an hour
    await engine.deliver(Lane.PUBLIC)
    await run.to(5)
    assert await run.state("E5") is State.RUNNING
    await run.to(minutes)
    await update(crisis, activation, alert.revision.message_id)
    await engine.deliver(Lane.PUBLIC)
    await run.look()
    assert await run.state("E5") is state


async def test_the_first_message_of_all_keeps_no_promise(crisis: Crisis, engine: Engine) -> None:
    await factories.account(crisis, "website")
    run, activation = await started(crisis, ["E1", "E5"], expectation("E5", "update_due"))
    alert = await factories.approved_alert(crisis, activation)
    await engine.deliver(Lane.PUBLIC)
    await run.look()
    assert await run.state("E5") is State.RUNNING
    await update(crisis, activation, alert.revision.message_id)
    await engine.deliver(Lane.PUBLIC)
    await run.look()
    assert await run.state("E5") is State.MET


async def test_those_who_must_know_have_read_it_or_were_told(crisis: Crisis, engine: Engine) -> None:
    await factories.account(crisis, "website")
    asked = [
        expectation(
            "E3", "publish", "PT15M", after="E1", match={"kind": "alert", "channels": ["website"], "languages": ["nb"]}
        ),
        expectation("E4", "brief_switchboard", "PT10M", after="E3"),
        expectation("E5", "brief_employees", "PT15M", after="E3"),
    ]
    run, activation = await started(crisis, ["E1"], *asked)
    alert = await factories.approved_alert(crisis, activation)
    await acknowledge(crisis.db, SWITCHBOARD, alert.revision.id)  # before the slowest channel has it
    await engine.deliver(Lane.PUBLIC)
    await run.look()
    assert await run.state("E4") is State.MET
    assert await run.state("E5") is State.RUNNING
    await acknowledge(crisis.db, EDITOR, alert.revision.id, Party.EMPLOYEES)
    await run.look()
    assert await run.state("E5") is State.MET
