"""A far end for every channel, over real sockets."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.contract import APP_ID, TWILIO_TOKEN, shows_a_secret
from tests.adapters.lock_contract import ADMIN_TOKEN, BESIDE, HELD, Held
from tests.adapters.sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(TWILIO_TOKEN, CRISIS_FACEBOOK_APP_ID=APP_ID) as running:
        yield running


@pytest.fixture
def outlet(
    request: pytest.FixtureRequest, server: SandboxServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Held]:
    """A far end, empty and behaving. Whatever was done with it, no secret was in a URL or a log line."""
    server.clear()
    caplog.set_level(logging.DEBUG)
    yield {**HELD, **BESIDE}[request.param](server, tmp_path, "http://127.0.0.1:1")
    assert {counts.get("tokens_in_urls", 0) for counts in server.counts().values()} == {0}
    seen = [
        *(each["target"] for each in server.requests()),
        *(each.getMessage() for each in caplog.get_records("call")),
    ]
    assert not any(shows_a_secret(each) or ADMIN_TOKEN in each for each in seen)


@pytest.fixture
async def channel(outlet: Held) -> AsyncIterator[Any]:
    async with outlet.opened() as channel:
        yield channel
