"""A workbench, and a watch that looks when it is told to."""

import random
from collections.abc import Callable

import pytest

from crisis.bootstrap import Crisis, openers_for
from crisis.mode import Mode
from crisis.watch.duty import WatchDuty
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.moves import Moves
from tests.crisis.watch.wall import Wall
from tests.crisis.watch.watchman import Watchman


@pytest.fixture
def bench(crisis: Crisis, moves: Moves) -> Workbench:
    return Workbench(crisis, moves)


@pytest.fixture
def watchman(bench: Workbench) -> Callable[..., Watchman]:
    """Watches these walls."""

    def of(*walls: Wall, mode: Mode = Mode.ACTUAL) -> Watchman:
        opener = openers_for(mode, bench.crisis.settings).account
        channels = {wall.name: wall for wall in walls}
        return Watchman(bench, WatchDuty(bench.db, mode, channels, opener, chance=random.Random(1)))

    return of
