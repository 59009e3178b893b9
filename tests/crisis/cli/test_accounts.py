"""``crisis accounts``."""

import json
from pathlib import Path

import pytest

from crisis.bootstrap import Crisis
from tests import factories
from tests.crisis.cli.conftest import Shell, put

REGISTER = """channel,name,unit,opened_on,what,why,audience
facebook,Fjordvik kommune,nettredaksjonen,2011-01-15,Side,Dialog,Innbyggere
twitter,Fjordvik kommune,nettredaksjonen,,Konto,Nyheter,Medier
youtube,Fjordvik kommune,nettredaksjonen,,Kanal,Film,Alle
facebook,Fjordvik bibliotek,biblioteket,,Side,Lesetips,Lånere
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "register.csv"
    path.write_text(REGISTER, encoding="utf-8")
    return path


@pytest.mark.usefixtures("db")
async def test_a_register_is_imported_once_and_then_found_unchanged(shell: Shell, file: Path) -> None:
    first = await shell("accounts", "import", str(file))
    assert (first.code, first.err) == (0, "")
    assert "4 new accounts, 0 changed, 0 as before." in first.out
    second = await shell("accounts", "import", str(file), "--json")
    assert second.json == {"new": 0, "changed": 0, "unchanged": 4}


@pytest.mark.usefixtures("db")
async def test_a_bad_register_names_its_lines_and_imports_nothing(shell: Shell, file: Path) -> None:
    put(file, REGISTER + "fjasebok,Fjordvik,nettredaksjonen,,,,\n")
    ran = await shell("accounts", "import", str(file))
    assert ran.code == 1
    assert "line 6: there is no channel 'fjasebok'" in ran.err
    assert "Traceback" not in ran.err
    assert (await shell("accounts", "list", "--json")).json == []


@pytest.mark.usefixtures("db")
async def test_the_list_tells_what_the_lock_does_to_each_account(shell: Shell, file: Path, crisis: Crisis) -> None:
    await shell("accounts", "import", str(file))
    await shell("accounts", "connect", "twitter:Fjordvik kommune", "--address", "1042")
    before = {each["channel"]: each["lock"] for each in (await shell("accounts", "list", "--json")).json}
    assert set(before.values()) == {"open"}
    await shell("accounts", "watch", "twitter:Fjordvik kommune", "--only-here")
    await factories.activation(crisis.db)
    during = await shell("accounts", "list")
    assert during.line("Tube", "cannot")
    assert "cannot be enforced here" in during.said
    assert during.line("X", "held here")
    assert during.line("Fjordvik bibliotek", "not", "cannot"), "what is not connected does not go through here"


@pytest.mark.usefixtures("db")
async def test_an_empty_register_says_how_to_fill_it(shell: Shell) -> None:
    ran = await shell("accounts", "list")
    assert "crisis accounts import FILE" in ran.out


@pytest.mark.usefixtures("db")
async def test_connecting_seals_the_credentials_and_shows_none(shell: Shell, file: Path) -> None:
    await shell("accounts", "import", str(file))
    ran = await shell(
        *("accounts", "connect", "facebook:Fjordvik kommune", "--address", "1234", "--credentials", "-"),
        stdin=json.dumps({"page_token": "hemmelig"}),
    )
    assert ran.code == 0, ran.err
    assert "Fjordvik kommune (nettredaksjonen) is connected at 1234." in ran.said
    listed = await shell("accounts", "list", "--json")
    assert {each["address"] for each in listed.json} == {"1234", None}
    assert "hemmelig" not in listed.out + ran.out
    assert (await shell("audit", "list")).out.count("hemmelig") == 0


@pytest.mark.usefixtures("db")
async def test_a_name_that_several_accounts_have_is_asked_about(shell: Shell, file: Path) -> None:
    await shell("accounts", "import", str(file))
    ran = await shell("accounts", "close", "fjordvik kommune")
    assert ran.code == 1
    assert "Several accounts are called" in ran.complained
    assert "facebook, nettredaksjonen" in ran.err
    assert (await shell("accounts", "close", "Fjordvik bibliotek")).code == 0
    again = await shell("accounts", "close", "Fjordvik bibliotek")
    assert "is closed" in again.complained


@pytest.mark.usefixtures("db")
async def test_credentials_that_are_not_json_are_refused_before_anything(shell: Shell, file: Path) -> None:
    await shell("accounts", "import", str(file))
    ran = await shell("accounts", "connect", "1", "--address", "1", "--credentials", "-", stdin="page_token=hemmelig")
    assert ran.code == 1
    assert "not JSON" in ran.complained
    assert "hemmelig" not in ran.err


@pytest.mark.usefixtures("db")
async def test_a_leader_is_named_and_shown(shell: Shell, file: Path) -> None:
    await shell("accounts", "import", str(file))
    ran = await shell("accounts", "leader", "Fjordvik bibliotek", "Biblioteksjefen")
    assert "Biblioteksjefen answers for Fjordvik bibliotek (biblioteket)." in ran.said
    listed = (await shell("accounts", "list", "--unit", "biblioteket", "--json")).json
    assert [each["leader"] for each in listed] == ["Biblioteksjefen"]
