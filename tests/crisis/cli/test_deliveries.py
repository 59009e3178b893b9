"""``crisis delivery``: what nobody can tell about is shown by number, looked at, and decided; real sockets to the sandbox."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis, engine_for
from crisis.deliveries.engine import Engine
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.cli.conftest import Shell


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
async def engine(settings: Settings, crisis: Crisis, server: SandboxServer, shell: Shell) -> AsyncIterator[Engine]:
    """The engine as a worker has it; Facebook is the sandbox, for it and for the command line."""
    server.clear()
    pointed = settings.model_copy(update={"graph_url": f"{server.url}/graph"})
    shell.set("graph_url", pointed.graph_url)
    made = engine_for(Mode.ACTUAL, pointed, crisis.db)
    yield made
    for channel in made.channels.values():
        await channel.close()


async def run(crisis: Crisis, statement: str) -> None:
    async with crisis.db.transaction() as session:
        await session.execute(text(statement))


async def lost(crisis: Crisis, engine: Engine, server: SandboxServer, *, arrived: bool) -> int:
    """A post whose answer was lost, and which nobody could find out about in time; the delivery's number."""
    await factories.account(crisis, "facebook", name="Fjordvik kommune", address="1234")
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id)
    server.fault("graph", "5xx_after" if arrived else "5xx_before", times=1, match={"verb": "create"})
    await engine.deliver(Lane.PUBLIC)
    await run(crisis, "UPDATE deliveries SET state = 'unknown_final', error = 'no answer' WHERE state = 'unknown'")
    async with crisis.db.transaction() as session:
        found = await session.execute(text("SELECT id FROM deliveries WHERE state = 'unknown_final'"))
        return int(found.scalar_one())


async def test_what_waits_for_a_person_is_shown_by_number_with_what_can_be_done(
    shell: Shell, crisis: Crisis, engine: Engine, server: SandboxServer
) -> None:
    number = await lost(crisis, engine, server, arrived=False)
    ran = await shell("status")
    assert "1 delivery may be out, and a person must decide:" in ran.said
    assert ran.line(str(number), "Facebook", "Fjordvik kommune", "nb", "no answer")
    for what in ("check NO", "send-again NO", "mark-sent NO --url LINK", "drop NO"):
        assert f"crisis delivery {what}" in ran.said
    (undecided,) = (await shell("status", "--json")).json["undecided"]
    assert (undecided["id"], undecided["error"]) == (number, "no answer")


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_check_finds_out_and_sends_nothing(
    shell: Shell, crisis: Crisis, engine: Engine, server: SandboxServer, *, arrived: bool
) -> None:
    number = await lost(crisis, engine, server, arrived=arrived)
    before = server.counts()["graph"]["create"]
    ran = await shell("delivery", "check", str(number))
    assert ran.code == 0, ran.err
    assert ("It is out. It counts as accepted now." in ran.said) is arrived
    assert ("it is not there. Nothing was sent." in ran.said) is not arrived
    assert server.counts()["graph"]["create"] == before == int(arrived)
    told = (await shell("status", "--json")).json
    assert told["states"] == {"accepted" if arrived else "unknown_final": 1}


async def test_sent_again_it_goes_out_and_is_flagged(
    shell: Shell, crisis: Crisis, engine: Engine, server: SandboxServer
) -> None:
    number = await lost(crisis, engine, server, arrived=False)
    ran = await shell("delivery", "send-again", str(number), "--by", "Redaktøren")
    assert "Facebook, Fjordvik kommune, is sent again." in ran.said
    await engine.deliver(Lane.PUBLIC)
    assert server.counts()["graph"]["create"] == 1
    shown = await shell("status")
    assert "1 sent once more, may have come twice" in shown.said
    assert "must decide" not in shown.said


@pytest.mark.parametrize("option", ["--url", "--link"])
async def test_marked_as_sent_by_hand_it_shows_the_link(
    shell: Shell, crisis: Crisis, engine: Engine, server: SandboxServer, option: str
) -> None:
    number = await lost(crisis, engine, server, arrived=False)
    link = "https://facebook.example/fjordvik/posts/1?a=b#c"
    ran = await shell("delivery", "mark-sent", str(number), option, link, "--by", "Redaktøren")
    assert ran.code == 0, ran.err
    await engine.deliver(Lane.PUBLIC)
    assert server.counts()["graph"]["create"] == 0
    shown = await shell("status")
    assert shown.line("Facebook, Fjordvik kommune (nb):").endswith(link), "whole, on one line, to be copied"
    assert "marked as sent by Redaktøren" in shown.said
    (line,) = (await shell("status", "--json")).json["lines"]
    assert (line["url"], line["states"]) == (link, {"accepted": 1})


NO_LINKS = [
    *(
        "",
        "facebook.com/1",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "ftp://a.no/",
        "https://a b.no/",
        "http://[",
    ),
    *("https://u:p@a.no/", "https://a.no/\x1b[2J", "https://a.no/" + "x" * 2000),
]


async def test_a_link_that_nobody_can_follow_is_refused(
    shell: Shell, crisis: Crisis, engine: Engine, server: SandboxServer
) -> None:
    number = await lost(crisis, engine, server, arrived=False)
    for link in NO_LINKS:
        ran = await shell("delivery", "mark-sent", str(number), "--url", link)
        assert ran.code == 1, link
        assert "A link begins with https:// or http://" in ran.complained
        assert "Nothing was decided." in ran.complained
    assert (await shell("status", "--json")).json["states"] == {"unknown_final": 1}


async def test_dropped_it_is_never_sent(shell: Shell, crisis: Crisis, engine: Engine, server: SandboxServer) -> None:
    number = await lost(crisis, engine, server, arrived=False)
    assert "is dropped." in (await shell("delivery", "drop", str(number))).said
    await engine.deliver(Lane.PUBLIC)
    assert server.counts()["graph"]["create"] == 0
    assert "nothing to decide" in (await shell("delivery", "drop", str(number))).complained


async def test_of_a_text_message_at_most_the_last_two_digits_are_shown(shell: Shell, crisis: Crisis) -> None:
    await factories.account(crisis, "sms", name="Fjordvik")
    people = await factories.audience(crisis, 25)
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id, audience_id=people)
    await run(crisis, "UPDATE deliveries SET state = 'leased', lease_until = now()")
    for state in ("in_flight", "unknown", "unknown_final"):
        await run(crisis, f"UPDATE deliveries SET state = '{state}'")
    ran = await shell("status")
    assert "25 deliveries may be out, and a person must decide (the first 20):" in ran.said
    assert ran.line("SMS", "Fjordvik", "…07")
    assert "+474" not in ran.out
