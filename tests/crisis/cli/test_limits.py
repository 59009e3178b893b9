"""``crisis accounts limit``, ``standby``, ``show``; and what the desk reads when a provider does not answer."""

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.channels import Misconfigured, Unavailable
from crisis.limits.models import BreakerState
from crisis.mode import Mode
from tests import factories
from tests.crisis.cli.conftest import Ran, Shell
from tests.crisis.limits.test_limiter import Process


@pytest.fixture
async def sms(crisis: Crisis) -> int:
    return await factories.account(crisis, "sms", name="Fjordvik")


async def rows(crisis: Crisis) -> list[tuple[int, int | None, float | None, int | None]]:
    """What was set, as it lies in the database."""
    async with crisis.db.transaction() as session:
        found = await session.execute(
            text("SELECT account_id, concurrency, per_second, standby_for FROM account_limits ORDER BY account_id")
        )
        return [tuple(row) for row in found]


async def on_record(crisis: Crisis) -> int:
    async with crisis.db.transaction() as session:
        return int((await session.execute(text("SELECT count(*) FROM audit"))).scalar_one())


async def shown(shell: Shell, which: str) -> Ran:
    return await shell("accounts", "show", which, "--json")


# Limits


async def test_a_limit_is_set_in_parts_shown_and_taken_away(shell: Shell, crisis: Crisis, sms: int) -> None:
    ran = await shell("accounts", "limit", "Fjordvik", "--concurrency", "20", "--by", "Vakt")
    assert (ran.code, ran.said) == (0, "SMS: Fjordvik (nettredaksjonen): at most 20 at once."), ran.err
    ran = await shell("accounts", "limit", "Fjordvik", "--per-second", "2.5")
    assert ran.said.endswith("at most 20 at once and at most 2.5 a second.")
    assert await rows(crisis) == [(sms, 20, 2.5, None)]
    assert "at most 20 at once; at most 2.5 a second" in (await shell("accounts", "show", "Fjordvik")).said
    found = (await shown(shell, "Fjordvik")).json
    assert (found["concurrency"], found["per_second"], found["trouble"]) == (20, 2.5, None)
    assert "at most 20 at once" in (await shell("accounts", "list")).said
    ran = await shell("accounts", "limit", "Fjordvik", "--clear", "--json")
    assert ran.json == {"id": sms, "concurrency": None, "per_second": None}
    assert (await shown(shell, "Fjordvik")).json["standing_words"] == ""
    recorded = (await shell("audit", "list", "--json")).out
    assert recorded.count("set_limit") == 3
    assert "Vakt" in recorded


@pytest.mark.parametrize("option", ["--concurrency", "--per-second"])
@pytest.mark.parametrize("value", ["0", "-1", "NaN", "inf", "-inf", "1e9", "mange", "", "1,5", "0x10", "1_000_000"])
async def test_an_impossible_limit_is_refused_with_its_range_and_changes_nothing(
    shell: Shell, crisis: Crisis, sms: int, option: str, value: str
) -> None:
    await shell("accounts", "limit", str(sms), "--concurrency", "7", "--per-second", "7")
    before = await on_record(crisis)
    ran = await shell("accounts", "limit", str(sms), f"{option}={value}")
    assert ran.code == 1, ran.out
    assert "othing was changed" in ran.complained
    assert (
        "from 1 to 10,000" in ran.complained or "from 0.01 to 10,000" in ran.complained or "a number" in ran.complained
    )
    assert "Traceback" not in ran.err
    assert (await rows(crisis), await on_record(crisis)) == ([(sms, 7, 7.0, None)], before)


async def test_half_a_call_at_once_is_none(shell: Shell, crisis: Crisis, sms: int) -> None:
    ran = await shell("accounts", "limit", str(sms), "--concurrency", "1.5")
    assert ran.code == 1
    assert "concurrency must be a whole number from 1 to 10,000, not 1.5." in ran.complained
    assert await rows(crisis) == []


@pytest.mark.parametrize("words", [(), ("--clear", "--per-second", "5")])
async def test_what_is_wanted_must_be_said(shell: Shell, crisis: Crisis, sms: int, words: tuple[str, ...]) -> None:
    ran = await shell("accounts", "limit", str(sms), *words)
    assert ran.code == 1
    assert "Nothing was changed." in ran.complained
    assert await rows(crisis) == []


# The standby


async def test_an_account_stands_by_and_both_say_so(shell: Shell, crisis: Crisis, sms: int) -> None:
    reserve = await factories.account(crisis, "sms", name="Reserve")
    ran = await shell("accounts", "standby", "Reserve", "--for", "Fjordvik")
    assert ran.said == "SMS: Reserve (nettredaksjonen) stands by for Fjordvik, and sends nothing of its own."
    assert (await shown(shell, "Reserve")).json["standby_for"] == sms
    assert (await shown(shell, "Fjordvik")).json["standby"] == reserve
    listed = (await shell("accounts", "list")).said
    assert "stands by for Fjordvik" in listed
    assert "has the standby Reserve" in listed
    ran = await shell("accounts", "standby", "Reserve", "--clear")
    assert ran.said.endswith("stands by for nobody.")
    assert await rows(crisis) == [(reserve, None, None, None)]


@pytest.mark.usefixtures("sms")
async def test_a_pair_that_is_none_is_refused(shell: Shell, crisis: Crisis) -> None:
    await factories.account(crisis, "facebook", name="Siden")
    for other in ("Fjordvik", "Siden", "Ingen"):
        ran = await shell("accounts", "standby", "Fjordvik", "--for", other)
        assert ran.code == 1, other
        assert "Nothing was changed" in ran.complained or "There is no account 'Ingen'" in ran.complained
    for words in ((), ("--for", "Siden", "--clear")):
        ran = await shell("accounts", "standby", "Fjordvik", *words)
        assert (ran.code, "Nothing was changed." in ran.complained) == (1, True)
    assert await rows(crisis) == []


# Troubles


async def silent(crisis: Crisis, account: int, mode: Mode = Mode.ACTUAL) -> None:
    await Process(crisis.db, mode).end(account, *[Unavailable("connection refused")] * 5)


async def test_a_provider_that_does_not_answer_is_a_sentence_at_the_desk(shell: Shell, crisis: Crisis) -> None:
    page = await factories.account(crisis, "facebook", name="Fjordvik kommune")
    await factories.activation(crisis.db)
    assert (await shell("status", "--json")).json["troubles"] == []
    await silent(crisis, page)
    ran = await shell("status")
    assert "Facebook (Fjordvik kommune) svarer ikke siden kl. " in ran.said
    assert "Neste forsøk kl. " in ran.said
    (trouble,) = (await shell("status", "--json")).json["troubles"]
    assert (trouble["account_id"], trouble["state"], trouble["why"]) == (page, "open", "silent")
    assert trouble["reason"] == "connection refused"
    assert trouble["sentences"]["nb"] in ran.said
    shell.set("languages", "nn,nb")
    assert "svarar ikkje sidan kl. " in (await shell("status")).said
    listed = await shell("accounts", "list")
    assert "has not answered since" in listed.said
    assert (await shell("status", "--exercise", "--json")).json["troubles"] == [], "an exercise has flows of its own"


async def test_trouble_is_told_without_an_activation_too(shell: Shell, crisis: Crisis, sms: int) -> None:
    await silent(crisis, sms)
    ran = await shell("status")
    assert ran.out.startswith("No activation is in force.")
    assert "SMS (Fjordvik) svarer ikke siden kl. " in ran.said


async def test_the_doctor_says_what_to_do_about_each(shell: Shell, crisis: Crisis, sms: int) -> None:
    page = await factories.account(crisis, "facebook", name="Siden")
    await silent(crisis, sms)
    await Process(crisis.db).end(page, Misconfigured("The token has expired."))
    found = {each["part"]: each for each in (await shell("doctor", "--json")).json["findings"]}
    waiting, refused = found["SMS, Fjordvik"], found["Facebook, Siden"]
    assert waiting["level"] == "note"
    assert "has not answered since" in waiting["found"]
    assert "connection refused" in waiting["found"]
    assert "Nothing is lost" in waiting["advice"]
    assert "mark-sent" in waiting["advice"]
    assert refused["level"] == "wrong"
    assert "crisis accounts connect" in refused["advice"]


async def test_connecting_an_account_again_lets_it_be_tried_at_once(shell: Shell, crisis: Crisis) -> None:
    page = await factories.account(crisis, "facebook", name="Siden")
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id)
    for mode in Mode:
        await Process(crisis.db, mode).end(page, Misconfigured("The token has expired."))
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE deliveries SET state = 'leased', lease_until = now() + interval '1 minute'"))
        await session.execute(text("UPDATE deliveries SET state = 'in_flight'"))
        await session.execute(
            text("UPDATE deliveries SET state = 'retry_wait', due_at = now() + interval '30 seconds'")
        )
    ran = await shell(
        "accounts", "connect", "Siden", "--address", "99", "--credentials", "-", stdin='{"page_token": "x"}'
    )
    assert ran.code == 0, ran.err
    async with crisis.db.transaction() as session:
        flows = (await session.execute(text("SELECT state, next_try_at <= now() AS now FROM flows"))).all()
        due = (await session.execute(text("SELECT due_at <= now() FROM deliveries"))).scalars().all()
    assert [(row.state, row.now) for row in flows] == [(BreakerState.OPEN, True)] * 2
    assert due == [True]
