"""A real browser in front of the real desk."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, expect
from pydantic import SecretStr

from crisis.bootstrap import crisis_of
from crisis.db import Database, no_bell
from crisis.embedded.port import free_port
from crisis.roles import Role
from crisis.settings import Settings
from tests.adapters.chromium import chromium
from tests.adapters.sandbox_server import SandboxServer
from tests.api.server import ApiServer
from tests.browser.town import Town, settings_of
from tests.browser.visitor import DESKTOP, PATIENCE, Look, Visitor, Windows

expect.set_options(timeout=PATIENCE)
Enter = Callable[..., Awaitable[Visitor]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser that every window of this run is opened in."""
    async with chromium() as made:
        yield made


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(secrets.token_hex(16)) as running:
        yield running


@pytest.fixture(scope="session")
def desk_settings(database_url: str, sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    given = Settings(
        home=tmp_path_factory.mktemp("desk"),
        database_url=SecretStr(database_url),
        numbers_key=SecretStr(secrets.token_hex(32)),
        credentials_key=SecretStr(secrets.token_hex(32)),
    )
    return settings_of(given, sandbox, free_port())


@pytest.fixture(scope="session")
def desk(desk_settings: Settings) -> Iterator[ApiServer]:
    """One desk for this run: it remembers nothing that the database does not."""
    with ApiServer(desk_settings, urlsplit(desk_settings.public_url).port or 0) as server:
        yield server


@pytest.fixture
async def town(desk: ApiServer, desk_settings: Settings, sandbox: SandboxServer, db: Database) -> AsyncIterator[Town]:  # noqa: ARG001 - empties it
    """A furnished municipality where nothing has happened."""
    sandbox.clear()
    made = Town(crisis_of(desk_settings, bell=no_bell), desk, sandbox)
    await made.furnish()
    yield made
    await made.crisis.db.close()


@pytest.fixture
async def windows(browser: Browser) -> AsyncIterator[Windows]:
    """The windows that a test opens. What went wrong in one of them fails the test."""
    opened = Windows(browser)
    yield opened
    await opened.close()


@pytest.fixture
def enter(town: Town, windows: Windows) -> Enter:
    """Open a window on the town's desk: of somebody of this role who is signed in, or of nobody."""

    async def open_window(role: Role | None, look: Look = DESKTOP, *, language: str = "nb") -> Visitor:
        return await windows.open(town.url, look, await town.secret(role, language) if role else None)

    return open_window
