"""``kill -9`` between any two lines: levers converge, what was saved stays what was so, and nothing is left revoked."""

import asyncio
import signal

import pytest

from tests.crisis.levers import process
from tests.crisis.levers.platform import PUBLISHES
from tests.crisis.levers.town import ALL_BACK, ALL_PULLED, Town

KILLED = -signal.SIGKILL
PULLING = ("plan", "claim", "inspect", "save", "revoke", "read back", "write")
RESTORING = ("plan", "claim", "inspect", "take", "restore", "read back", "write")


async def crash(town: Town, step: str, times: int) -> int:
    return await asyncio.to_thread(process.run, town.db.url, town.platform.url, step, times)


async def saved(town: Town) -> list[list[str]]:
    rows = (await town.row("library")).saved["rights"]
    return [each["rights"] for each in rows]


@pytest.mark.parametrize("step", PULLING)
async def test_a_crash_while_levers_are_pulled(town: Town, step: str) -> None:
    activation = await town.activate()
    assert await crash(town, step, 1) == KILLED
    await town.later(2)
    assert await town.states() == ALL_PULLED
    assert await saved(town) == [[PUBLISHES, "manage"], [PUBLISHES], ["read"]]
    await town.stand_down(activation)
    await town.later(2)
    assert await town.states() == ALL_BACK
    assert town.platform.is_as_before


@pytest.mark.parametrize("step", ["save", "revoke", "read back", "write"])
async def test_a_crash_while_levers_are_pulled_and_a_stand_down_before_anybody_goes_on(town: Town, step: str) -> None:
    activation = await town.activate()
    assert await crash(town, step, 2) == KILLED
    await town.stand_down(activation)
    await town.later(2)
    assert await town.states() == ALL_BACK
    assert town.platform.is_as_before


@pytest.mark.parametrize("step", RESTORING)
async def test_a_crash_while_levers_are_given_back(town: Town, step: str) -> None:
    activation = await town.activate()
    await town.settle()
    await town.stand_down(activation)
    assert await crash(town, step, 2 if step not in {"plan", "claim"} else 1) == KILLED
    await town.later(2)
    assert await town.states() == ALL_BACK
    assert town.platform.is_as_before


@pytest.mark.parametrize("changes", [1, 2, 4])
async def test_a_crash_in_the_middle_of_a_verb(town: Town, changes: int) -> None:
    """Killed when the platform has done so many changes, of which nobody has heard the answer."""
    activation = await town.activate()
    town.platform.after_changes(changes, lambda: process.tell(working, signal.SIGKILL))
    working = process.start(town.db.url, town.platform.url)
    await asyncio.to_thread(town.platform.changed.wait, 60)
    await town.later(2)
    assert await town.states() == ALL_PULLED
    town.platform.after_changes(changes, lambda: process.tell(working, signal.SIGKILL))
    await town.stand_down(activation)
    working = process.start(town.db.url, town.platform.url)
    await asyncio.to_thread(town.platform.changed.wait, 60)
    await town.later(2)
    assert await town.states() == ALL_BACK
    assert town.platform.is_as_before


async def test_a_process_that_stood_still_and_comes_back_too_late_leaves_nothing_revoked(town: Town) -> None:
    """Frozen just before it takes the right away; meanwhile others pull, the activation is stood down and all is given back."""
    activation = await town.activate()
    working = await asyncio.to_thread(process.freeze, town.db.url, town.platform.url, "revoke")
    await town.later(2)
    await town.stand_down(activation)
    await town.later(2)
    assert await town.states() == ALL_BACK
    assert town.platform.is_as_before
    process.tell(working, signal.SIGCONT)
    await asyncio.to_thread(working.join, 60)
    assert working.exitcode == 0
    await town.settle()
    assert await town.states() == ALL_BACK
    assert town.platform.is_as_before
