"""What somebody writes into a message to do harm: nothing of it runs on the crisis page, and no feed or file breaks of it."""

from pathlib import Path
from xml.etree import ElementTree as ET

from tests.adapters.chromium import Watched
from tests.adapters.page_in_browser.conftest import HOSTILE
from tests.adapters.website.page import snapshot


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
