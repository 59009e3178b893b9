"""``crisis audit``."""

from sqlalchemy import text

from crisis.bootstrap import Crisis
from tests import factories
from tests.crisis.cli.conftest import Shell


async def test_a_log_that_holds_gives_a_head_to_note(shell: Shell, crisis: Crisis) -> None:
    await factories.activation(crisis.db)
    ran = await shell("audit", "verify", "--json")
    assert (ran.code, ran.json["holds"], ran.json["entries"]) == (0, True, 1)
    await shell("stand-down")
    later = await shell("audit", "verify", "--head", ran.json["head"])
    assert later.code == 0
    assert "The log holds: 2 entries." in later.out
    forged = await shell("audit", "verify", "--head", f"1:{'0' * 64}")
    assert forged.code == 1
    assert "it was rewritten" in forged.said


async def test_an_altered_entry_is_named(shell: Shell, crisis: Crisis) -> None:
    await factories.activation(crisis.db)
    await shell("stand-down")
    async with crisis.db.transaction() as session:
        await session.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        await session.execute(text("UPDATE audit SET record = replace(record, 'Moen', 'Mo') WHERE seq = 1"))
        await session.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))
    ran = await shell("audit", "verify")
    assert ran.code == 1
    assert "entry 1 was altered" in ran.said


async def test_the_list_says_who_did_what(shell: Shell, crisis: Crisis) -> None:
    await factories.activation(crisis.db)
    await shell("stand-down", "--by", "Varaordføreren")
    ran = await shell("audit", "list")
    assert "Kommunedirektøren" in ran.out
    assert "stand down: activation:1, actual" in ran.out
    assert [each["seq"] for each in (await shell("audit", "list", "--last", "1", "--json")).json] == [2]
    assert [each["seq"] for each in (await shell("audit", "list", "--after", "1", "--json")).json] == [2]
