"""A workbench, and the duty of keeping what was planned from going out."""

import random
from collections.abc import Callable

import pytest

from crisis.bootstrap import Crisis, openers_for, renderer_of
from crisis.mode import Mode
from crisis.schedules.copies import Copies
from crisis.schedules.duty import ScheduleDuty
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.moves import Moves
from tests.crisis.schedules.agenda import Agenda


@pytest.fixture
def bench(crisis: Crisis, moves: Moves) -> Workbench:
    return Workbench(crisis, moves)


@pytest.fixture
def duty(bench: Workbench) -> Callable[..., ScheduleDuty]:
    """Sees to these agendas."""

    def of(*agendas: Agenda) -> ScheduleDuty:
        settings, channels = bench.crisis.settings, {agenda.name: agenda for agenda in agendas}
        copies = Copies(channels, lambda: renderer_of(settings), settings.languages[0])
        openers = openers_for(Mode.ACTUAL, settings)
        return ScheduleDuty(bench.db, Mode.ACTUAL, channels, openers, copies, chance=random.Random(1))

    return of
