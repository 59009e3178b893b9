"""``crisis token``."""

import pytest

from crisis.db import Database
from crisis.tokens.service import authenticate
from tests.crisis.cli.conftest import Shell


async def test_the_secret_is_shown_once_and_opens_the_door(shell: Shell, db: Database) -> None:
    ran = await shell("token", "create", "Bibliotekets nettside", "--role", "unit", "--unit", "biblioteket")
    assert ran.code == 0, ran.err
    secret = next(word for word in ran.out.split() if word.startswith("crisis_"))
    async with db.transaction() as session:
        bearer = await authenticate(session, secret)
    assert (bearer.actor.name, bearer.actor.unit) == ("Bibliotekets nettside", "biblioteket")
    listed = await shell("token", "list")
    assert "Bibliotekets nettside" in listed.out
    assert secret not in listed.out + (await shell("token", "list", "--json")).out


@pytest.mark.usefixtures("db")
async def test_a_revoked_token_is_listed_as_revoked(shell: Shell) -> None:
    made = (await shell("token", "create", "Vakt", "--role", "director", "--json")).json
    assert (await shell("token", "revoke", str(made["id"]))).said == f"Token {made['id']} (Vakt) is revoked."
    assert "revoked" in (await shell("token", "list")).out
    again = await shell("token", "revoke", str(made["id"]))
    assert again.code == 1
    assert "was revoked before" in again.complained


@pytest.mark.usefixtures("db")
async def test_the_operators_role_cannot_be_given_away(shell: Shell) -> None:
    ran = await shell("token", "create", "Vakt", "--role", "operator")
    assert ran.code == 1
    assert "no token can have that role" in ran.complained
    past = await shell("token", "create", "Vakt", "--role", "editor", "--expires", "2020-01-01 00:00")
    assert "is past" in past.complained
