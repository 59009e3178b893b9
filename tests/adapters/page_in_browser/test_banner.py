"""The crisis page's banner on the municipality's own site, in a browser: the latest headline, and in peace nothing."""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.chromium import Watched


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
