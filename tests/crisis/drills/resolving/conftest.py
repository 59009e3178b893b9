"""The sandbox, and the engine that sends the messages of an exercise to it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from crisis.bootstrap import Crisis, engine_for
from crisis.deliveries.engine import Engine
from crisis.mode import Mode
from crisis.settings import Settings
from tests.adapters.sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
async def engine(settings: Settings, crisis: Crisis, server: SandboxServer) -> AsyncIterator[Engine]:
    """What an exercise worker works with."""
    server.clear()
    pointed = settings.model_copy(update={"sandbox_url": server.url, "sandbox_token": SecretStr(server.token)})
    made = engine_for(Mode.EXERCISE, pointed, crisis.db)
    yield made
    await made.close()
