"""A town with units, contacts, and everything that tells them, run by hand."""

from collections.abc import Iterator

import pytest

from crisis.bootstrap import Crisis
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.notifications.town import Town


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
def sandbox(shared_sandbox: SandboxServer) -> SandboxServer:
    shared_sandbox.clear()
    return shared_sandbox


@pytest.fixture
def town(crisis: Crisis, sandbox: SandboxServer) -> Town:
    return Town(crisis, sandbox)
