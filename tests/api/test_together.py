"""What repetition by key stands on: an act and the record of its answer are both there, or neither is."""

from contextlib import suppress

from sqlalchemy import text

from crisis.activations.service import activate, find_current
from crisis.db import Database, kick
from crisis.lanes import Lane
from crisis.mode import Mode
from tests.factories import DIRECTOR


async def test_an_act_whose_answer_could_not_be_kept_was_not_done(db: Database) -> None:
    with suppress(RuntimeError):
        async with db.together():
            await activate(db, DIRECTOR, Mode.ACTUAL, "Skred")
            raise RuntimeError
    async with db.transaction() as session:
        assert await find_current(session, Mode.ACTUAL) is None
        assert (await session.execute(text("SELECT count(*) FROM audit"))).scalar_one() == 0


async def test_a_refused_act_takes_nothing_else_with_it(db: Database) -> None:
    async with db.together():
        await activate(db, DIRECTOR, Mode.ACTUAL, "Skred")
        with suppress(RuntimeError):
            async with db.transaction() as session:
                await session.execute(text("UPDATE activations SET title = 'noe annet'"))
                raise RuntimeError
    async with db.transaction() as session:
        current = await find_current(session, Mode.ACTUAL)
    assert current is not None
    assert current.title == "Skred"


async def test_the_bell_rings_when_everything_is_committed_and_not_before(database_url: str) -> None:
    rung = []

    async def bell(mode: Mode, lane: Lane) -> None:
        rung.append((mode, lane))

    db = Database(database_url, bell=bell)
    async with db.together():
        async with db.transaction() as session:
            kick(session, Mode.ACTUAL, Lane.SMS)
        assert rung == []
    assert rung == [(Mode.ACTUAL, Lane.SMS)]
    await db.close()
