"""The audit log shows every way of tampering with it."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from crisis.audit import chain
from crisis.db import Database
from crisis.roles import Actor


async def write(db: Database, actor: Actor, count: int) -> None:
    for number in range(count):
        async with db.transaction() as session:
            await chain.append(session, actor, "note", f"thing:{number}", text="blåbær – æøå")


async def tamper(db: Database, statement: str) -> None:
    """As the database's owner, who can switch the triggers off."""
    async with db.transaction() as session:
        await session.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        await session.execute(text(statement))
        await session.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))


async def verdict(db: Database, known_head: str | None = None) -> chain.Verdict:
    async with db.transaction() as session:
        return await chain.verify(session, known_head)


async def test_an_untouched_log_holds(db: Database, editor: Actor) -> None:
    await write(db, editor, 5)
    found = await verdict(db)
    assert found.holds
    assert found.entries == 5


async def test_a_log_that_is_written_to_meanwhile_holds(db: Database, editor: Actor) -> None:
    await write(db, editor, 5)
    writing = asyncio.create_task(write(db, editor, 400))
    looks = 0
    while not writing.done():
        found = await verdict(db)
        assert found.holds, found.fault
        looks += 1
    await writing
    assert looks > 10
    assert (await verdict(db)).entries == 405


@pytest.mark.parametrize("statement", ["UPDATE audit_head SET seq = seq - 1", "UPDATE audit_head SET hash = '\\x00'"])
async def test_a_head_that_was_rewritten_is_found(db: Database, editor: Actor, statement: str) -> None:
    await write(db, editor, 3)
    await tamper(db, statement)
    found = await verdict(db)
    assert not found.holds
    assert "the head" in (found.fault or "")


@pytest.mark.parametrize("statement", ["UPDATE audit SET record = record", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_database_refuses_to_change_it(db: Database, editor: Actor, statement: str) -> None:
    await write(db, editor, 1)
    with pytest.raises(ProgrammingError, match="append-only"):
        async with db.transaction() as session:
            await session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit SET record = replace(record, 'thing:1', 'thing:9') WHERE seq = 2", "entry 2 was altered"),
        ("DELETE FROM audit WHERE seq = 3", "entry 3 is missing"),
        ("DELETE FROM audit WHERE seq = 5", "entry 5 is missing"),
        ("UPDATE audit SET hash = sha256('x') WHERE seq = 4", "entry 4 was altered"),
        ("UPDATE audit SET seq = CASE seq WHEN 2 THEN -3 ELSE 2 END WHERE seq IN (2, 3)", "entry 2 was moved"),
    ],
)
async def test_tampering_names_the_first_entry_that_does_not_hold(
    db: Database, editor: Actor, statement: str, fault: str
) -> None:
    await write(db, editor, 5)
    await tamper(db, statement)
    found = await verdict(db)
    assert not found.holds
    assert found.fault is not None
    assert found.fault.startswith(fault)


async def test_a_record_that_is_not_json_is_refused_by_its_computed_columns(db: Database, editor: Actor) -> None:
    await write(db, editor, 1)
    with pytest.raises(DBAPIError, match="invalid input syntax for type json"):
        await tamper(db, "UPDATE audit SET record = 'nonsense'")


async def test_a_rewritten_chain_is_found_by_a_head_kept_elsewhere(db: Database, editor: Actor) -> None:
    await write(db, editor, 3)
    head = (await verdict(db)).head
    await write(db, editor, 2)
    assert (await verdict(db, head)).holds
    await tamper(db, "DELETE FROM audit")
    await tamper(db, "UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')")
    await write(db, editor, 5)
    assert (await verdict(db)).holds
    assert not (await verdict(db, head)).holds


async def test_a_rolled_back_act_leaves_no_trace(db: Database, editor: Actor) -> None:
    async def fail() -> None:
        async with db.transaction() as session:
            await chain.append(session, editor, "note", "thing:1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert (await verdict(db)).entries == 0
