"""The bar at the top in a crisis with a promise: one row on a screen, in every language, and nothing in it on top of anything."""

import pytest

from crisis.roles import Role
from tests.browser.conftest import Enter
from tests.browser.town import Town
from tests.browser.visitor import Look

LOOKS = [Look(width, 800, scheme) for width in (1280, 390, 320) for scheme in ("light", "dark")]
ROW = 72
"""CSS px: what is pressed, and the space around it."""
_ROW = """
() => {
  const boxes = [...document.querySelectorAll(".bar-state, .bar-promise, .bar-who")].map((each) => each.getBoundingClientRect());
  const bar = document.querySelector(".bar").getBoundingClientRect();
  return Math.max(...boxes.map((box) => box.bottom)) - bar.top;
}
"""
"""How far down what always stands in the bar reaches. What is wrong has a line of its own under it."""
_OVERLAPS = """
() => {
  const seen = [...document.querySelectorAll(".bar-state > *, .bar-promise, .bar-who > *, .bar-trouble")]
    .filter((each) => each.checkVisibility())
    .map((each) => [each.textContent.trim().slice(0, 30), each.getBoundingClientRect()])
    .filter(([, box]) => box.width);
  return seen.flatMap(([name, box], n) => seen.slice(n + 1)
    .filter(([, other]) => box.left < other.right - 1 && other.left < box.right - 1 && box.top < other.bottom - 1 && other.top < box.bottom - 1)
    .map(([other]) => `${name} / ${other}`));
}
"""


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
async def test_the_bar_is_one_calm_row_and_nothing_lies_on_anything(enter: Enter, town: Town, language: str) -> None:
    await town.in_crisis()
    window = await enter(Role.PREPAREDNESS, language=language)
    await window.go("/messages")
    wrong = []
    for look in LOOKS:
        await window.wear(look)
        await window.shot(f"bar {language}")
        wrong += [f"{look.name}: {each}" for each in await window.page.evaluate(_OVERLAPS)]
        row = await window.page.evaluate(_ROW)
        title = await window.page.locator(".bar-title").bounding_box()
        assert title is not None
        if look.width >= 1280:
            assert row <= ROW, f"{look.name}: {row} px"
            assert title["width"] >= 120, f"{look.name}: the title has {title['width']} px"
    assert not wrong, "\n".join(wrong)
