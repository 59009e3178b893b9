"""``crisis contacts``."""

from pathlib import Path

import pytest

from crisis.bootstrap import Crisis
from tests import factories
from tests.crisis.cli.conftest import Shell


@pytest.mark.usefixtures("db")
async def test_contacts_are_added_imported_changed_listed_and_removed(
    shell: Shell, crisis: Crisis, tmp_path: Path
) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket")
    ran = await shell("contacts", "add", "biblioteket", "Biblioteksjef", "--part", "leader", "--phone", "40000001")
    assert ran.code == 0, ran.err
    sheet = tmp_path / "contacts.csv"
    sheet.write_text("unit,name,part,email\nbiblioteket,Vikar,deputy,vikar@fjordvik.test\n")
    assert (await shell("contacts", "import", str(sheet))).said == "1 new contact, 0 that were there."
    first, second = (await shell("contacts", "list", "--json")).json
    assert (first["name"], first["phone"], second["email"]) == ("Biblioteksjef", "…01", "v…@fjordvik.test")
    ran = await shell("contacts", "change", str(first["id"]), "--language", "nn")
    assert ran.code == 0, ran.err
    assert (await shell("contacts", "remove", str(second["id"]))).code == 0
    listed = await shell("contacts", "list")
    assert "Biblioteksjef" in listed.out
    assert "Vikar" not in listed.out
    assert "40000001" not in listed.out
