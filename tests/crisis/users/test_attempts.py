import asyncio

from sqlalchemy import text

from crisis.db import Database
from crisis.users import attempts
from crisis.users.attempts import PATIENCE, Purse, TooSoon, Under

KARI = Purse(Under.LOGIN, "kari")
HOME = Purse(Under.ADDRESS, "192.0.2.1")


async def spend(db: Database, *purses: Purse) -> int:
    """Seconds to wait; 0 if the attempt may be made."""
    try:
        async with db.transaction() as session:
            await attempts.spend(session, *purses)
    except TooSoon as soon:
        return soon.seconds
    return 0


async def later(db: Database, seconds: int) -> None:
    async with db.transaction() as session:
        await session.execute(
            text("UPDATE attempts_to_sign_in SET next_at = next_at - CAST(:by AS int) * interval '1 second'"),
            {"by": seconds},
        )


async def worn_out(db: Database) -> None:
    """Somebody failed so often at Kari's login that the wait is the longest: a slow machine is in time to ask during it."""
    for _ in range(13):  # three are free; then each is told to wait, waits, and fails: 1, 2, 4, 8 and 16 seconds
        await later(db, await spend(db, KARI))


async def test_waits_grow_and_stop_growing(db: Database) -> None:
    assert [await spend(db, KARI) for _ in range(3)] == [0, 0, 0]
    waits = []
    for _ in range(8):
        waits.append(await spend(db, KARI))
        await later(db, waits[-1])
        assert await spend(db, KARI) == 0
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


async def test_asking_during_a_wait_does_not_make_it_longer(db: Database) -> None:
    await worn_out(db)
    waits = [await spend(db, KARI) for _ in range(50)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] == PATIENCE[Under.LOGIN].longest
    await later(db, waits[-1])
    assert await spend(db, KARI) == 0


async def test_a_hundred_at_the_same_time_are_counted_one_by_one(db: Database) -> None:
    let_through = [await_ for await_ in await asyncio.gather(*(spend(db, KARI) for _ in range(100))) if await_ == 0]
    async with db.transaction() as session:
        counted = (await session.execute(text("SELECT failures FROM attempts_to_sign_in"))).scalar_one()
    assert len(let_through) == counted
    free = PATIENCE[Under.LOGIN].free
    assert free <= counted < free + 5, "one more for each wait that a slow machine takes so long as to sit out"


async def test_one_login_does_not_hold_up_another_nor_an_address_its_neighbour(db: Database) -> None:
    for _ in range(4):
        await spend(db, KARI, HOME)
    assert await spend(db, KARI, HOME) > 0
    assert await spend(db, Purse(Under.LOGIN, "ola"), HOME) == 0
    assert await spend(db, Purse(Under.LOGIN, "ola"), Purse(Under.ADDRESS, "192.0.2.2")) == 0


async def test_an_attempt_that_must_wait_under_one_is_counted_under_none(db: Database) -> None:
    await worn_out(db)
    for _ in range(50):
        assert await spend(db, KARI, HOME) > 0
    assert await spend(db, Purse(Under.LOGIN, "ola"), HOME) == 0


async def test_the_right_password_clears_the_login_and_gives_the_address_one_back(db: Database) -> None:
    for _ in range(3):
        await spend(db, KARI, HOME)
    async with db.transaction() as session:
        await attempts.give_back(session, KARI, HOME)
        held = (await session.execute(text("SELECT failures FROM attempts_to_sign_in"))).scalars().all()
    assert held == [2]
    assert [await spend(db, KARI) for _ in range(3)] == [0, 0, 0]


async def test_a_town_hall_signs_in_from_one_address_without_waiting(db: Database) -> None:
    for number in range(200):
        purses = (Purse(Under.LOGIN, f"person{number}"), HOME)
        assert await spend(db, *purses) == 0
        async with db.transaction() as session:
            await attempts.give_back(session, *purses)


async def test_old_failures_are_forgotten_and_nothing_typed_is_kept(db: Database) -> None:
    for _ in range(9):
        await spend(db, KARI)
        await later(db, 30)
    async with db.transaction() as session:
        assert "kari" not in (await session.execute(text("SELECT a::text FROM attempts_to_sign_in a"))).scalar_one()
        await session.execute(text("UPDATE attempts_to_sign_in SET changed_at = now() - interval '25 hours'"))
    assert [await spend(db, KARI) for _ in range(3)] == [0, 0, 0]
    async with db.transaction() as session:
        await session.execute(text("UPDATE attempts_to_sign_in SET changed_at = now() - interval '25 hours'"))
        await attempts.purge(session)
        assert (await session.execute(text("SELECT count(*) FROM attempts_to_sign_in"))).scalar_one() == 0
