"""Files at the desk: one that stops coming is given up on, one that there is no room for is said to be, and a slow one is taken."""

import asyncio
import io
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.settings import Settings
from tests.api.desk.browser import Browser
from tests.api.desk.conftest import signer
from tests.api.server import ApiServer

STALL = 0.4  # seconds
HEAD = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nAlle\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="l.csv"\r\n\r\nnumber\r\n+4790000001\r\n'
END = b"--x--\r\n"


@pytest.fixture(scope="module")
def hurried(api_settings: Settings) -> Iterator[ApiServer]:
    """The API, which does not wait long."""
    with ApiServer(api_settings.model_copy(update={"stall_seconds": STALL})) as server:
        yield server


@pytest.fixture
async def editor(hurried: ApiServer, crisis: Crisis, without_cookies: aiohttp.ClientSession) -> Browser:
    return await signer(hurried, crisis, without_cookies)(Role.EDITOR)


async def send(browser: Browser, pieces: AsyncIterator[bytes], size: int) -> str:
    """The form with the list, of so many bytes, as the pieces come; what was answered, or nothing within five seconds."""
    action = await browser.upload_address("/audiences/import")
    where = urlsplit(browser.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    cookies = "; ".join(browser.cookies.values())
    head = (
        f"POST {action} HTTP/1.1\r\nHost: {where.netloc}\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookies}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    )
    try:
        writer.write(head.encode())
        async for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return (await asyncio.wait_for(reader.read(), 5)).decode()
    finally:
        writer.close()


async def count(crisis: Crisis) -> int:
    async with crisis.db.transaction() as session:
        return int((await session.execute(text("SELECT count(*) FROM imports"))).scalar_one())


async def test_a_file_that_stops_coming_is_given_up_on_and_nothing_was_done(crisis: Crisis, editor: Browser) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield HEAD + FILE

    answered = await send(editor, pieces(), len(HEAD + FILE + END) + 1000)
    assert answered.startswith("HTTP/1.1 408 ")
    assert "Det kom ikke fram" in answered
    assert "Ingenting ble gjort. Se om du har nett, gå tilbake og send på nytt." in answered
    assert await count(crisis) == 0


async def test_a_file_that_comes_slowly_is_taken(crisis: Crisis, editor: Browser) -> None:
    whole = HEAD + FILE + END

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), 40):
            yield whole[start : start + 40]
            await asyncio.sleep(STALL / 2)

    answered = await send(editor, pieces(), len(whole))
    assert answered.startswith("HTTP/1.1 303 ")
    assert await count(crisis) == 1


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process may be larger: what a full disk is to whoever writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_file_that_there_is_no_room_for_is_said_to_be(crisis: Crisis, editor: Browser) -> None:
    large = io.BytesIO(b"number\n" + b"+4790000001\n" * 300_000)
    with files_of_at_most(2 << 20):
        page = await editor.upload("/audiences/import", large, name="Alle")
    assert (page.status, "Det er ikke plass til filen" in page.text) == (507, True)
    assert await count(crisis) == 0
