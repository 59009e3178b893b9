"""On each platform that can be watched, over sockets: what comes out behind our back is found at the next look, once; ours never is."""

import random
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from adapters import feed_watch_of
from crisis import clock
from crisis.accounts.models import Account
from crisis.bootstrap import Crisis, engine_for, openers_for, outside_of, setup_for
from crisis.deliveries.decisions import Decision, decide
from crisis.deliveries.engine import Engine
from crisis.deliveries.withdrawals import withdraw_message
from crisis.lanes import Lane
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.mode import Mode
from crisis.settings import Settings
from crisis.watch.duty import WatchDuty
from crisis.watch.models import BreachState
from crisis.watch.service import take_down
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.deliveries.workbench import LIBRARY, Workbench
from tests.crisis.watch.watchman import Watchman
from tests.factories import EDITOR

CORRECTED = {"nb": {**factories.SLIDE["nb"], "headline": "Rettelse: Gå til Fjordhallen på Moen nå"}}
PROVIDERS = {"facebook": "graph", "twitter": "x", "wordpress": "wordpress", "sms": "twilio", "feed": "feeds"}
"""By channel, the sandbox's name of the far end."""
PLACES = {"facebook": "1234", "twitter": "5678", "wordpress": "wp", "sms": "Fjordvik", "feed": "skolen"}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
def pointed(settings: Settings, server: SandboxServer) -> Settings:
    server.clear()
    held = {
        "graph_url": f"{server.url}/graph",
        "x_url": f"{server.url}/x",
        "twilio_url": f"{server.url}/twilio",
        "twilio_account_sid": SecretStr(server.account_sid),
        "twilio_auth_token": SecretStr(server.token),
        "x_consumer_key": SecretStr("key"),
        "x_consumer_secret": SecretStr("secret"),
        "sms_settle_seconds": 0.0,
        "call_seconds": 4.0,
        "public_url": "http://127.0.0.1:9",
    }
    return Settings(**settings.model_dump() | held)


@pytest.fixture
async def live(pointed: Settings, crisis: Crisis) -> AsyncIterator[Engine]:
    engine = engine_for(Mode.ACTUAL, pointed, crisis.db)
    yield engine
    for channel in engine.channels.values():
        await channel.close()


@pytest.fixture
def watching(bench: Workbench, live: Engine, pointed: Settings) -> Watchman:
    """A watch that looks at everything every second."""
    opener, feed = openers_for(Mode.ACTUAL, pointed).account, feed_watch_of(setup_for(Mode.ACTUAL, pointed))
    duty = WatchDuty(*(bench.db, Mode.ACTUAL, live.channels, opener), feed=feed, every=1.0, chance=random.Random(1))
    return Watchman(bench, duty)


async def school(bench: Workbench, server: SandboxServer) -> int:
    """A unit's site that we do not publish on, watched by its feed."""
    async with bench.db.transaction() as session:
        row = Account(
            channel="school site", name="Skolens nettsted", unit="skolen", feed_url=f"{server.url}/feeds/skolen"
        )
        session.add(row)
    return row.id


async def deliver(live: Engine) -> None:
    for lane in (Lane.PUBLIC, Lane.SMS):
        await live.deliver(lane)


@pytest.mark.parametrize("skew", [-300.0, 0.0, 300.0])
async def test_what_comes_out_behind_our_back_is_found_at_the_next_look_on_every_platform(
    bench: Workbench, live: Engine, watching: Watchman, server: SandboxServer, skew: float
) -> None:
    for provider in PROVIDERS.values():
        server.scene(provider, skew_seconds=skew)
    await school(bench, server)
    for channel, provider in PROVIDERS.items():
        server.foreign(f"old {channel}", provider, PLACES[channel], "Fra før låsen.", age_seconds=200)
    ids = await bench.everywhere(server.url, people=3)
    await deliver(live)
    states = await bench.states(ids)
    assert set(states) <= {"accepted", "sent", "delivered"}, states
    assert await watching.look() == [], "nothing of ours, and nothing from before"
    watched = {row.account_id: row for row in await watching.watches()}
    assert len(watched) == len(PROVIDERS)
    assert all(row.looked_at is not None and row.error is None for row in watched.values()), watched
    for channel, provider in PROVIDERS.items():
        server.foreign(f"new {channel}", provider, PLACES[channel], "Kom på lesestund i kveld!", author="Kari Holm")
    found = await watching.look()
    assert sorted(each.channel for each in found) == sorted([*PROVIDERS.keys() - {"feed"}, "school site"])
    for each in found:
        assert "Kom på lesestund i kveld!" in each.text
        assert 0 <= each.after.total_seconds() < 60, each
    assert {each.author for each in found if each.channel in {"facebook", "wordpress"}} == {"Kari Holm"}
    assert all(each.url for each in found if each.channel != "sms")
    assert await watching.look() == found
    assert len(await watching.entries("breach")) == len(found)


async def test_our_own_are_none_in_whatever_way_they_came_out(
    bench: Workbench, live: Engine, watching: Watchman, server: SandboxServer
) -> None:
    for provider in ("graph", "x", "twilio"):
        server.fault(provider, "5xx_after", times=1)  # accepted, and nobody tells us so
    ids = await bench.everywhere(server.url, people=2)
    await deliver(live)
    assert (await bench.states(ids))["unknown"] >= 2
    assert await watching.look() == [], "what may be ours is left for the next look"
    assert all(row.error is None for row in await watching.watches())
    for _ in range(3):
        await bench.run("UPDATE deliveries SET due_at = now() WHERE state IN ('unknown', 'retry_wait')")
        await deliver(live)
    assert await watching.look() == [], "unknown, and then found"
    revision = await follow(bench, Kind.CORRECTION)
    await deliver(live)
    assert set(await bench.states(await bench.of_revision(revision))) <= {"accepted", "sent", "delivered"}
    assert await watching.look() == [], "edits, comments, and what is written into the same post"
    assert {each["verb"] for each in server.records("graph")} >= {"create", "edit"}
    await withdraw_message(bench.db, EDITOR, 1, bench.crisis.capabilities)
    await deliver(live)
    assert await watching.look() == [], "what is taken down again"


async def test_what_an_editor_puts_out_by_hand_is_ours_before_and_after_they_have_said_so(
    bench: Workbench, live: Engine, watching: Watchman, server: SandboxServer
) -> None:
    server.fault("graph", "error", times=100, status=400, code=100, message="Invalid parameter.")
    await factories.account(bench.crisis, "facebook", address="1234")
    ids = await bench.alert()
    await deliver(live)
    assert await bench.states(ids) == {"rejected": 1}
    server.mend()
    async with bench.db.transaction() as session:
        said = (await session.execute(text("SELECT text FROM renditions"))).scalar_one()
    server.foreign("by hand", "graph", "1234", said)
    assert await watching.look() == [], "an editor may have put it out, and not have said so yet"
    link = "https://www.facebook.com/fjordvik/posts/pfbid0abc"
    await decide(bench.db, EDITOR, ids[0], Decision.MARK_SENT, validity=timedelta(hours=1), url=link)
    assert await watching.look() == []
    server.foreign("another", "graph", "1234", "Kom på lesestund i kveld!")
    (breach,) = await watching.look()
    assert breach.text == "Kom på lesestund i kveld!"


async def test_a_breach_is_taken_down_at_the_platform_and_a_deleted_page_says_so(
    bench: Workbench, live: Engine, watching: Watchman, server: SandboxServer, pointed: Settings
) -> None:
    page = await factories.account(bench.crisis, "facebook", unit=LIBRARY, address="1234")
    await factories.activation(bench.db)
    server.foreign("new", "graph", "1234", "Kom på lesestund i kveld!")
    (breach,) = await watching.look()
    done = await take_down(bench.db, EDITOR, breach.id, outside_of(pointed))
    assert (done.is_gone, done.breach.state) == (True, BreachState.TAKEN_DOWN), done.answer
    server.scene("graph", gone=["1234"])
    await watching.look()
    (row,) = await watching.watches()
    assert (row.account_id, row.is_absent) == (page, True), row.error
    server.scene("graph")
    server.fault("graph", "429", times=1, seconds=120, match={"verb": "read"})
    await watching.look()
    (row,) = await watching.watches()
    assert row.failures
    assert row.wait.total_seconds() > 60, row.error
    assert live.mode is Mode.ACTUAL


async def follow(bench: Workbench, kind: Kind) -> int:
    """The next revision of the first message, approved."""
    revision = await drafts.write(
        *(bench.db, EDITOR, 1, kind, CORRECTED, bench.crisis.settings.languages),
        message_id=1,
        next_update_at=clock.now() + timedelta(hours=1),
    )
    return (await bench.crisis.desk.approve(EDITOR, revision.id)).revision.id
