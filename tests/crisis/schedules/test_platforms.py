"""On each platform where posts are scheduled, over sockets: what waits there when the lock falls is kept, and does not go out."""

import json
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from crisis.accounts.models import Account
from crisis.bootstrap import channels_for, openers_for, renderer_of
from crisis.channel_set import ChannelSet
from crisis.mode import Mode
from crisis.schedules import planned as shelf
from crisis.schedules.copies import Copies
from crisis.schedules.duty import ScheduleDuty
from crisis.schedules.models import PlannedState
from crisis.settings import Settings
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.deliveries.workbench import LIBRARIAN, LIBRARY, Workbench

PROVIDERS = {"facebook": ("graph", "1234"), "wordpress": ("wordpress", "wp")}
ADMINISTRATOR = {"username": "administrator", "application_password": "word", "publisher": "crisis"}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
async def channels(settings: Settings, server: SandboxServer) -> AsyncIterator[ChannelSet]:
    server.clear()
    pointed = Settings(**settings.model_dump() | {"graph_url": f"{server.url}/graph", "call_seconds": 4.0})
    made = channels_for(Mode.ACTUAL, pointed)
    yield made
    await made.close()


def records(server: SandboxServer, provider: str) -> list[dict[str, Any]]:
    return [each for each in server.records(provider) if each["verb"] in {"edit", "delete"}]


async def test_what_waits_at_facebook_and_in_wordpress_is_kept_for_its_owner_and_does_not_go_out(
    bench: Workbench, channels: ChannelSet, server: SandboxServer
) -> None:
    await factories.account(bench.crisis, "facebook", unit=LIBRARY, address="1234")
    site = await factories.account(bench.crisis, "wordpress", unit=LIBRARY, address=f"{server.url}/wp")
    async with bench.db.transaction() as session:
        account = await session.get_one(Account, site)
        sealed = bench.crisis.credentials.seal(json.dumps(ADMINISTRATOR), f"account:{site}:admin".encode())
        account.admin_credentials = sealed
    for channel, (provider, place) in PROVIDERS.items():
        server.foreign(channel, provider, place, "Lesestund på lørdag kl. 12", author="Kari Holm", due_in_seconds=7_200)
    await factories.activation(bench.db)
    settings = bench.crisis.settings
    copies = Copies(channels, lambda: renderer_of(settings), settings.languages[0])
    openers = openers_for(Mode.ACTUAL, settings)
    duty = ScheduleDuty(bench.db, Mode.ACTUAL, channels, openers, copies, chance=random.Random(1))
    while await duty.round():
        pass
    async with bench.db.transaction() as session:
        found = await shelf.list_planned(session, Mode.ACTUAL)
    assert {each.channel: each.state for each in found} == dict.fromkeys(PROVIDERS, PlannedState.UNSCHEDULED), [
        each.error for each in found
    ]
    assert {each.author for each in found} == {"Kari Holm"}
    posts = await bench.crisis.posts.blocked(LIBRARIAN, mode=Mode.ACTUAL)
    assert {post.text for post in posts} == {"Lesestund på lørdag kl. 12"}, "the words, and no markup"
    assert sorted(post.channel for post in posts) == sorted(PROVIDERS)
    for channel, (provider, _) in PROVIDERS.items():
        assert len(records(server, provider)) == 1, channel
