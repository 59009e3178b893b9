"""The domain on the tests' database, and a guard over every move a delivery makes there."""

from collections.abc import AsyncIterator

import pytest

from crisis.bootstrap import Crisis, crisis_of
from crisis.db import Database, no_bell
from crisis.settings import Settings
from tests.crisis.moves import Moves


@pytest.fixture
async def moves(db: Database) -> AsyncIterator[Moves]:
    """From here on the database refuses a move that ``MOVES`` does not allow, and remembers the others."""
    async with Moves.guarding(db) as guard:
        yield guard


@pytest.fixture
async def crisis(settings: Settings, moves: Moves) -> AsyncIterator[Crisis]:  # noqa: ARG001 - the guard stands over all of it
    """The domain, with nobody to ring for: the tests send by themselves."""
    made = crisis_of(settings, bell=no_bell)
    yield made
    await made.db.close()
