"""The crisis page as residents meet it: in a browser, from the disk alone, on a phone, in the dark, on paper, by keyboard."""

import functools
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from playwright.async_api import Browser

from crisis.messages.content import Content
from crisis.messages.render import Renderer
from crisis.mode import Mode
from tests.adapters.chromium import SCHEMES, WIDTHS, Watched, chromium
from tests.adapters.told import CONTENTS, site, tell, told
from tests.adapters.website.page import ACCOUNT, AT, TEMPLATES, snapshot
from tests.browser.accessibility import too_small, too_wide

OVER = {"activation-7": datetime(2026, 11, 28, tzinfo=UTC)}
HOSTILE = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"><svg onload=document.title='owned'>",
    "' onmouseover='document.title=1' x='",
    "</style><script>document.title='owned'</script>",
    "</title><script>document.title='owned'</script>",
    "javascript:document.title='owned'",
    "{{ 7 * 7 }}{% raw %}",
    "${document.title='owned'}",
    "]]><script>document.title='owned'</script>",
    "<!-- --><iframe srcdoc=\"<script>parent.document.title='owned'</script>\">",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a href=\"javascript:document.title='owned'\">klikk</a>",
    "\u202e</p><base href=//example.invalid>",
    "<math><mtext></table><img src onerror=document.title='owned'>",
)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


@pytest.fixture
async def watched(browser: Browser) -> AsyncIterator[Watched]:
    context = await browser.new_context()
    yield Watched(await context.new_page())
    await context.close()


@pytest.fixture(scope="module")
async def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page in every state it has."""
    home = tmp_path_factory.mktemp("pages")
    kinds = {
        "peace": (),
        "ongoing": ("alert", "update", "correction"),
        "clear": ("alert", "all_clear"),
        "retracted": ("alert", "update", "retraction"),
        "over": ("alert", "all_clear"),
    }
    for name, told_kinds in kinds.items():
        website = site(home / name)
        await tell(website, told_kinds)
        await website.keep(OVER if name == "over" else {})
    exercise = site(home / "exercise" / "page", mode=Mode.EXERCISE)
    await tell(exercise, kinds["ongoing"], mode=Mode.EXERCISE)
    return {name: home / name for name in kinds} | {"exercise": home / "exercise" / "page"}


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


# On paper


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


# Texts that want to be more than text


@pytest.fixture(scope="module")
async def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every hostile text in every field, through the renderer and onto the page."""
    folder = tmp_path_factory.mktemp("hostile") / "public"
    renderer = Renderer(TEMPLATES, municipality="Fjordvik kommune", crisis_page_host="krise.fjordvik.kommune.no")
    website = site(folder, municipality=f"Fjordvik {HOSTILE[0]}")
    for number, text in enumerate(HOSTILE):
        fields = {
            "headline": text,
            "what_happened": text,
            "where": text,
            "what_to_do": [text],
            "leads": text,
            "contact": text,
        }
        content = Content.model_construct(**fields)
        (outgoing,) = told(("alert",), {"nb": fields}, first=60 + number, message=60 + number)
        rendered = renderer.render(
            "alert", "website", website.capabilities, content,
            language="nb", mode=Mode.ACTUAL, next_update_at=None, number=1, now=AT,
        )  # fmt: skip
        await website.publish(ACCOUNT, replace(outgoing, title=rendered.title, html=rendered.html))
    await website.keep({})
    return folder


async def test_nothing_that_somebody_writes_runs(watched: Watched, hostile: Path) -> None:
    for name in sorted(name for name in snapshot(hostile) if name.endswith(".html")):
        await watched.page.goto((hostile / name).as_uri())
        title = await watched.page.title()
        assert not title.startswith("owned"), name
        held = await watched.page.evaluate(
            "['script', 'img', 'iframe', 'base', 'math', 'form'].filter(tag => document.querySelector(tag))"
        )
        assert held == [], name
        attributes = await watched.page.evaluate(
            "[...document.querySelectorAll('*')].flatMap(each => [...each.attributes]).filter(each => each.name.startsWith('on')"
            " || (each.name !== 'content' && each.value.startsWith('javascript:'))).map(each => each.name)"
        )
        assert attributes == [], name
    assert watched.complaints == []
    await watched.page.goto((hostile / "index.html").as_uri())
    assert HOSTILE[1] in await watched.page.inner_text("main"), "it is shown as it was written"


async def test_no_text_breaks_a_feed_a_cap_file_or_the_banner(hostile: Path) -> None:
    for name, content in snapshot(hostile).items():
        if name.endswith((".atom", ".xml")):
            ET.fromstring(content)  # noqa: S314 - we have written it ourselves
    root = ET.fromstring(snapshot(hostile)["feed.atom"])  # noqa: S314
    titles = {entry.findtext("{http://www.w3.org/2005/Atom}title") for entry in root}
    assert set(HOSTILE) <= titles


# The banner on another site


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder by Python's own web server, open to other sites; its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def end_headers(self) -> None:
            self.send_header("Access-Control-Allow-Origin", "*")
            super().end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[[str, str], Path]:
    """A site of somebody else's that includes the banner's script."""

    def made(address: str, language: str) -> Path:
        folder = tmp_path / "elsewhere"
        folder.mkdir(exist_ok=True)
        html = f'<!DOCTYPE html><html lang="{language}"><title>Kommunen</title><body><main><h1>Kommunen</h1></main>'
        (folder / "index.html").write_text(f'{html}<script src="{address}/banner.js" async></script></body></html>')
        return folder

    return made


@pytest.mark.parametrize(
    ("state", "language", "said"),
    [
        ("ongoing", "nb", "Rettelse 27. november kl. 06.58: Skred ved Moen: Gå ut av området nå"),
        ("ongoing", "en-GB", "Correction 27 November at 06:58: Landslide at Moen: Leave the area now"),
        ("ongoing", "nn", "Rettelse 27. november kl. 06.58: Skred ved Moen: Gå ut av området nå"),
        ("clear", "no", "Faren er over 27. november kl. 06.28: Skred ved Moen: Gå ut av området nå"),
    ],
)
async def test_another_site_shows_the_latest_headline(
    watched: Watched,
    folders: dict[str, Path],
    elsewhere: Callable[[str, str], Path],
    state: str,
    language: str,
    said: str,
) -> None:
    with served(folders[state]) as page_address, served(elsewhere(page_address, language)) as site_address:
        await watched.page.goto(site_address)
        link = watched.page.locator("body > aside > a")
        await link.wait_for()
        assert await link.inner_text() == said
        assert str(await link.get_attribute("href")).startswith("https://krise.fjordvik.kommune.no/")
        assert await watched.violations() == []
        await watched.keep(f"banner-{state}-{language}")


async def test_in_peace_another_site_shows_nothing(
    watched: Watched, folders: dict[str, Path], elsewhere: Callable[[str, str], Path]
) -> None:
    with served(folders["over"]) as page_address, served(elsewhere(page_address, "nb")) as site_address:
        async with watched.page.expect_response(f"{page_address}/banner.json"):
            await watched.page.goto(site_address)
        await watched.page.wait_for_load_state("networkidle")
        assert await watched.page.locator("aside").count() == 0


async def test_a_hostile_headline_is_only_text_on_another_site_too(
    watched: Watched, hostile: Path, elsewhere: Callable[[str, str], Path]
) -> None:
    with served(hostile) as page_address, served(elsewhere(page_address, "nb")) as site_address:
        await watched.page.goto(site_address)
        link = watched.page.locator("body > aside > a")
        await link.wait_for()
        assert "<img" in await link.inner_text()
        assert await watched.page.title() == "Kommunen"
