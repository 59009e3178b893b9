"""Every screen by Tab alone: whatever can be pressed or written in is come to, is seen to be where the keyboard is, and none
holds it. The order is that of the page, from the way past the menu on.
"""

from crisis.roles import Role
from tests.browser import places
from tests.browser.conftest import Enter
from tests.browser.town import Town
from tests.browser.visitor import Visitor

FIRST = "Hopp til innholdet"
_MARK = """
() => {
  window.stops = [];
  document.body.tabIndex = -1; // from the top, also where a field has the focus from the start
  document.body.focus();
  document.body.removeAttribute("tabindex");
  addEventListener("focusin", ({ target }) => {
    const style = getComputedStyle(target);
    const around = getComputedStyle(target.closest(".ds-field") ?? target);
    const seen = [style, around].some((each) => each.outlineStyle !== "none" || each.boxShadow !== "none");
    window.stops.push([target, seen]);
  });
  const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")];
  window.wanted = all.filter((each) =>
    each.checkVisibility({ visibilityProperty: true }) && !each.disabled && !each.closest("[aria-hidden=true]") &&
    (each.type !== "radio" || each.checked));
  return window.wanted.length + 8 * document.querySelectorAll("[type=date]").length + 10;
}
"""
_FOUND = """
() => {
  const name = (each) => each.outerHTML.slice(0, 120);
  const reached = window.stops.map(([each]) => each);
  const inOrder = reached.every((each, n) => !n || each === reached[n - 1] || !window.wanted.includes(each) ||
    n >= window.wanted.length || reached[n - 1].compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING);
  return {
    first: reached[0]?.textContent.trim(),
    missed: window.wanted.filter((each) => each.isConnected && !reached.includes(each)).map(name),
    unseen: [...new Set(window.stops.filter(([, seen]) => !seen).map(([each]) => name(each)))],
    inOrder,
  };
}
"""


async def test_every_screen_can_be_used_by_tab_alone(enter: Enter, town: Town) -> None:
    windows: dict[Role, Visitor] = {}
    wrong = []
    for role, path in places.of(await town.in_crisis()):
        window = windows.setdefault(role, windows.get(role) or await enter(role))
        await window.go(path)
        for _ in range(await window.page.evaluate(_MARK)):
            await window.page.keyboard.press("Tab")
        found = await window.page.evaluate(_FOUND)
        if found["first"] != FIRST or found["missed"] or found["unseen"] or not found["inOrder"]:
            wrong.append(f"{path}: {found}")
    assert not wrong, "\n".join(wrong)
