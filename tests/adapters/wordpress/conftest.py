"""A stand-in for a WordPress site, and the channel that writes to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.wordpress import WordPress
from tests.adapters.scripted import Scripted
from tests.adapters.wordpress.site import setup_for


@pytest.fixture
def site() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


@pytest.fixture
async def wordpress() -> AsyncIterator[WordPress]:
    channel = WordPress(setup_for())
    yield channel
    await channel.close()
