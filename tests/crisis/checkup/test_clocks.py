from datetime import UTC, datetime, timedelta

import pytest

from crisis.bootstrap import Crisis
from crisis.checkup import clocks
from crisis.checkup.findings import Level

THERE = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "level", "found"),
    [
        (9.9, Level.OK, "Agrees with the database's."),
        (-9.9, Level.OK, "Agrees with the database's."),
        (10.0, Level.WRONG, "Is 10 s ahead of the database's."),
        (3600.0, Level.WRONG, "Is 60 minutes ahead of the database's."),
        (-7200.0, Level.WRONG, "Is 2 hours behind the database's."),
    ],
)
def test_a_clock_that_is_off_is_said_with_what_to_do(ahead: float, level: Level, found: str) -> None:
    finding = clocks.judged(THERE + timedelta(seconds=ahead), THERE)
    assert (finding.level, str(finding.found)) == (level, found)
    assert bool(finding.advice) == (level is Level.WRONG)


async def test_this_machine_is_the_databases_too(crisis: Crisis) -> None:
    assert (await clocks.finding(crisis)).level is Level.OK
