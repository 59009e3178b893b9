import io
import json

import pytest
from sqlalchemy import text

from crisis.audiences.importer import import_recipients
from crisis.audiences.numbers import BadNumber
from crisis.audiences.service import count, erase_orphans, forget_number, get_by_name, list_audiences
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.roles import Actor, Role
from crisis.sealing import Sealer
from crisis.settings import Settings

A_MESSAGE = """
    INSERT INTO activations (mode, title, state, epoch, activated_by, activated_at)
    VALUES ('actual', 'Skred', 'stood_down', 1, 'x', now());
    INSERT INTO messages (mode, activation_id) SELECT 'actual', max(id) FROM activations;
    INSERT INTO revisions (message_id, number, kind, contents, written_by)
    SELECT max(id), 1, 'alert', '{}', 'x' FROM messages;
    INSERT INTO renditions (mode, revision_id, channel, language, kind, title, text, length, thread, issued_at)
    SELECT 'actual', max(id), 'sms', 'nb', 'alert', '', '', 0, '', now() FROM revisions;
    INSERT INTO accounts (channel, name, unit) VALUES ('sms', 'Fjordvik', 'nettredaksjonen')
    ON CONFLICT DO NOTHING
"""
DELIVERIES = """
    INSERT INTO deliveries (mode, lane, rendition_id, account_id, recipient_id, state, changed_at)
    SELECT 'actual', 'sms', (SELECT max(id) FROM renditions), (SELECT max(id) FROM accounts), id, 'delivered',
           now() - CAST(:age AS interval)
    FROM recipients WHERE last_two = ANY(:numbers)
"""


@pytest.fixture
def sealer(settings: Settings) -> Sealer:
    return Sealer(settings.numbers_key, purpose="numbers")


@pytest.fixture
async def two_lists(db: Database, editor: Actor, settings: Settings, sealer: Sealer) -> None:
    for name, rows in {"Alle": b"90000001\n90000002\n90000003\n", "Skred": b"90000001\n90000004\n"}.items():
        await import_recipients(
            db, editor, name, io.BytesIO(rows), sealer=sealer, settings=settings, on_rejected=lambda *_: None
        )


async def sizes(db: Database) -> dict[str, int]:
    async with db.transaction() as session:
        return {audience.name: audience.recipients for audience in await list_audiences(session)}


async def kept(db: Database) -> list[str]:
    """The last two digits of everyone there is; nothing for those who were emptied."""
    async with db.transaction() as session:
        return sorted((await session.execute(text("SELECT last_two FROM recipients"))).scalars())


async def deliver(db: Database, *numbers: str, age: str = "0 days") -> None:
    """Deliveries of one rendition to the recipients whose numbers end so."""
    async with db.transaction() as session:
        for statement in A_MESSAGE.split(";"):
            await session.execute(text(statement))
        await session.execute(text(DELIVERIES), {"numbers": list(numbers), "age": age})


async def test_audiences_are_listed_with_their_sizes(db: Database, two_lists: None) -> None:  # noqa: ARG001
    assert await sizes(db) == {"Alle": 3, "Skred": 2}
    async with db.transaction() as session:
        assert await count(session, (await get_by_name(session, "Skred")).id) == 2
        with pytest.raises(NotFound, match="There are: Alle, Skred"):
            await get_by_name(session, "Flom")


async def test_an_audience_that_lost_everyone_is_listed_as_empty(db: Database, two_lists: None) -> None:  # noqa: ARG001
    async with db.transaction() as session:
        await session.execute(text("DELETE FROM recipients"))
    assert await sizes(db) == {"Alle": 0, "Skred": 0}


@pytest.mark.usefixtures("two_lists")
async def test_a_forgotten_number_is_on_no_list_and_in_no_record(db: Database, editor: Actor, sealer: Sealer) -> None:
    await forget_number(db, editor, "+47 900 00 001", sealer=sealer, region="NO")
    assert await sizes(db) == {"Alle": 2, "Skred": 1}
    assert await kept(db) == ["02", "03", "04"]
    async with db.transaction() as session:
        record = (await session.execute(text("SELECT record FROM audit ORDER BY seq DESC LIMIT 1"))).scalar_one()
    assert json.loads(record)["action"] == "forget_number"
    assert "01" not in json.dumps(json.loads(record)["detail"])


@pytest.mark.usefixtures("two_lists")
async def test_what_was_sent_to_forgotten_people_still_adds_up(db: Database, editor: Actor, sealer: Sealer) -> None:
    await deliver(db, "01", "02", "03")
    for number in ("90000001", "90000002"):
        await forget_number(db, editor, number, sealer=sealer, region="NO")
    assert await sizes(db) == {"Alle": 1, "Skred": 1}
    assert await kept(db) == ["", "", "03", "04"]
    async with db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM deliveries"))).scalar_one() == 3
        left = (await session.execute(text("SELECT number, fingerprint FROM recipients WHERE last_two = ''"))).all()
    known = {sealer.fingerprint("+4790000001"), sealer.fingerprint("+4790000002")}
    assert all(bytes(row.number) == b"" and bytes(row.fingerprint) not in known for row in left)
    with pytest.raises(NotFound):
        await forget_number(db, editor, "90000001", sealer=sealer, region="NO")


@pytest.mark.usefixtures("two_lists")
async def test_a_number_nobody_has_is_not_found_and_not_repeated(db: Database, editor: Actor, sealer: Sealer) -> None:
    with pytest.raises(NotFound) as raised:
        await forget_number(db, editor, "90012345", sealer=sealer, region="NO")
    assert "12345" not in str(raised.value)
    with pytest.raises(BadNumber):
        await forget_number(db, editor, "22222222", sealer=sealer, region="NO")


@pytest.mark.usefixtures("two_lists")
async def test_people_on_no_list_are_erased_after_a_time(
    db: Database, editor: Actor, settings: Settings, sealer: Sealer
) -> None:
    await deliver(db, "02", age="31 days")
    await deliver(db, "03", age="29 days")
    source = io.BytesIO(b"90000005\n")
    await import_recipients(
        db, editor, "Alle", source, sealer=sealer, settings=settings, replace=True, on_rejected=lambda *_: None
    )
    async with db.transaction() as session:
        await session.execute(
            text("DELETE FROM memberships USING recipients r WHERE r.id = recipient_id AND last_two = '04'")
        )
        aged = (
            "UPDATE recipients SET created_at = now() - interval '31 days' WHERE last_two IN ('01', '02', '03', '05')"
        )
        await session.execute(text(aged))
    assert await erase_orphans(db, editor, days=30) == 1
    assert await kept(db) == ["", "01", "03", "04", "05"]  # on a list; written to lately; new; on a list
    assert await erase_orphans(db, None, days=30) == 0
    async with db.transaction() as session:
        await session.execute(
            text("UPDATE recipients SET created_at = now() - interval '31 days' WHERE last_two = '04'")
        )
    assert await erase_orphans(db, None, days=30) == 1
    assert await kept(db) == ["", "01", "03", "05"]


@pytest.mark.usefixtures("two_lists")
async def test_nobody_is_erased_while_an_activation_is_in_force(db: Database, editor: Actor) -> None:
    async with db.transaction() as session:
        values = "('actual', 'Skred', 'confirmed', 1, 'x', now())"
        columns = "(mode, title, state, epoch, activated_by, activated_at)"
        await session.execute(text(f"INSERT INTO activations {columns} VALUES {values}"))
    with pytest.raises(Conflict, match="“Skred” is in force"):
        await erase_orphans(db, editor, days=30)


async def test_erasing_needs_the_right_and_a_sensible_age(db: Database, editor: Actor, sealer: Sealer) -> None:
    unit = Actor("Biblioteket", Role.UNIT, "kultur")
    with pytest.raises(NotAllowed):
        await erase_orphans(db, unit, days=30)
    with pytest.raises(NotAllowed):
        await forget_number(db, unit, "90000001", sealer=sealer, region="NO")
    with pytest.raises(Invalid):
        await erase_orphans(db, editor, days=0)
