"""``crisis post`` and ``crisis posts``."""

from datetime import datetime, timedelta

import pytest

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.cli.times import OSLO
from tests import factories
from tests.crisis.cli.conftest import Shell


@pytest.fixture
async def library(crisis: Crisis) -> int:
    return await factories.account(crisis, "facebook", unit="biblioteket", name="Fjordvik bibliotek")


@pytest.mark.usefixtures("library")
async def test_a_post_is_put_on_its_way_and_listed(shell: Shell) -> None:
    ran = await shell("post", "Fjordvik bibliotek", "Lesestund [i dag] klokka 17.")
    assert "Post 1 to Facebook, Fjordvik bibliotek, is on its way." in ran.said
    listed = await shell("posts")
    assert "waiting" in listed.out
    assert "Lesestund [i dag]" in listed.out


@pytest.mark.usefixtures("library")
async def test_a_post_for_later_takes_norwegian_time(shell: Shell) -> None:
    later = (clock.now() + timedelta(days=2)).astimezone(OSLO).replace(second=0, microsecond=0)
    ran = await shell("post", "1", "Spillkveld.", "--at", later.strftime("%Y-%m-%d %H:%M"), "--json")
    assert datetime.fromisoformat(ran.json["publish_at"]) == later
    assert ran.json["counts"] == {"ready": 1}


@pytest.mark.usefixtures("library")
async def test_a_time_that_is_none_is_refused(shell: Shell) -> None:
    ran = await shell("post", "1", "Spillkveld.", "--at", "i morgen")
    assert ran.code == 1
    assert "'i morgen' is not a time. Write 14:30" in ran.complained


@pytest.mark.usefixtures("library")
async def test_under_the_lock_it_says_who_holds_it_and_since_when(shell: Shell, crisis: Crisis) -> None:
    await factories.activation(crisis.db)
    ran = await shell("post", "Fjordvik bibliotek", "Vi holder åpent som vanlig.")
    assert ran.code == 1
    assert "Kommunedirektøren has activated “Kvikkleireskred ved Moen”" in ran.complained
    assert "Locked since" in ran.complained
    assert "kept as number 1 and blocked" in ran.complained
    held = await shell("posts", "publish", "1")
    assert held.code == 1
    assert "The post stays blocked and is not lost. Locked since" in held.complained
    assert [each["id"] for each in (await shell("posts", "--blocked", "--json")).json] == [1]


@pytest.mark.usefixtures("library")
async def test_after_the_lock_its_owner_publishes_or_drops(shell: Shell, crisis: Crisis) -> None:
    await factories.activation(crisis.db)
    await shell("post", "1", "Den ene.")
    await shell("post", "1", "Den andre.")
    await shell("stand-down")
    assert "is on its way" in (await shell("posts", "publish", "1")).said
    assert "is dropped" in (await shell("posts", "drop", "2")).said
    counts = [each["counts"] for each in (await shell("posts", "--json")).json]
    assert counts == [{"ready": 1}, {"cancelled": 1}]
    again = await shell("posts", "drop", "2")
    assert again.code == 1
    assert "not blocked" in again.complained


@pytest.mark.usefixtures("library")
async def test_an_unknown_account_is_said_to_be_unknown(shell: Shell) -> None:
    ran = await shell("post", "Finnes ikke", "Hei.")
    assert ran.code == 1
    assert "There is no account 'Finnes ikke'. See: crisis accounts list." in ran.complained


async def test_text_cannot_steer_the_terminal(shell: Shell, crisis: Crisis) -> None:
    await factories.activation(crisis.db, title="Skred \x1b[31m")
    ran = await shell("status")
    assert "Skred" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.usefixtures("library")
async def test_several_are_decided_about_at_once_spread_out_and_taken_back(shell: Shell, crisis: Crisis) -> None:
    await factories.activation(crisis.db)
    for said in ("Den ene.", "Den andre.", "Den tredje."):
        await shell("post", "1", said)
    shown = await shell("posts", "show", "1")
    assert "The lock stopped it" in shown.said
    await shell("stand-down")
    done = await shell("posts", "publish", "1", "2")
    assert "Post 1 to Facebook, Fjordvik bibliotek, is on its way." in done.said
    assert "Post 2 to Facebook, Fjordvik bibliotek, goes out at" in done.said
    assert "is blocked again" in (await shell("posts", "take-back", "2")).said
    both = await shell("posts", "drop", "1", "2")
    assert "Post 2 to Facebook, Fjordvik bibliotek, is dropped." in both.said
    assert "Not blocked any more, and left as they are: 1." in both.said
    again = await shell("post", "1", "Den tredje, skrevet om.", "--instead-of", "3", "--json")
    assert again.json["instead_of"] == 3
    assert "Post 4 took its place" in (await shell("posts", "show", "3")).said
