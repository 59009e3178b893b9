"""Accessibility: what axe-core does not measure about a page that lies open in a browser: that nothing has to be scrolled
sideways, that what is pressed is large enough for a thumb, and where the keyboard is.
"""

from typing import Any

from playwright.async_api import Page

THUMB = 44
"""CSS px: WCAG 2.1, 2.5.5."""
_WIDE = """
() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  return [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > most + 1 && !each.closest(".scroll"))
    .slice(-5).map((each) => each.outerHTML.slice(0, 160));
}
"""
# A box to tick is pressed on its label too. A link in the middle of a sentence is as high as its line (WCAG 2.5.5, "inline").
_SMALL = """
(least) => {
  const seen = (each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest("[inert]");
  const inline = (each) => each.tagName === "A" && getComputedStyle(each).display === "inline" &&
    [...each.parentElement.childNodes].some((node) => node !== each && node.textContent.trim().length > 1);
  const found = [];
  for (const each of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [role=tab]")) {
    if (!seen(each) || inline(each) || each.matches(".ds-skip-link, .hidden-text")) continue;
    const box = each.getBoundingClientRect();
    let [top, bottom, left, right] = [box.top, box.bottom, box.left, box.right];
    for (const label of each.labels ?? []) {
      const other = label.getBoundingClientRect();
      if (!["checkbox", "radio", "file"].includes(each.type)) continue;
      [top, bottom] = [Math.min(top, other.top), Math.max(bottom, other.bottom)];
      [left, right] = [Math.min(left, other.left), Math.max(right, other.right)];
    }
    if (bottom - top < least - 0.5 || right - left < 24)
      found.push(`${Math.round(right - left)}x${Math.round(bottom - top)}: ${each.outerHTML.slice(0, 140)}`);
  }
  return found;
}
"""


async def too_wide(page: Page) -> list[str]:
    """What sticks out to the right, where the page has to be scrolled sideways."""
    found: list[str] = await page.evaluate(_WIDE)
    return found


async def too_small(page: Page, least: int = THUMB) -> list[str]:
    """What is pressed and is lower than a thumb needs."""
    found: list[str] = await page.evaluate(_SMALL, least)
    return found


async def focused(page: Page) -> str:
    """What the keyboard is in now: the element's id, name or words; ``""`` where it is lost."""
    said: Any = await page.evaluate(
        "() => { const at = document.activeElement; return !at || at === document.body ? '' : at.id || at.name || at.textContent.trim(); }"
    )
    return str(said)
