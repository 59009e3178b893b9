"""A workbench for the engine: posts and messages to send, an outlet to send them through, and the clock to move."""

from collections.abc import AsyncIterator, Iterator

import pytest

from crisis.bootstrap import Crisis, engine_for
from crisis.deliveries.engine import Engine
from crisis.mode import Mode
from crisis.settings import Settings
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.moves import Moves


@pytest.fixture
def bench(crisis: Crisis, moves: Moves) -> Workbench:
    return Workbench(crisis, moves)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
async def live(settings: Settings, crisis: Crisis, server: SandboxServer) -> AsyncIterator[Engine]:
    """The engine as a worker has it, with the providers' addresses pointed at the sandbox."""
    server.clear()
    pointed = Settings(
        **settings.model_dump()
        | {
            "graph_url": f"{server.url}/graph",
            "x_url": f"{server.url}/x",
            "twilio_url": f"{server.url}/twilio",
            "twilio_account_sid": server.account_sid,
            "twilio_auth_token": server.token,
            "x_consumer_key": "key",
            "x_consumer_secret": "secret",
            "sms_settle_seconds": 0.0,
            "call_seconds": 2.0,
            "public_url": "http://127.0.0.1:9",
        }
    )
    engine = engine_for(Mode.ACTUAL, pointed, crisis.db)
    yield engine
    for channel in engine.channels.values():
        await channel.close()
