"""``crisis accounts administer``, ``try-lever`` and ``watch``, ``crisis lock saved`` and ``given-back``, as they are typed."""

import json

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from tests import factories
from tests.crisis.cli.conftest import Shell

ADMINISTRATOR = {"business_id": "17", "admin_token": "hemmelig", "publisher": "18"}


@pytest.fixture
async def library(crisis: Crisis) -> int:
    return await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket", address="1042")


async def test_an_administrators_credentials_go_in_by_standard_input_and_come_out_nowhere(
    shell: Shell, crisis: Crisis, library: int
) -> None:
    asked = await shell("accounts", "administer", "Biblioteket")
    assert asked.said == "Facebook: Biblioteket (biblioteket): the lever takes business_id, admin_token, publisher."
    half = await shell("accounts", "administer", "Biblioteket", "--credentials", "-", stdin='{"business_id": "17"}')
    assert "admin_token, publisher is missing, so the lever cannot be pulled" in half.said
    done = await shell("accounts", "administer", "Biblioteket", "--credentials", "-", stdin=json.dumps(ADMINISTRATOR))
    assert done.said.endswith(f"sealed. Try it, without pulling it: crisis accounts try-lever {library}")
    async with crisis.db.transaction() as session:
        sealed = (await session.execute(text("SELECT admin_credentials FROM accounts"))).scalar_one()
    assert json.loads(crisis.credentials.open(sealed, f"account:{library}:admin".encode())) == ADMINISTRATOR
    shown = await shell("accounts", "show", "Biblioteket", "--json")
    assert shown.json["has_admin_credentials"] is True
    assert "hemmelig" not in done.out + shown.out + (await shell("audit", "list", "--json")).out
    away = await shell("accounts", "try-lever", "Biblioteket")
    assert (away.code, "The lever of Biblioteket could not be tried." in away.complained) == (1, True)
    await shell("accounts", "administer", "Biblioteket", "--clear")
    assert (await shell("accounts", "show", "Biblioteket", "--json")).json["has_admin_credentials"] is False


async def test_a_channel_without_a_lever_says_so(shell: Shell, crisis: Crisis) -> None:
    await factories.account(crisis, "website", name="Krisesiden")
    ran = await shell("accounts", "administer", "Krisesiden")
    assert "this channel has no lever" in ran.said


async def test_where_an_account_is_watched_is_set_in_parts(shell: Shell, library: int) -> None:
    ran = await shell("accounts", "watch", str(library), "--feed", "https://fjordvik.example/feed", "--only-here")
    assert "is watched at https://fjordvik.example/feed. Nobody publishes there but through this service." in ran.said
    ran = await shell("accounts", "watch", str(library), "--not-only-here")
    assert ran.said.endswith("is watched at https://fjordvik.example/feed. Others can publish there.")
    assert "has no feed" in (await shell("accounts", "watch", str(library), "--feed", "")).said
    assert (await shell("accounts", "watch", str(library), "--feed", "ftp://a")).code == 1
    assert (await shell("accounts", "watch", str(library))).code == 1


async def test_what_waits_for_a_person_is_said_to_be_done(shell: Shell, crisis: Crisis, library: int) -> None:
    activation = await factories.activation(crisis.db)
    assert (await shell("lock", "saved")).json == []
    none = await shell("lock", "given-back", "Biblioteket")
    assert (none.code, "lever to be given back by hand" in none.complained) == (1, True)
    async with crisis.db.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO levers (mode, activation_id, account_id, state, saved, error) VALUES ('actual', :activation,"
                """ :account, 'by_hand', '{"rights": [], "facts": {}}', 'Give it back.')"""
            ),
            {"activation": activation.id, "account": library},
        )
    (saved,) = (await shell("lock", "saved", "--activation", str(activation.id))).json
    assert (saved["account"], saved["state"], saved["address"]) == ("Biblioteket", "by_hand", "1042")
    done = await shell("lock", "given-back", "Biblioteket", "--by", "Vakt")
    assert done.said == "Biblioteket: given back by hand. That is on record."
    assert (await shell("lock", "saved")).json[0]["state"] == "restored"
    assert "give_back_by_hand" in (await shell("audit", "list", "--json")).out
