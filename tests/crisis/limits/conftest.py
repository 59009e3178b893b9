"""A workbench for what limits are counted from: deliveries in the database."""

import pytest

from crisis.bootstrap import Crisis
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.moves import Moves


@pytest.fixture
def bench(crisis: Crisis, moves: Moves) -> Workbench:
    return Workbench(crisis, moves)
