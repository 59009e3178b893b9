"""A workbench for units' posts, and a unit's page to post on."""

import pytest

from crisis.bootstrap import Crisis
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.moves import Moves


@pytest.fixture
def bench(crisis: Crisis, moves: Moves) -> Workbench:
    return Workbench(crisis, moves)


@pytest.fixture
async def page(bench: Workbench) -> int:
    return await bench.unit_account()
