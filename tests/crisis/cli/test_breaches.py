"""``crisis breaches``."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.channel_watch import Planned, Posted
from crisis.mode import Mode
from crisis.schedules import planned
from crisis.watch import breaches
from crisis.watch.breaches import Sighted
from tests import factories
from tests.crisis.cli.conftest import Shell


@pytest.fixture
async def page(crisis: Crisis) -> int:
    """A page with a breach on it, and a post that waits there."""
    account = await factories.account(crisis, "facebook", unit="biblioteket", name="Fjordvik bibliotek")
    activation = await factories.activation(crisis.db)
    posted = Posted("1_2", 3.0, "Kom på [lesestund] i kveld!", author="Kari Holm")
    at = clock.now() + timedelta(minutes=2)
    async with crisis.db.transaction() as session:
        await breaches.record(session, Mode.ACTUAL, [Sighted(activation.id, account, (account,), posted, at)])
        waiting = Planned("1_3", clock.now() + timedelta(hours=5), "Lesestund på lørdag")
        await planned.keep(session, Mode.ACTUAL, activation.id, account, [waiting])
    return account


@pytest.mark.usefixtures("page")
async def test_breaches_are_listed_and_dealt_with(shell: Shell) -> None:
    listed = await shell("breaches", "list", "--open")
    for said in ("Fjordvik bibliotek", "Kari Holm", "[lesestund]", "open"):
        assert said in listed.out, said
    ran = await shell("breaches", "contact", "1", "--reached", "Kari Holm", "--said", "Tar det ned.", "--by", "Vakt")
    assert "written down. The post is still there." in ran.said
    assert "There is no breach that nobody has dealt with." in (await shell("breaches", "list", "--open")).said
    (row,) = (await shell("breaches", "list", "--json")).json
    assert (row["state"], row["handled_by"], row["note"]) == ("contacted", "Vakt", "Kari Holm: Tar det ned.")
    assert 119 < row["seconds_after_lock"] < 130
    assert "may stand" in (await shell("breaches", "accept", "1", "--reason", "Ikke i veien.")).said
    ran = await shell("breaches", "take-down", "1")  # nobody listens where the provider should be
    assert ran.code == 1
    assert "The post is not taken down." in ran.said
    ran = await shell("breaches", "accept", "7", "--reason", "x")
    assert ran.code == 1
    assert "There is no breach 7." in ran.complained


async def test_who_was_last_seen_when_and_what_was_planned(shell: Shell, crisis: Crisis, page: int) -> None:
    async with crisis.db.transaction() as session:
        await session.execute(
            text(
                """
                INSERT INTO watches (mode, activation_id, account_id, looked_at, next_at, failures, error)
                VALUES ('actual', 1, :account, now() - interval '5 minutes', now(), 3, 'No connection.')
                """
            ),
            {"account": page},
        )
    (row,) = (await shell("breaches", "watch", "--json")).json
    assert (row["sight"], row["every"], row["error"]) == ("failing", 120.0, "No connection.")
    assert row["failing_since"] == row["looked_at"]
    assert "not seen now" in (await shell("breaches", "watch")).out
    listed = await shell("breaches", "planned")
    assert "Lesestund på lørdag" in listed.out
    assert "found" in listed.out


@pytest.mark.usefixtures("crisis")
async def test_in_peace_nothing_is_watched(shell: Shell) -> None:
    assert "Nothing is watched" in (await shell("breaches", "watch")).said
    assert "There is no breach." in (await shell("breaches", "list")).said
    assert "Nothing was scheduled" in (await shell("breaches", "planned")).said
