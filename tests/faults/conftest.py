"""One installation per module: what a test kills, it or the next one starts again."""

from collections.abc import AsyncIterator, Iterator

import pytest

from crisis.bootstrap import Crisis
from tests.conftest import reachable_folder
from tests.faults.stack import Stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """PostgreSQL, Valkey, beat, and a sandbox that takes 40 ms for an SMS, so that a kill meets calls under way."""
    with reachable_folder() as home, Stack(home, latency=0.04) as running:
        running.beat()
        yield running


@pytest.fixture
async def crisis(stack: Stack) -> AsyncIterator[Crisis]:
    """The domain on the installation, emptied."""
    stack.behave()
    async with stack.crisis() as made:
        yield made
