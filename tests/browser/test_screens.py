"""Every screen in every state, at every width and in both schemes: nothing that axe-core objects to, nothing to scroll sideways,
and everything large enough to press.
"""

import re

import pytest

from crisis.mode import Mode
from crisis.roles import Role
from tests.browser import places
from tests.browser.conftest import Enter
from tests.browser.places import Ids
from tests.browser.town import Town
from tests.browser.visitor import ZOOMED, Visitor

NO_SCREEN = re.compile(
    r"/log/export|\.pdf|/answer/|/live|\.csv|/rejected|/oidc|/enrol|/login|/demo|/confirm|/kept|/break-glass|/appointments|/inbox/strip|/k/"
)
"""Addresses that give a file or a stream; and those before signing in, which have tests of their own."""


async def wrong_with(enter: Enter, ids: Ids, state: str) -> list[str]:
    """What is wrong with any page in this state."""
    windows: dict[Role, Visitor] = {}
    wrong = []
    for role, path in places.of(ids):
        window = windows.setdefault(role, windows.get(role) or await enter(role))
        try:
            await window.go(path)
        except AssertionError as error:
            wrong.append(str(error))
            continue
        wrong += await window.check(f"{state} {path.removesuffix('?mode=exercise')}")
        await window.wear(ZOOMED)
        wrong += [f"{path} at 400 %: {each}" for each in await window.too_wide()]
    return wrong


async def test_in_ordinary_times(enter: Enter) -> None:
    wrong = await wrong_with(enter, Ids(), "normal")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("mode", [Mode.ACTUAL, Mode.EXERCISE], ids=["crisis", "exercise"])
async def test_in_a_crisis_and_in_an_exercise(enter: Enter, town: Town, mode: Mode) -> None:
    wrong = await wrong_with(enter, await town.in_crisis(mode), "crisis" if mode is Mode.ACTUAL else "exercise")
    assert not wrong, "\n".join(wrong)


def test_no_screen_is_left_out() -> None:
    left = [path for path in places.addresses() if not places.is_among(path) and not NO_SCREEN.search(path)]
    assert not left, "put these among the places, or say here why they are no screens"
