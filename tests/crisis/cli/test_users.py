"""``crisis users``."""

import pytest

from crisis.db import Database
from crisis.roles import Actor, Role
from crisis.users import enrolment, sessions
from crisis.users.models import How
from tests.crisis.cli.conftest import Shell


async def test_the_first_user_is_made_from_the_shell_with_a_link(shell: Shell, db: Database) -> None:
    ran = await shell("users", "add", "Kari Moen", "--login", "kari", "--role", "editor")
    assert ran.code == 0, ran.err
    link = next(word for word in ran.out.split() if "/enrol/" in word)
    async with db.transaction() as session:
        user = await enrolment.get(session, link.rpartition("/")[2])
    assert user.actor == Actor("Kari Moen", Role.EDITOR, "nettredaksjonen")
    listed = await shell("users", "list")
    assert "link not used" in listed.out
    assert link.rpartition("/")[2] not in listed.out + (await shell("users", "list", "--json")).out


@pytest.mark.usefixtures("db")
async def test_somebody_is_disabled_enabled_and_reset_by_login_or_number(shell: Shell) -> None:
    made = (await shell("users", "add", "Kari Moen", "--login", "kari", "--role", "admin", "--json")).json
    assert "signed out everywhere" in (await shell("users", "disable", "kari")).said
    assert "disabled" in (await shell("users", "list")).out
    assert "can sign in again" in (await shell("users", "enable", str(made["id"]))).said
    again = (await shell("users", "reset", "KARI", "--json")).json
    assert again["link"] != made["link"]
    nobody = await shell("users", "disable", "ola")
    assert nobody.code == 1
    assert "There is no user" in nobody.complained


async def test_sessions_are_seen_and_ended_from_the_shell(shell: Shell, db: Database, director: Actor) -> None:
    assert "Nobody is signed in" in (await shell("users", "sessions")).out
    secret = await sessions.begin(db, director, How.BREAK_GLASS, agent="Firefox", address="192.0.2.1")
    (found,) = (await shell("users", "sessions", "--json")).json
    assert (found["who"], found["how"]) == ("Kommunedirektøren", "break_glass")
    assert "has ended" in (await shell("users", "sessions", "--end", str(found["id"]))).said
    assert await sessions.find(db, secret) is None
    assert (await shell("users", "sessions", "--end", str(found["id"]))).code == 1


@pytest.mark.usefixtures("db")
async def test_break_glass_codes_are_printed_once(shell: Shell) -> None:
    ran = await shell("users", "break-glass", "--role", "director")
    assert ran.code == 0, ran.err
    assert ran.out.count("-") >= 70
    assert (await shell("users", "break-glass", "--role", "admin")).code == 1


@pytest.mark.usefixtures("db")
async def test_appointments_are_seen_and_acknowledged_from_the_shell(shell: Shell) -> None:
    assert "has been acknowledged" in (await shell("users", "appointments")).said
    await shell("users", "add", "Kari Moen", "--login", "kari", "--role", "director")
    (found,) = (await shell("users", "appointments", "--json")).json
    assert (found["name"], found["role"], found["given"]) == ("Kari Moen", "director", "added")
    assert "Kari Moen" in (await shell("users", "appointments")).out
    assert "is acknowledged" in (await shell("users", "appointments", "--seen", str(found["id"]))).said
    assert (await shell("users", "appointments", "--seen", str(found["id"]))).code == 1
