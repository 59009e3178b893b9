"""Pointers: the editors' one text, through locked accounts, once each; and nothing of a unit's that way."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from crisis import clock
from crisis.activations.service import ActivationLocked, stand_down
from crisis.audit import chain
from crisis.bootstrap import Crisis, crisis_of
from crisis.channels import Finding, Found, OutcomeUnknown, Unavailable
from crisis.db import no_bell
from crisis.deliveries.decisions import Decision, decide
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.pointers.service import SecondPersonNeeded
from crisis.roles import Actor, Role
from crisis.settings import Settings, TwoPeople
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench
from tests.crisis.moves import Moves
from tests.factories import DIRECTOR, EDITOR, EDITORS

WORDS = "Følg krise.fjordvik.kommune.no for informasjon."
TEACHER = Actor("Læreren", Role.UNIT, "skolen")
COLLEAGUE = Actor("Kollegaen", Role.EDITOR, EDITORS)


@pytest.fixture
def bench(crisis: Crisis, moves: Moves) -> Workbench:
    return Workbench(crisis, moves)


async def in_force(bench: Workbench) -> tuple[int, int, int]:
    """An activation with an approved pointer: its number, the pointer's and a library page's."""
    page = await bench.unit_account()
    activation = await factories.activation(bench.db)
    found = await bench.crisis.pointers.write(EDITOR, WORDS)
    return activation.id, found.pointer.id, page


# The text


async def test_one_person_writes_and_approves_where_one_may_release_alone(bench: Workbench) -> None:
    page = await bench.unit_account()
    await factories.account(bench.crisis, "facebook", unit="skolen", name="Skolen")
    await factories.account(bench.crisis, "facebook")  # the editors' own carries the messages themselves
    await bench.unit_account("sms")
    await factories.activation(bench.db)
    found = await bench.crisis.pointers.write(EDITOR, f"  {WORDS} ")
    assert (found.pointer.text, found.pointer.approved_by) == (WORDS, EDITOR.name)
    assert [(each.account, each.unit, each.post, each.problem) for each in found.places] == [
        ("biblioteket facebook", "biblioteket", None, None),
        ("Skolen", "skolen", None, None),
    ]
    own = await bench.crisis.pointers.standing(LIBRARIAN)
    assert own is not None
    assert [each.account_id for each in own.places] == [page]


@pytest.mark.parametrize(
    ("written", "why"),
    [("x" * 501, "at most 500"), ("ord " * 71, "283 of 280"), (" \n ", "empty")],
)
async def test_what_does_not_fit_everywhere_is_no_pointer(bench: Workbench, written: str, why: str) -> None:
    await factories.activation(bench.db)
    with pytest.raises(Invalid, match=why):
        await bench.crisis.pointers.write(EDITOR, written)
    assert await bench.crisis.pointers.standing(EDITOR) is None


async def test_there_is_one_in_each_activation_and_none_in_peace(bench: Workbench) -> None:
    with pytest.raises(Conflict, match="No account is locked"):
        await bench.crisis.pointers.write(EDITOR, WORDS)
    await factories.activation(bench.db)
    first = await bench.crisis.pointers.write(EDITOR, WORDS)
    assert (await bench.crisis.pointers.write(EDITOR, WORDS)).pointer.id == first.pointer.id
    with pytest.raises(Conflict, match="Withdraw it first"):
        await bench.crisis.pointers.write(EDITOR, "Se krisesiden.")
    await bench.crisis.pointers.withdraw(EDITOR, first.pointer.id)
    assert (await bench.crisis.pointers.write(EDITOR, "Se krisesiden.")).pointer.id != first.pointer.id
    with pytest.raises(Conflict, match="was withdrawn"):
        await bench.crisis.pointers.approve(EDITOR, first.pointer.id)


async def test_no_unit_writes_approves_or_withdraws_one(bench: Workbench) -> None:
    _, pointer, _ = await in_force(bench)
    with pytest.raises(NotAllowed):
        await bench.crisis.pointers.write(LIBRARIAN, WORDS)
    with pytest.raises(NotAllowed):
        await bench.crisis.pointers.approve(LIBRARIAN, pointer)
    with pytest.raises(NotAllowed):
        await bench.crisis.pointers.withdraw(LIBRARIAN, pointer)


@pytest.mark.parametrize("rule", [TwoPeople.ON, TwoPeople.OVERRIDE])
async def test_where_two_people_release_a_message_two_release_a_pointer(
    bench: Workbench, settings: Settings, rule: TwoPeople
) -> None:
    page = await bench.unit_account()
    await factories.activation(bench.db)
    two = crisis_of(settings.model_copy(update={"two_people": rule}), bell=no_bell)
    try:
        found = await two.pointers.write(EDITOR, WORDS)
        assert (found.is_approved, found.may_approve) == (False, False)
        assert (found.alone_from is not None) == (rule is TwoPeople.OVERRIDE)
        with pytest.raises(Conflict, match="No pointer is approved"):
            await two.pointers.publish(LIBRARIAN, [page])
        with pytest.raises(SecondPersonNeeded, match="somebody else"):
            await two.pointers.approve(EDITOR, found.pointer.id)
        if rule is TwoPeople.OVERRIDE:
            await bench.run("UPDATE pointers SET written_at = written_at - interval '6 minutes'")
            assert (await two.pointers.approve(EDITOR, found.pointer.id)).is_approved
        else:
            assert (await two.pointers.approve(COLLEAGUE, found.pointer.id)).pointer.approved_by == COLLEAGUE.name
    finally:
        await two.db.close()


# Publishing it


async def test_a_locked_account_publishes_it_once_past_the_gate(bench: Workbench) -> None:
    _, pointer, page = await in_force(bench)
    with pytest.raises(ActivationLocked):
        await bench.crisis.posts.publish(LIBRARIAN, page, WORDS)
    done = await bench.crisis.pointers.publish(LIBRARIAN, [page])
    again = await bench.crisis.pointers.publish(EDITOR, [page])
    assert (list(done.posts), again.posts, again.before) == ([page], {}, [page])
    facebook = Outlet()
    await bench.send(Lane.PUBLIC, facebook)
    await bench.send(Lane.UNIT, facebook)
    assert [each.text for each in facebook.begun] == [WORDS]
    assert await bench.open_permits() == 0
    found = await bench.crisis.pointers.standing(EDITOR)
    assert found is not None
    (place,) = found.places
    assert place.post is not None
    assert (place.post.state, place.post.created_by) == ("accepted", LIBRARIAN.name)
    post = await bench.crisis.posts.get(LIBRARIAN, place.post.id)
    assert (post.pointer_id, post.text, post.state) == (pointer, WORDS, "accepted")


async def test_the_editors_publish_it_for_chosen_accounts_and_a_unit_for_its_own_alone(bench: Workbench) -> None:
    await in_force(bench)
    school = await factories.account(bench.crisis, "twitter", unit="skolen", name="Skolen")
    with pytest.raises(NotAllowed, match="belongs to biblioteket"):
        await bench.crisis.pointers.publish(LIBRARIAN, [1, school])
    assert await bench.rows() == [], "all or none"
    done = await bench.crisis.pointers.publish(EDITOR, [1, school, school])
    assert sorted(done.posts) == [1, school]


async def test_what_cannot_carry_it_is_refused_with_the_reason(bench: Workbench) -> None:
    await in_force(bench)
    sms = await bench.unit_account("sms")
    slides = await bench.unit_account("slideshare")
    own = await factories.account(bench.crisis, "facebook")
    for account, why in ((sms, "sent to nobody"), (slides, "does not publish"), (own, "the web editors' own")):
        with pytest.raises(Invalid, match=why):
            await bench.crisis.pointers.publish(EDITOR, [account])
    with pytest.raises(NotFound):
        await bench.crisis.pointers.publish(EDITOR, [99])
    assert await bench.rows() == []


async def test_an_exercises_begins_with_the_marker_and_stays_in_it(bench: Workbench) -> None:
    page = await bench.unit_account()
    await factories.activation(bench.db, Mode.EXERCISE)
    await bench.crisis.pointers.write(EDITOR, WORDS, mode=Mode.EXERCISE)
    with pytest.raises(Conflict, match="No account is locked"):
        await bench.crisis.pointers.publish(LIBRARIAN, [page])
    player = Actor("Spilleren", Role.UNIT, "biblioteket", only=Mode.EXERCISE)
    await bench.crisis.pointers.publish(player, [page], mode=Mode.EXERCISE)
    (row,) = await bench.rows()
    async with bench.db.transaction() as session:
        said = (await session.execute(text("SELECT text FROM renditions"))).scalar_one()
    assert (row.mode, said.startswith("ØVELSE ØVELSE ØVELSE"), said.endswith(WORDS)) == ("exercise", True, True)


# Withdrawn, and after the stand-down


async def test_what_has_not_gone_out_is_cancelled_when_it_is_withdrawn_or_the_crisis_is_over(bench: Workbench) -> None:
    activation, pointer, page = await in_force(bench)
    await bench.crisis.pointers.publish(LIBRARIAN, [page])
    assert await bench.crisis.pointers.withdraw(EDITOR, pointer) == 1
    with pytest.raises(Conflict, match="No pointer is approved"):
        await bench.crisis.pointers.publish(LIBRARIAN, [page])
    await bench.crisis.pointers.write(EDITOR, "Se krisesiden.")
    await bench.crisis.pointers.publish(LIBRARIAN, [page])
    await stand_down(bench.db, DIRECTOR, activation)
    facebook = Outlet()
    await bench.send(Lane.PUBLIC, facebook)
    assert facebook.begun == []
    assert await bench.states() == {"cancelled": 2}
    assert await bench.crisis.pointers.standing(EDITOR) is None


async def test_one_that_was_in_flight_at_the_stand_down_is_not_tried_again(bench: Workbench) -> None:
    activation, _, page = await in_force(bench)
    await bench.crisis.pointers.publish(LIBRARIAN, [page])

    async def over_meanwhile(_: object) -> Exception:
        await stand_down(bench.db, DIRECTOR, activation)
        return Unavailable("the provider is away")

    facebook = Outlet(say=over_meanwhile)  # type: ignore[arg-type]
    await bench.send(Lane.PUBLIC, facebook)
    assert await bench.states() == {"cancelled": 1}


async def test_one_whose_outcome_nobody_knows_is_neither_tried_nor_sent_again_after_it(bench: Workbench) -> None:
    activation, _, page = await in_force(bench)
    school = await factories.account(bench.crisis, "facebook", unit="skolen", name="Skolen")
    await bench.crisis.pointers.publish(EDITOR, [page, school])
    facebook = Outlet(say=lambda _: OutcomeUnknown("no answer"), find=lambda _: Finding(Found.NO))
    await bench.send(Lane.PUBLIC, facebook)
    await stand_down(bench.db, DIRECTOR, activation)
    assert await bench.states() == {"unknown": 2}
    await bench.run("UPDATE deliveries SET state = 'unknown_final' WHERE id = 2")
    await bench.look(Lane.PUBLIC, facebook)
    assert [row.state for row in await bench.rows()] == ["cancelled", "unknown_final"]
    with pytest.raises(Conflict, match="was withdrawn"):
        await decide(bench.db, EDITOR, 2, Decision.SEND_AGAIN, validity=timedelta(hours=1))


# Nothing of a unit's goes that way: the database holds it

PUT_OUT = "INSERT INTO deliveries (mode, lane, gated, rendition_id, account_id) SELECT mode, '{}', {}, id, 1 FROM renditions WHERE "
PAST_THE_GATE = {
    "a unit's post in a crisis lane": PUT_OUT.format("public", False) + "pointer_id IS NULL",
    "a unit's post in a crisis lane that calls itself gated": PUT_OUT.format("public", True) + "pointer_id IS NULL",
    "by way of the text messages": PUT_OUT.format("sms", False) + "pointer_id IS NULL",
    "a unit's post that says it is a pointer's": "UPDATE posts SET pointer_id = 1 WHERE pointer_id IS NULL",
    "a rendition that says so": "UPDATE renditions SET pointer_id = 1 WHERE pointer_id IS NULL",
    "other words in a pointer's post": "UPDATE posts SET text = 'Kom på lesestund!' WHERE pointer_id = 1",
    "a pointer's words changed under it": "UPDATE pointers SET text = 'Kom på lesestund!'",
    "a title of the unit's": "UPDATE posts SET title = 'Lesestund' WHERE pointer_id = 1",
    "another mode's": "UPDATE posts SET mode = 'exercise' WHERE pointer_id = 1",
    "the editors' words behind the gate": PUT_OUT.format("unit", True) + "pointer_id = 1",
    "the editors' words behind the gate, that call themselves free": PUT_OUT.format("unit", False) + "pointer_id = 1",
}


@pytest.mark.parametrize("way", PAST_THE_GATE)
async def test_the_database_lets_nothing_of_a_units_past_the_gate(bench: Workbench, way: str) -> None:
    _, _, page = await in_force(bench)
    await bench.crisis.posts.publish(LIBRARIAN, page, "Kom på lesestund!", publish_at=clock.now() + timedelta(hours=1))
    await bench.crisis.pointers.publish(LIBRARIAN, [page])
    with pytest.raises(IntegrityError):
        await bench.run(PAST_THE_GATE[way])


async def test_every_act_is_on_record(bench: Workbench) -> None:
    _, pointer, page = await in_force(bench)
    await bench.crisis.pointers.publish(LIBRARIAN, [page])
    await bench.crisis.pointers.withdraw(DIRECTOR, pointer)
    async with bench.db.transaction() as session:
        assert (await chain.verify(session)).holds
        rows = await session.execute(text("SELECT action, mode FROM audit ORDER BY seq"))
        assert [tuple(row) for row in rows] == [
            ("activate", "actual"),
            ("write_pointer", "actual"),
            ("approve_pointer", "actual"),
            ("publish_pointer", "actual"),
            ("withdraw_pointer", "actual"),
        ]
