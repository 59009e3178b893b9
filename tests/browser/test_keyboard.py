"""Every screen by Tab alone: whatever can be pressed or written in is come to, is seen to be where the keyboard is, and none
holds it. The order is that of the page, from the way past the menu on. What changes by itself leaves the keyboard where it is.
"""

import pytest
from playwright.async_api import expect

from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.browser import places
from tests.browser.conftest import Enter
from tests.browser.town import Town
from tests.browser.visitor import Visitor
from tests.crisis.deliveries.workbench import LIBRARIAN

FIRST = "Hopp til innholdet"
_MARK = """
() => {
  window.stops = [];
  document.body.tabIndex = -1; // from the top, also where a field has the focus from the start
  document.body.focus();
  document.body.removeAttribute("tabindex");
  window.inOrder = true;
  addEventListener("focusin", ({ target }) => {
    // Asked at once: of what was written anew in between, there is no order any more.
    const before = window.stops.at(-1)?.[0];
    if (before?.isConnected && before !== target && window.wanted.includes(target) && window.stops.length < window.wanted.length &&
        !(before.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING)) window.inOrder = false;
    const style = getComputedStyle(target);
    const around = getComputedStyle(target.closest(".ds-field") ?? target);
    const seen = [style, around].some((each) => each.outlineStyle !== "none" || each.boxShadow !== "none");
    window.stops.push([target, seen]);
  });
  window.pressed = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  window.wanted = [...document.querySelectorAll(window.pressed)].filter((each) =>
    each.checkVisibility({ visibilityProperty: true }) && !each.disabled && !each.closest("[aria-hidden=true]") &&
    (each.type !== "radio" || each.checked));
  return window.wanted.length + 8 * document.querySelectorAll("[type=date]").length + 10;
}
"""
_FOUND = """
() => {
  const name = (each) => each.outerHTML.slice(0, 120);
  const reached = window.stops.map(([each]) => each);
  return {
    first: reached[0]?.textContent.trim(),
    missed: window.wanted.filter((each) => each.isConnected && !reached.includes(each)).map(name),
    unseen: [...new Set(window.stops.filter(([, seen]) => !seen).map(([each]) => name(each)))],
    inOrder: window.inOrder,
    forgotten: [...document.querySelectorAll(`:is([sse-swap], [hx-trigger^=every]) :is(${window.pressed})`)]
      .filter((each) => !each.id).map(name),
  };
}
"""


@pytest.mark.parametrize("mode", Mode)
async def test_every_screen_can_be_used_by_tab_alone(enter: Enter, town: Town, mode: Mode) -> None:
    """In the exercise those that are there only in a drill; the others are the same."""
    windows: dict[Role, Visitor] = {}
    wrong = []
    for role, path in places.of(await town.in_crisis(mode)):
        if mode is Mode.EXERCISE and not path.startswith(("/drills/", "/inbox")):
            continue
        window = windows.setdefault(role, windows.get(role) or await enter(role))
        await window.go(path)
        for _ in range(await window.page.evaluate(_MARK)):
            await window.page.keyboard.press("Tab")
        found = await window.page.evaluate(_FOUND)
        if found != {"first": FIRST, "missed": [], "unseen": [], "inOrder": True, "forgotten": []}:
            wrong.append(f"{path}: {found}")
    assert not wrong, "\n".join(wrong)


async def test_what_changes_by_itself_leaves_the_keyboard_where_it_is(enter: Enter, town: Town) -> None:
    activation, (unit, *_) = await factories.activation(town.crisis.db), await town.crisis.posts.outlets(LIBRARIAN)
    editor = await enter(Role.EDITOR)
    await editor.go(f"/activations/{activation.id}/lock-board")
    await expect(editor.page.locator("[data-live]")).to_have_attribute("data-live", "on")
    fold = editor.page.locator(f"#why-{unit.account.id}")
    await fold.locator("summary").focus()
    await editor.page.keyboard.press("Enter")
    await town.behind_the_gate(activation, unit.account.id)
    await expect(editor.page.get_by_role("link", name="Ta deg av det")).to_be_visible()
    await expect(fold).to_have_attribute("open", "")
    await expect(fold.locator("summary")).to_be_focused()


async def test_what_a_drill_leader_has_unfolded_stays_so_when_the_timeline_is_written_anew(
    enter: Enter, town: Town
) -> None:
    there = await town.in_crisis(Mode.EXERCISE)
    leader = await enter(Role.EDITOR)
    await leader.go(f"/drills/{there.drill}")
    fold = leader.page.locator("details[id^='otherwise-']").last
    await fold.locator("summary").click()
    await leader.page.evaluate("document.getElementById('timeline').dataset.old = 'yes'")
    await leader.page.locator("[id^='injects-'][id$='-skip']").first.click()
    await expect(leader.page.locator("#timeline[data-old]")).to_have_count(0)
    await expect(fold).to_have_attribute("open", "")
