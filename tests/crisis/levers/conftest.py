"""A platform with three units' accounts, and the town they are in."""

from collections.abc import Iterator

import pytest

from crisis.db import Database
from tests.crisis.levers.platform import Platform
from tests.crisis.levers.town import Town


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform("library", "school", "pool") as running:
        yield running


@pytest.fixture
async def town(db: Database, platform: Platform) -> Town:
    made = Town(db, platform)
    await made.build()
    return made
