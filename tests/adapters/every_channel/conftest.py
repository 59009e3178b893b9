"""Every channel and its far end: the sandbox, over real sockets."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from crisis.channels import Channel
from tests.adapters.callback_receiver import CallbackReceiver
from tests.adapters.contract import APP_ID, OUTLETS, TWILIO_TOKEN, Outlet, shows_a_secret
from tests.adapters.sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(TWILIO_TOKEN, CRISIS_FACEBOOK_APP_ID=APP_ID) as running:
        yield running


@pytest.fixture(scope="module")
def receiver() -> Iterator[CallbackReceiver]:
    with CallbackReceiver() as running:
        yield running


@pytest.fixture(params=OUTLETS)
def outlet(
    request: pytest.FixtureRequest,
    server: SandboxServer,
    receiver: CallbackReceiver,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Outlet]:
    """A channel's far end, empty and behaving. Whatever was done with it, no secret was in a URL or a log line."""
    server.clear()
    caplog.set_level(logging.DEBUG)
    yield OUTLETS[request.param](server, tmp_path, receiver.url)
    assert {counts.get("tokens_in_urls", 0) for counts in server.counts().values()} == {0}
    assert not any(shows_a_secret(each["target"]) for each in server.requests())
    assert not any(shows_a_secret(record.getMessage()) for record in caplog.get_records("call"))


@pytest.fixture
async def channel(outlet: Outlet) -> AsyncIterator[Channel]:
    async with outlet.opened() as channel:
        yield channel
