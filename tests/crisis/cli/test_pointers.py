"""``crisis pointer``: approve, publish and withdraw the one text that locked accounts may publish."""

import pytest

from crisis.bootstrap import Crisis
from tests import factories
from tests.crisis.cli.conftest import Shell

WORDS = "Følg krise.fjordvik.kommune.no for informasjon."


@pytest.fixture
async def locked(crisis: Crisis) -> None:
    """Two units' pages behind the lock."""
    await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    await factories.account(crisis, "facebook", unit="skolen", name="Skolen")
    await factories.activation(crisis.db)


@pytest.mark.usefixtures("locked")
async def test_it_is_approved_published_and_withdrawn(shell: Shell) -> None:
    assert "There is no pointer" in (await shell("pointer")).said
    approved = await shell("pointer", "approve", WORDS, "--by", "Nettredaksjonen")
    assert f"“{WORDS}”: published by 0, not yet by 2 accounts" in approved.said
    assert "through 1 account." in (await shell("pointer", "publish", "Biblioteket")).said
    assert "through 1 account." in (await shell("pointer", "publish", "--all")).said
    again = await shell("pointer", "publish", "Skolen")
    assert "1 account had published it before" in again.said
    (first, second) = (await shell("pointer", "--json")).json["places"]
    assert (first["post"]["state"], second["unit"]) == ("ready", "skolen")
    assert "published by 2" in (await shell("status")).said
    assert "2 posts of it had not gone out" in (await shell("pointer", "withdraw")).said
    none = await shell("pointer", "publish", "--all")
    assert (none.code, "There is no pointer" in none.complained) == (1, True)


@pytest.mark.usefixtures("locked")
async def test_what_is_not_said_is_asked_for(shell: Shell) -> None:
    assert "Name the accounts, or say --all" in (await shell("pointer", "publish")).complained
    assert "at most 500 characters" in (await shell("pointer", "approve", "x" * 501)).complained
