"""``crisis doctor``: every finding says what to do."""

import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, text

from crisis.bootstrap import Crisis, channels_for
from crisis.channels import Upkeep
from crisis.mode import Mode
from crisis.settings import Settings
from tests import factories
from tests.crisis.cli.conftest import Ran, Shell
from tests.crisis.drills.stage import Run, book, expectation, inject


def levels(ran: Ran) -> dict[str, str]:
    return {each["part"]: each["level"] for each in ran.json["findings"]}


def finding(ran: Ran, part: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in ran.json["findings"] if each["part"] == part)
    return found


async def test_what_is_missing_is_wrong_and_comes_with_advice(shell: Shell, crisis: Crisis) -> None:
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE sweeps SET swept_at = now() - interval '3 hours'"))
    ran = await shell("doctor", "--json")
    assert ran.code == 1
    assert ran.json["healthy"] is False
    assert levels(ran) == {
        "database": "ok",
        "clock": "ok",
        "sweep, actual": "wrong",
        "sweep, exercise": "wrong",
        "accounts": "wrong",
        "broker": "wrong",
        "sandbox": "note",
        "keys": "ok",
        "providers": "note",
        "crisis page": "ok",
        "its exercise": "ok",
        "website, kept": "wrong",
    }
    assert "3 hours ago" in finding(ran, "sweep, actual")["found"]
    assert all(each["advice"] for each in ran.json["findings"] if each["level"] == "wrong")
    shown = await shell("doctor")
    assert "5 parts to mend." in shown.out


async def test_the_broker_and_the_workers_are_told_apart(shell: Shell, settings: Settings, crisis: Crisis) -> None:
    assert crisis.db
    shell.set("redis_url", settings.redis_url)
    there = await shell("doctor", "--json")
    assert levels(there)["broker"] == "ok"
    assert "crisis worker --mode actual" in finding(there, "worker, actual")["advice"]
    shell.set("redis_url", "redis://127.0.0.1:9/0")
    away = await shell("doctor", "--json")
    assert levels(away)["broker"] == "wrong"
    assert "worker, actual" not in levels(away)


async def test_connected_accounts_need_their_secrets(shell: Shell, crisis: Crisis) -> None:
    await factories.account(crisis, "sms")
    ran = await shell("doctor", "--json")
    assert levels(ran)["sms"] == "wrong"
    assert "CRISIS_TWILIO_ACCOUNT_SID and CRISIS_TWILIO_AUTH_TOKEN" in finding(ran, "sms")["found"]
    shell.set("twilio_account_sid", "AC1")
    shell.set("twilio_auth_token", "hemmelig")
    assert "sms" not in levels(await shell("doctor", "--json"))


async def test_a_key_that_opens_nothing_is_found_out(shell: Shell, crisis: Crisis) -> None:
    await factories.account(crisis, "sms")
    shell.set("credentials_key", "ab" * 32)
    ran = await shell("doctor", "--json")
    assert "Put back the key" in finding(ran, "keys")["advice"]


async def test_addresses_that_leak_or_lead_nowhere_are_wrong(shell: Shell, crisis: Crisis) -> None:
    assert crisis.db
    for name, value in (
        ("graph_url", "http://graph.example.org"),
        ("x_url", "nei"),
        ("twilio_url", "https://api.twilio.com"),
    ):
        shell.set(name, value)
    shell.set("twilio_account_sid", "AC1")
    ran = await shell("doctor", "--json")
    found = [each["found"] for each in ran.json["findings"] if each["part"] in {"providers", "receipts"}]
    assert any("CRISIS_GRAPH_URL is not encrypted" in each for each in found)
    assert any("CRISIS_X_URL is not an address" in each for each in found)
    assert any("receipts will not come" in each for each in found)


async def test_an_unmigrated_database_is_told_to_migrate(shell: Shell, crisis: Crisis) -> None:
    bare = f"bare_{secrets.token_hex(4)}"
    async with crisis.db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {bare}"))
    shell.set("database_url", make_url(crisis.db.url).set(database=bare).render_as_string(hide_password=False))
    ran = await shell("doctor", "--json")
    assert finding(ran, "database")["advice"] == "Run: crisis migrate"
    asked = await shell("status")
    assert asked.code == 1
    assert "crisis migrate" in asked.complained


async def test_a_folder_that_cannot_be_written_is_found(shell: Shell, tmp_path: Path, crisis: Crisis) -> None:
    assert crisis.db
    (tmp_path / "file").write_text("")
    shell.set("public_dir", tmp_path / "file" / "public")
    ran = await shell("doctor", "--json")
    assert levels(ran)["crisis page"] == "wrong"


async def test_a_second_place_that_is_behind_is_found(shell: Shell, tmp_path: Path, crisis: Crisis) -> None:
    website = channels_for(Mode.ACTUAL, crisis.settings)["website"]
    assert isinstance(website, Upkeep)
    await website.keep({})
    assert levels(await shell("doctor", "--json"))["website, kept"] == "ok"
    shell.set("second_public_dir", tmp_path / "not-mounted")
    ran = await shell("doctor", "--json")
    assert "not-mounted cannot be written" in finding(ran, "website, kept")["found"]
    assert "mounted" in finding(ran, "website, kept")["advice"]
    (tmp_path / "not-mounted").mkdir()
    assert "is behind" in finding(await shell("doctor", "--json"), "website, kept")["found"]


async def test_a_drill_that_nobody_makes_go_is_found(shell: Shell, crisis: Crisis) -> None:
    playbook = book([inject("I1", expects=["E1"])], [expectation("E1", "activate")])
    run = await Run.of(crisis, playbook)
    assert levels(await shell("doctor", "--json"))["drill"] == "ok"
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE drills SET conducted_at = now() - interval '3 minutes'"))
    found = finding(await shell("doctor", "--json"), "drill")
    assert (found["level"], found["found"]) == ("wrong", "Nobody has made drill 1 go for 3 minutes.")
    assert "crisis conductor" in found["advice"]
    await run.look()
    assert levels(await shell("doctor", "--json"))["drill"] == "ok"
