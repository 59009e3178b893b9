"""The crisis page from the application: the file as it is now, kept by readers no longer than promised."""

import gzip
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from api.public import LARGEST, takes_gzip
from crisis.settings import Settings
from tests.api.server import ApiServer, Client

CACHED = "public, max-age=15, stale-while-revalidate=60, stale-if-error=86400"
PAGE = "<h1>Skred ved Moen</h1><p>Gå ut av området nå.</p>" * 40


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, api_settings: Settings) -> Settings:
    """One whose database is away: nothing here may ask it."""
    nowhere = SecretStr("postgresql://x@127.0.0.1:9/x")
    return api_settings.model_copy(update={"database_url": nowhere, "home": tmp_path_factory.mktemp("page")})


@pytest.fixture(scope="module")
def without_database(installation: Settings) -> Iterator[ApiServer]:
    with ApiServer(installation) as server:
        yield server


@pytest.fixture
def folder(installation: Settings) -> Path:
    """The public folder, with a page in it."""
    installation.crisis_page_dir.mkdir(exist_ok=True)
    place(installation.crisis_page_dir, PAGE)
    return installation.crisis_page_dir


@pytest.fixture
def away(folder: Path) -> Iterator[Path]:
    """The folder under another name, for as long as the test runs: what a disk that is gone looks like."""
    yield folder.rename(folder.with_name("away"))
    folder.with_name("away").rename(folder)


@pytest.fixture
async def reader(without_database: ApiServer) -> AsyncIterator[Client]:
    """Somebody who takes what comes, as it comes."""
    async with aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Accept-Encoding"]) as session:
        yield Client(session, without_database.url, None)


def place(folder: Path, text: str, name: str = "index.html") -> None:
    """As adapters do: whole, under another name first."""
    (folder / ".new").write_text(text, encoding="utf-8")
    (folder / ".new").replace(folder / name)


async def test_a_replaced_file_is_the_next_answer(reader: Client, folder: Path) -> None:
    for number in range(5):
        place(folder, f"<h1>Melding {number}</h1>")  # the same size, and perhaps the same clock tick
        page = await reader("GET", "/crisis-page/")
        assert (page.status, page.body) == (200, f"<h1>Melding {number}</h1>".encode())


async def test_a_reader_with_the_page_is_told_so(reader: Client, folder: Path) -> None:
    page = await reader("GET", "/crisis-page/index.html")
    etag, modified = page.headers["ETag"], page.headers["Last-Modified"]
    kept: list[dict[str, str]] = [
        {"If-None-Match": etag},
        {"If-None-Match": f'"another", W/{etag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
        {"If-None-Match": etag, "If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
    ]
    for headers in kept:
        answer = await reader("GET", "/crisis-page/", headers=headers)
        assert (answer.status, answer.body) == (304, b""), headers
        assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == (etag, CACHED)
    older: list[dict[str, str]] = [
        {"If-None-Match": '"another"'},
        {"If-None-Match": '"another"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
        {"If-Modified-Since": "Mon, 01 Jan 2035 00:00:00"},
    ]
    for headers in older:
        assert (await reader("GET", "/crisis-page/", headers=headers)).status == 200, headers
    place(folder, PAGE + "<p>Rettelse</p>")
    assert (await reader("GET", "/crisis-page/", headers={"If-None-Match": etag})).status == 200


@pytest.mark.usefixtures("folder")
async def test_a_browser_gets_it_packed(reader: Client) -> None:
    plain = await reader("GET", "/crisis-page/")
    packed = await reader("GET", "/crisis-page/", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert gzip.decompress(packed.body) == plain.body == PAGE.encode()
    assert len(packed.body) < len(plain.body) / 5
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert packed.headers["ETag"] != plain.headers["ETag"]
    known = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert (await reader("GET", "/crisis-page/", headers=known)).status == 304


@pytest.mark.usefixtures("folder")
async def test_head_is_get_without_the_page(reader: Client) -> None:
    page, head = await reader("GET", "/crisis-page/"), await reader("HEAD", "/crisis-page/")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(page.body)))
    assert head.headers["ETag"] == page.headers["ETag"]


async def test_a_file_that_is_gone_is_gone(reader: Client, folder: Path) -> None:
    place(folder, PAGE, "nn.html")
    assert (await reader("GET", "/crisis-page/nn.html")).status == 200
    (folder / "nn.html").unlink()
    assert (await reader("GET", "/crisis-page/nn.html")).status == 404
    place(folder, PAGE, "nn.html")
    assert (await reader("GET", "/crisis-page/nn.html")).status == 200


@pytest.fixture
async def shown(reader: Client, folder: Path) -> None:  # noqa: ARG001 - the page is there
    """Somebody has read the page."""
    assert (await reader("GET", "/crisis-page/")).status == 200


@pytest.mark.usefixtures("shown", "away")
async def test_a_folder_that_is_gone_takes_nothing_down(reader: Client) -> None:
    page = await reader("GET", "/crisis-page/")
    assert (page.status, page.body) == (200, PAGE.encode())
    assert (await reader("GET", "/crisis-page/never-asked-for.html")).status == 404


async def test_nothing_else_of_the_machine_is_shown(reader: Client, folder: Path) -> None:
    (folder.parent / "keys.json").write_text("{}", encoding="utf-8")
    (folder / "link.html").unlink(missing_ok=True)
    (folder / "link.html").symlink_to(folder.parent / "keys.json")
    (folder / "deep").mkdir(exist_ok=True)
    place(folder, PAGE, "deep/page.html")
    os.mkfifo(folder / "pipe.html")
    with (folder / "huge.html").open("wb") as huge:
        huge.truncate(LARGEST + 1)
    for name in (
        "link.html",
        "deep",
        "deep/",
        "deep/page.html",
        ".new",
        "huge.html",
        "pipe.html",
        "index.html/",
        "a" * 200,
    ):
        assert (await reader("GET", f"/crisis-page/{name}")).status == 404, name
    (folder / "pipe.html").unlink()


async def test_it_is_only_read(reader: Client) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = await reader(method, "/crisis-page/")
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        (b"gzip", True),
        (b"br, gzip;q=0.5", True),
        (b"*", True),
        (b"identity", False),
        (b"gzip;q=0", False),
        (b"gzip; q=0.000, *", False),
        (b"*;q=0", False),
        (b"br;q=1, *;q=0.1", True),
    ],
)
def test_who_takes_it_packed(accepted: bytes, *, taken: bool) -> None:
    assert takes_gzip(accepted) is taken


@given(st.binary(max_size=60))
def test_no_accept_encoding_is_too_odd(accepted: bytes) -> None:
    assert takes_gzip(accepted) in {True, False}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("message-2026-0007-31.cap.xml", "application/cap+xml"),
        ("feed.nn.atom", "application/atom+xml"),
        ("feed.json", "application/json"),
        ("banner.js", "text/javascript; charset=utf-8"),
        ("noticeboard.nn.html", "text/html; charset=utf-8"),
    ],
)
async def test_everything_beside_the_page_is_what_it_says_and_open_to_other_sites(
    reader: Client, folder: Path, name: str, kind: str
) -> None:
    place(folder, "1", name)
    answer = await reader("GET", f"/crisis-page/{name}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == CACHED
    assert "Set-Cookie" not in answer.headers
