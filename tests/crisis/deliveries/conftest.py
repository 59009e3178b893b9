"""A workbench for the engine: posts and messages to send, an outlet to send them through, and the clock to move."""

import pytest

from crisis.bootstrap import Crisis
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.moves import Moves


@pytest.fixture
def bench(crisis: Crisis, moves: Moves) -> Workbench:
    return Workbench(crisis, moves)
