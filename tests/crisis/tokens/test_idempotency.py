import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis.db import Database
from crisis.errors import Conflict, Invalid
from crisis.tokens.idempotency import Answer, begin, finish, purge

ONE, OTHER = b"1" * 32, b"2" * 32
CREATED = Answer(201, {"id": 7, "headline": "Kvikkleireskred"})


async def do(db: Database, key: str, request: bytes = ONE, *, token: int = 1) -> Answer | None:
    """Do a request under a key; the answer it had before, or None if it was done now."""
    async with db.transaction() as session:
        before = await begin(session, token, key, request)
        if before is None:
            await finish(session, token, key, CREATED)
    return before


async def test_the_same_request_again_gets_the_first_answer(db: Database) -> None:
    assert await do(db, "a") is None
    assert await do(db, "a") == CREATED
    assert await do(db, "b") is None
    assert await do(db, "a", token=2) is None


async def test_the_same_key_for_another_request_is_a_mistake(db: Database) -> None:
    await do(db, "a")
    with pytest.raises(Conflict, match="used for another request"):
        await do(db, "a", OTHER)


async def test_a_request_at_the_same_time_waits_and_gets_the_answer(db: Database) -> None:
    async with db.transaction() as session:
        assert await begin(session, 1, "a", ONE) is None
        others = [asyncio.create_task(do(db, "a")) for _ in range(4)]
        done, _ = await asyncio.wait(others, timeout=0.3)
        assert not done
        await finish(session, 1, "a", CREATED)
    assert await asyncio.gather(*others) == [CREATED] * 4


async def test_a_request_that_failed_is_done_by_the_one_that_waited(db: Database) -> None:
    async with db.transaction() as session:
        assert await begin(session, 1, "a", ONE) is None
        waiting = asyncio.create_task(do(db, "a"))
        await asyncio.sleep(0.1)
        await session.rollback()
    assert await waiting is None
    assert await do(db, "a") == CREATED


async def test_nobody_waits_for_ever(db: Database) -> None:
    async with db.transaction() as session:
        await begin(session, 1, "a", ONE)
        async with asyncio.timeout(5):
            with pytest.raises(Conflict, match="still being answered"):
                async with db.transaction() as second:
                    await begin(second, 1, "a", ONE, wait_seconds=0.1)


async def test_waiting_for_a_key_does_not_shorten_other_waits(db: Database) -> None:
    async with db.transaction() as session:
        before = (await session.execute(text("SHOW lock_timeout"))).scalar_one()
        await begin(session, 1, "a", ONE, wait_seconds=0.1)
        assert (await session.execute(text("SHOW lock_timeout"))).scalar_one() == before


async def test_a_request_that_ended_without_an_answer_is_not_done_again(db: Database) -> None:
    async with db.transaction() as session:
        await begin(session, 1, "a", ONE)
    with pytest.raises(Conflict, match="may have been done"):
        await do(db, "a")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\0b"])
async def test_a_key_that_is_none_is_refused(db: Database, key: str) -> None:
    with pytest.raises(Invalid):
        await do(db, key)


async def test_old_keys_are_dropped(db: Database) -> None:
    await do(db, "old")
    await do(db, "new")
    async with db.transaction() as session:
        await session.execute(
            text("UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'old'")
        )
        assert await purge(session) == 1
        assert await purge(session, older_than=timedelta(hours=1)) == 0
    assert await do(db, "new") == CREATED
    assert await do(db, "old") is None
