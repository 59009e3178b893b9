"""Every channel with something that the public can see, at one sandbox that also serves the crisis page."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.guard import Guard
from adapters.visit import Visitor
from crisis.channels import Channel
from tests.adapters.contract import OUTLETS, TWILIO_TOKEN, Outlet
from tests.adapters.look.page import PageOutlet
from tests.adapters.sandbox_server import SandboxServer

PUBLIC = [name for name, each in OUTLETS.items() if each.name != "sms"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "exercise" / "public"


@pytest.fixture(scope="module")
def sandbox(folder: Path) -> Iterator[SandboxServer]:
    with SandboxServer(TWILIO_TOKEN, CRISIS_EXERCISE_PUBLIC_DIR=str(folder)) as running:
        yield running


@pytest.fixture(params=PUBLIC)
def outlet(request: pytest.FixtureRequest, sandbox: SandboxServer, folder: Path, tmp_path: Path) -> Outlet:
    sandbox.clear()
    if request.param == "website":
        return PageOutlet(sandbox, folder)
    return OUTLETS[request.param](sandbox, tmp_path, "http://127.0.0.1:9")


@pytest.fixture
async def channel(outlet: Outlet) -> AsyncIterator[Channel]:
    async with outlet.opened() as channel:
        yield channel


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    made = Visitor(Guard(None), call_seconds=2.0)
    yield made
    await made.close()
