"""The crisis page as residents meet it: in a browser, from the disk alone, on a phone, in the dark, on paper, by keyboard."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.adapters.chromium import SCHEMES, WIDTHS, Watched
from tests.adapters.told import CONTENTS, site, tell
from tests.browser.accessibility import too_small, too_wide

STATES = {
    "peace": ("peace", "index.html"),
    "ongoing": ("ongoing", "index.html"),
    "not-here": ("ongoing", "nn.html"),
    "clear": ("clear", "index.html"),
    "retracted": ("retracted", "index.html"),
    "over": ("over", "index.html"),
    "archive": ("over", "archive-activation-7.html"),
    "message": ("retracted", "message-2026-0007-31.html"),
    "noticeboard": ("ongoing", "noticeboard.html"),
    "exercise": ("exercise", "index.html"),
    "exercise-noticeboard": ("exercise", "noticeboard.en.html"),
}


@pytest.mark.parametrize("state", STATES)
async def test_everyone_can_read_it_in_every_state_width_and_scheme(
    watched: Watched, folders: dict[str, Path], state: str
) -> None:
    name, file = STATES[state]
    await watched.page.goto((folders[name] / file).as_uri())
    for width in WIDTHS:
        await watched.page.set_viewport_size({"width": width, "height": 720})
        for scheme in SCHEMES:
            await watched.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            await watched.keep(f"crisis-page-{state}-{width}-{scheme}")
            assert await watched.violations() == [], (width, scheme)
            assert await too_wide(watched.page) == [], width
            assert await too_small(watched.page) == [], width
    assert {url.rpartition("/")[2] for url in watched.requests} == {file}, "nothing else is loaded, from anywhere"
    assert watched.complaints == []
    assert await watched.page.context.cookies() == []


async def test_neither_scheme_flashes_white_and_the_dark_one_is_dark(
    watched: Watched, folders: dict[str, Path]
) -> None:
    paper = "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
    await watched.page.emulate_media(color_scheme="light")
    await watched.page.goto((folders["ongoing"] / "index.html").as_uri())
    assert min(await watched.page.evaluate(paper)) < 255
    await watched.page.emulate_media(color_scheme="dark")
    assert max(await watched.page.evaluate(paper)) < 40


async def test_the_keyboard_meets_the_way_past_the_rest_first_and_every_stop_is_seen(
    watched: Watched, folders: dict[str, Path]
) -> None:
    await watched.page.goto((folders["ongoing"] / "index.html").as_uri())
    await watched.page.keyboard.press("Tab")
    at = "({said: document.activeElement.textContent, left: document.activeElement.getBoundingClientRect().left, outline: getComputedStyle(document.activeElement).outlineStyle})"
    first = await watched.page.evaluate(at)
    assert first["said"] == "Hopp til innholdet"
    assert first["left"] >= 0
    stops = []
    for _ in range(12):
        await watched.page.keyboard.press("Tab")
        stop = await watched.page.evaluate(at)
        assert stop["outline"] != "none", stop
        stops.append(stop["said"])
    assert stops[:3] == ["Bokmål", "Nynorsk", "English"]
    assert "Oppdater siden" in stops


async def test_a_word_of_any_length_breaks_on_a_small_phone(browser: Browser, tmp_path: Path) -> None:
    long = "Kvikkleireskredfareområdeevakueringsplan" * 3
    contents = {"nb": {**CONTENTS["nb"], "headline": long[:110], "where": long, "what_to_do": [long]}}
    website = site(tmp_path / "public")
    await tell(website, ("alert", "update"), contents=contents)
    context = await browser.new_context(viewport={"width": 320, "height": 640})
    shown = await context.new_page()
    for name in ("index.html", "noticeboard.html", "message-2026-0007-31.html"):
        await shown.goto((tmp_path / "public" / name).as_uri())
        assert await shown.evaluate("document.documentElement.scrollWidth") <= 320, name
    await context.close()


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


@pytest.mark.parametrize("length", [1, 6, 12])
async def test_the_sheet_is_one_page_of_a4_however_much_is_said(watched: Watched, tmp_path: Path, length: int) -> None:
    sentence = "Det har gått et kvikkleireskred ved Moen, og det er fare for flere skred i området. "
    contents = {"nb": {**CONTENTS["nb"], "what_happened": sentence * length}}
    await tell(site(tmp_path / "public"), ("alert",), contents=contents)
    await watched.page.goto((tmp_path / "public" / "noticeboard.html").as_uri())
    pdf = await watched.page.pdf(prefer_css_page_size=True)
    assert pages_of(pdf) == 1
    assert re.search(rb"/MediaBox \[0 0 59[45][.0-9]* 84[12]", pdf), "A4"
    await watched.page.emulate_media(media="print")
    shown = await watched.page.inner_text("body")
    for said in (
        "Gjør dette nå",
        "Møt på Fjordhallen.",
        "Neste melding kommer kl. 06.28.",
        "krise.fjordvik.kommune.no",
    ):
        assert said in shown, said
    assert not await watched.page.is_visible("nav")
    size = await watched.page.evaluate("parseFloat(getComputedStyle(document.querySelector('.sheet')).fontSize) * 0.75")
    assert size >= 12, "points"
    await watched.keep(f"noticeboard-paper-{length}")


async def test_the_page_prints_black_on_white_without_what_paper_cannot_do(
    watched: Watched, folders: dict[str, Path]
) -> None:
    await watched.page.emulate_media(media="print", color_scheme="dark")
    await watched.page.goto((folders["ongoing"] / "index.html").as_uri())
    colours = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h3')).color]"
    assert await watched.page.evaluate(colours) == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    for gone in ("nav", ".reload", ".feed"):
        assert not await watched.page.locator(gone).first.is_visible(), gone
    await watched.keep("crisis-page-paper")
