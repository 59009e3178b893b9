"""Activate and stand down: one wins, everybody learns who, and the gate turns with it."""

import asyncio

import pytest
from sqlalchemy import text

from crisis.activations import gate, service
from crisis.activations.service import activate, find_current, get, list_activations, stand_down
from crisis.activations.states import MOVES, ActivationState
from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.channels import Throttled
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.moves import Moves
from tests.factories import DIRECTOR, OPERATOR

DEPUTY = Actor("Varaordføreren", Role.DIRECTOR)


@pytest.fixture
def bench(crisis: Crisis, moves: Moves) -> Workbench:
    return Workbench(crisis, moves)


async def the_gate(db: Database, mode: Mode = Mode.ACTUAL) -> tuple[str, int]:
    async with db.transaction() as session:
        row = (await session.execute(text("SELECT state, epoch FROM gate WHERE mode = :mode"), {"mode": mode})).one()
        assert await gate.is_locked(session, mode) == (row.state == "locked")
    return row.state, row.epoch


async def test_activating_locks_the_gate_and_begins_an_epoch(db: Database) -> None:
    assert await the_gate(db) == ("open", 0)
    answer = await activate(db, DIRECTOR, Mode.ACTUAL, "  Kvikkleireskred \n ved   Moen ")
    assert answer.created
    activation = answer.activation
    assert (activation.title, activation.state, activation.epoch) == ("Kvikkleireskred ved Moen", "locking", 1)
    assert activation.activated_by == DIRECTOR.name
    assert await the_gate(db) == ("locked", 1)


async def test_a_second_activation_gets_the_first_ones_answer_and_changes_nothing(db: Database) -> None:
    first = await activate(db, DIRECTOR, Mode.ACTUAL, "Skred")
    second = await activate(db, DEPUTY, Mode.ACTUAL, "Flom")
    assert not second.created
    assert second.activation.id == first.activation.id
    assert (second.activation.title, second.activation.activated_by) == ("Skred", DIRECTOR.name)
    assert await the_gate(db) == ("locked", 1)
    async with db.transaction() as session:
        assert (await chain.verify(session)).entries == 1


async def test_of_fifty_at_once_one_wins_and_the_others_learn_who(database_url: str, db: Database) -> None:
    wide = Database(database_url, pool_size=10)
    answers = await asyncio.gather(
        *(activate(wide, Actor(f"Direktør {n}", Role.DIRECTOR), Mode.ACTUAL, f"Krise {n}") for n in range(50))
    )
    await wide.close()
    (winner,) = [answer.activation for answer in answers if answer.created]
    assert {answer.activation.activated_by for answer in answers} == {winner.activated_by}
    assert await the_gate(db) == ("locked", 1)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.UNIT, Role.AUDITOR, Role.ADMIN])
async def test_only_the_director_a_deputy_or_the_operator_turns_the_gate(db: Database, role: Role) -> None:
    actor = Actor("noen", role, "biblioteket")
    with pytest.raises(NotAllowed, match="may not activate"):
        await activate(db, actor, Mode.ACTUAL, "Skred")
    activation = await factories.activation(db)
    with pytest.raises(NotAllowed, match="may not stand down"):
        await stand_down(db, actor, activation.id)
    assert await the_gate(db) == ("locked", 1)


@pytest.mark.parametrize("title", ["", " \t\n ", "x" * 201])
async def test_a_title_of_nothing_or_too_much_is_refused(db: Database, title: str) -> None:
    with pytest.raises(Invalid, match="1 to 200 characters"):
        await activate(db, DIRECTOR, Mode.ACTUAL, title)
    assert await the_gate(db) == ("open", 0)


async def test_a_title_of_two_hundred_characters_is_kept_whole(db: Database) -> None:
    assert (await activate(db, DIRECTOR, Mode.ACTUAL, "æ" * 200)).activation.title == "æ" * 200


async def test_standing_down_opens_the_gate_in_a_new_epoch_and_only_once(db: Database) -> None:
    activation = await factories.activation(db)
    ended = await stand_down(db, DEPUTY, activation.id)
    assert (ended.state, ended.stood_down_by) == ("stood_down", DEPUTY.name)
    assert await the_gate(db) == ("open", 2)
    with pytest.raises(Conflict, match="stood down already, by Varaordføreren"):
        await stand_down(db, DIRECTOR, activation.id)
    with pytest.raises(NotFound):
        await stand_down(db, DIRECTOR, 99)
    assert await the_gate(db) == ("open", 2)


async def test_standing_down_at_once_happens_once(db: Database) -> None:
    activation = await factories.activation(db)
    ended = await asyncio.gather(*(stand_down(db, DIRECTOR, activation.id) for _ in range(6)), return_exceptions=True)
    late = [each for each in ended if isinstance(each, Conflict)]
    assert len(late) == 5
    assert all(str(each).endswith(f"by {DIRECTOR.name}.") for each in late)
    assert await the_gate(db) == ("open", 2)


async def test_every_activation_has_an_epoch_of_its_own(db: Database) -> None:
    epochs = []
    for _ in range(3):
        activation = await factories.activation(db)
        epochs.append(activation.epoch)
        await stand_down(db, DIRECTOR, activation.id)
    assert epochs == [1, 3, 5]
    assert await the_gate(db) == ("open", 6)


async def test_an_exercise_and_the_real_thing_know_nothing_of_each_other(db: Database) -> None:
    exercise = await activate(db, DIRECTOR, Mode.EXERCISE, "Øvelse")
    assert await the_gate(db) == ("open", 0)
    actual = await activate(db, DIRECTOR, Mode.ACTUAL, "Skred")
    assert exercise.created
    assert actual.created
    await stand_down(db, DIRECTOR, exercise.activation.id)
    assert await the_gate(db) == ("locked", 1)
    assert await the_gate(db, Mode.EXERCISE) == ("open", 2)


async def test_the_database_itself_refuses_a_second_activation_in_force(db: Database) -> None:
    await factories.activation(db)
    with pytest.raises(Exception, match="activations_one_per_mode"):
        async with db.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO activations (mode, title, state, epoch, activated_by) "
                    "VALUES ('actual', 'x', 'locking', 9, 'x')"
                )
            )


async def test_the_acts_and_their_records_are_one_commit(db: Database) -> None:
    activation = await factories.activation(db)
    await stand_down(db, OPERATOR, activation.id)
    async with db.transaction() as session:
        assert (await chain.verify(session)).holds
        rows = await session.execute(text("SELECT record::jsonb AS r FROM audit ORDER BY seq"))
        said = [(row.r["action"], row.r["actor"], row.r["subject"], row.r["mode"]) for row in rows]
    assert said == [
        ("activate", DIRECTOR.name, "activation:1", "actual"),
        ("stand_down", OPERATOR.name, "activation:1", "actual"),
    ]


async def test_what_is_in_force_is_found_and_what_is_over_is_listed(db: Database) -> None:
    async with db.transaction() as session:
        assert await find_current(session, Mode.ACTUAL) is None
        with pytest.raises(NotFound):
            await get(session, 1)
    first = await factories.activation(db)
    await stand_down(db, DIRECTOR, first.id)
    await factories.activation(db, Mode.EXERCISE)
    second = await factories.activation(db)
    async with db.transaction() as session:
        current = await find_current(session, Mode.ACTUAL)
        assert current is not None
        assert current.id == second.id
        assert [each.id for each in await list_activations(session)] == [1, 2, 3]
        assert [each.id for each in await list_activations(session, mode=Mode.ACTUAL, after=1)] == [3]
        assert [each.id for each in await list_activations(session, most=1)] == [1]


def test_the_moves_of_an_activation_lead_to_its_end() -> None:
    assert set(MOVES) == set(ActivationState)
    assert MOVES[ActivationState.STOOD_DOWN] == frozenset()
    assert all(ActivationState.STOOD_DOWN in MOVES[state] for state in ActivationState if MOVES[state])


# What standing down does not do


async def test_what_came_due_during_the_lock_is_blocked_and_what_comes_later_is_not(bench: Workbench) -> None:
    account = await bench.unit_account()
    ids = await bench.posts(3, account)
    await bench.run("UPDATE deliveries SET due_at = now() + interval '1 hour' WHERE id = :id", id=ids[2])
    async with bench.db.transaction() as session:  # one that a sender has taken, and not begun
        await session.execute(text("UPDATE deliveries SET state = 'leased' WHERE id = :id"), {"id": ids[1]})
    activation = await factories.activation(bench.db)
    await stand_down(bench.db, DIRECTOR, activation.id)
    assert [row.state for row in await bench.rows(ids)] == ["blocked", "blocked", "ready"]


async def test_a_post_that_was_throttled_before_the_lock_is_not_tried_again_after_it(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    outlet = Outlet(say=lambda _: Throttled("later", retry_after=600.0))
    await bench.send(Lane.UNIT, outlet)
    activation = await factories.activation(bench.db)
    await stand_down(bench.db, DIRECTOR, activation.id)
    assert (await bench.row(post)).state == "blocked"
    await bench.pass_time(3600)
    await bench.send(Lane.UNIT, outlet)
    assert len(outlet.begun) == 1


async def test_standing_down_touches_no_other_modes_posts_and_no_crisis_delivery(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    exercise = await factories.activation(bench.db, Mode.EXERCISE)
    await stand_down(bench.db, DIRECTOR, exercise.id)
    assert (await bench.row(post)).state == "ready"
    (alert,) = await bench.alert("facebook")
    await stand_down(bench.db, DIRECTOR, 2)
    assert (await bench.row(alert)).state == "ready"
    assert (await bench.row(post)).state == "blocked"


async def test_a_rolled_back_activation_never_was(db: Database) -> None:
    async def fail() -> None:
        async with db.together():
            assert (await service.activate(db, DIRECTOR, Mode.ACTUAL, "Skred")).created
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await the_gate(db) == ("open", 0)
