"""The server file for the crisis page, in a real nginx: every file as what it is, kept as long as promised, and nothing else."""

import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from api.public import CACHE_CONTROL
from crisis.embedded.port import free_port
from tests.adapters.told import site, tell
from tests.conftest import reachable_folder

CONFIGURATION = Path(__file__).parents[1] / "docs/crisis-page.nginx.conf"
MAIN = """
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error warn; events {{}}
http {{
  include {types}; access_log off;
  client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3;
  uwsgi_temp_path {home}/4; scgi_temp_path {home}/5;
  include {home}/server;
}}
"""
TYPES = Path("/etc/nginx/mime.types")


@pytest.fixture(scope="module")
async def folder() -> AsyncIterator[Path]:
    with reachable_folder() as home:  # nginx's worker is somebody else where root runs the tests
        home.chmod(0o755)
        made = home / "public"
        await tell(site(made), ("alert", "update"))
        made.chmod(0o755)
        yield made


@pytest.fixture(scope="module")
def address(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx with our file, over a page with two messages."""
    program = shutil.which("nginx")
    if program is None or not TYPES.is_file():
        pytest.skip("nginx is not installed")
    home, port = tmp_path_factory.mktemp("nginx"), free_port()
    home.chmod(0o755)
    given = CONFIGURATION.read_text(encoding="utf-8")
    assert "root /srv/public;" in given
    server = given.replace("root /srv/public;", f"root {folder};").replace("listen 8080;", f"listen 127.0.0.1:{port};")
    (home / "server").write_text(server)
    (home / "main").write_text(MAIN.format(home=home, types=TYPES))
    process = subprocess.Popen([program, "-p", str(home), "-c", str(home / "main")])
    try:
        until = time.monotonic() + 10
        while not (home / "pid").is_file():
            assert process.poll() is None, (home / "error").read_text()
            assert time.monotonic() < until
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
async def reader() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "text/html"),
        ("nn.html", "text/html"),
        ("message-2026-0007-31.html", "text/html"),
        ("message-2026-0007-31.cap.xml", "application/cap+xml"),
        ("feed.atom", "application/atom+xml"),
        ("feed.json", "application/json"),
        ("banner.js", "javascript"),
    ],
)
async def test_every_file_is_what_it_says_and_is_kept_as_promised(
    reader: aiohttp.ClientSession, address: str, name: str, kind: str
) -> None:
    async with reader.get(f"{address}/{name}") as answer:
        assert answer.status == 200
        assert kind in answer.headers["Content-Type"]
        assert answer.headers["Cache-Control"] == CACHE_CONTROL
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Set-Cookie" not in answer.headers
        known = {"If-None-Match": answer.headers["ETag"]}
    async with reader.get(f"{address}/{name}", headers=known) as again:
        assert again.status == 304


@pytest.mark.parametrize("name", [".entries/nb/31nb.json", ".entries/", ".entries/lock", "no-such.html"])
async def test_what_the_page_remembers_is_nobodys(reader: aiohttp.ClientSession, address: str, name: str) -> None:
    async with reader.get(f"{address}/{name}") as answer:
        assert answer.status == 404
