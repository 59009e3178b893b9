"""``crisis activate`` and ``crisis stand-down``."""

import asyncio

from sqlalchemy import text

from crisis.activations import gate
from crisis.activations.holders import Holder, this_host
from crisis.bootstrap import Crisis
from crisis.db import Database
from crisis.mode import Mode
from tests import factories
from tests.crisis.cli.conftest import Shell


async def test_activating_shows_each_accounts_lock_and_the_confirmation(shell: Shell, crisis: Crisis) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket", name="Fjordvik bibliotek")
    ran = await shell("activate", "Kvikkleireskred ved Moen", "--by", "Kommunedirektøren")
    assert ran.code == 0, ran.err
    assert "no unit's post starts from now on" in ran.said
    assert any("Fjordvik bibliotek" in line and "held here" in line for line in ran.out.splitlines())
    assert "nothing of the units' is in flight" in ran.said
    async with crisis.db.transaction() as session:
        assert await gate.is_locked(session, Mode.ACTUAL)


async def test_a_second_activation_says_who_holds_the_first(shell: Shell, crisis: Crisis) -> None:
    first = await factories.activation(crisis.db)
    ran = await shell("activate", "Noe annet", "--by", "Varabrannsjefen")
    assert ran.code == 0
    assert "Kommunedirektøren has activated “Kvikkleireskred ved Moen” already" in ran.said
    again = (await shell("activate", "Noe annet", "--json")).json
    assert (again["created"], again["activation"]["id"]) == (False, first.id)
    assert again["activation"]["state"] == "confirmed"


async def test_a_post_in_flight_elsewhere_keeps_it_locking_and_is_named(shell: Shell, crisis: Crisis) -> None:
    account = await factories.account(crisis, "facebook", unit="biblioteket", name="Fjordvik bibliotek")
    post = await crisis.posts.publish(factories.OPERATOR, account, "Lesestund i dag.")
    elsewhere = Holder("annen-maskin boot ns", 4242, 1)
    async with crisis.db.transaction() as session:
        delivery = await session.scalar(text("SELECT max(id) FROM deliveries"))
        await session.execute(text("UPDATE deliveries SET state = 'leased'"))
        await gate.share(session, Mode.ACTUAL)
        assert await gate.open_permits(session, Mode.ACTUAL, [delivery], elsewhere) == {delivery}
        await session.execute(text("UPDATE deliveries SET state = 'in_flight', started_at = now()"))
    assert this_host() != elsewhere.host
    shell.set("drain_seconds", 0.1)
    ran = await asyncio.wait_for(shell("activate", "Kvikkleireskred ved Moen"), 20)
    assert ran.code == 1
    assert "Still locking: 1 post in flight" in ran.said
    assert "annen-maskin, 4242" in ran.out
    assert "Fjordvik bibliotek" in ran.out
    told = (await shell("status", "--json")).json
    assert [permit["host"] for permit in told["open_permits"]] == ["annen-maskin"]
    assert told["activation"]["state"] == "locking"
    assert post.id == 1


async def test_an_unresolved_post_is_named_beside_the_confirmation(shell: Shell, crisis: Crisis) -> None:
    account = await factories.account(crisis, "facebook", unit="biblioteket", name="Fjordvik bibliotek")
    await crisis.posts.publish(factories.OPERATOR, account, "Lesestund i dag.")
    async with crisis.db.transaction() as session:
        for state in ("leased", "in_flight", "unknown"):
            await session.execute(text("UPDATE deliveries SET state = :state, started_at = now()"), {"state": state})
    ran = await shell("activate", "Kvikkleireskred ved Moen")
    assert ran.code == 0
    assert "1 post may be out:" in ran.said
    assert "Lesestund i dag." in ran.out
    assert "being checked" in ran.out


async def test_a_title_is_needed(shell: Shell, db: Database) -> None:
    ran = await shell("activate", "   ")
    assert ran.code == 1
    assert "needs a title" in ran.complained
    async with db.transaction() as session:
        assert not await gate.is_locked(session, Mode.ACTUAL)


async def test_an_exercise_locks_only_itself(shell: Shell, db: Database) -> None:
    assert (await shell("activate", "Øvelse", "--exercise")).code == 0
    async with db.transaction() as session:
        assert await gate.is_locked(session, Mode.EXERCISE)
        assert not await gate.is_locked(session, Mode.ACTUAL)


async def test_standing_down_tells_how_many_posts_wait_for_their_owners(shell: Shell, crisis: Crisis) -> None:
    account = await factories.account(crisis, "facebook", unit="biblioteket", name="Fjordvik bibliotek")
    await factories.activation(crisis.db)
    refused = await shell("post", "Fjordvik bibliotek", "Vi holder åpent som vanlig.")
    assert refused.code == 1
    ran = await shell("stand-down")
    assert ran.code == 0
    assert "“Kvikkleireskred ved Moen” is stood down." in ran.said
    assert "1 post of theirs stayed blocked" in ran.said
    again = await shell("stand-down")
    assert again.code == 1
    assert "No actual activation is in force" in again.complained
    assert account == 1
