"""What is behind the desk is gone: the database, then the application. Nothing is lost, and nobody is left guessing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect
from pydantic import SecretStr

from crisis.bootstrap import crisis_of
from crisis.db import migrate, no_bell
from crisis.embedded.port import free_port
from crisis.embedded.postgres import Postgres
from crisis.mode import Mode
from crisis.roles import Role
from crisis.settings import Settings
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.api.server import ApiServer
from tests.browser.town import Town, settings_of
from tests.browser.visitor import DARK_PHONE, DESKTOP, Windows
from tests.conftest import reachable_folder


@dataclass
class Lonely:
    """A town with a database of its own, that can be stopped."""

    town: Town
    postgres: Postgres
    page: Path


@pytest.fixture
async def lonely(desk_settings: Settings, sandbox: SandboxServer, tmp_path: Path) -> AsyncIterator[Lonely]:
    with reachable_folder() as home:
        postgres = Postgres(home)
        url = postgres.start()
        migrate(url)
        given = desk_settings.model_copy(update={"home": tmp_path, "database_url": SecretStr(url)})
        settings = settings_of(given, sandbox, free_port())
        with ApiServer(settings, urlsplit(settings.public_url).port or 0) as server:
            town = Town(crisis_of(settings, bell=no_bell), server, sandbox)
            await town.furnish()
            yield Lonely(town, postgres, settings.crisis_page_dir)
            await town.crisis.db.close()
        postgres.stop("immediate")


async def test_the_desk_says_that_the_database_is_away_and_goes_on_when_it_is_back(
    lonely: Lonely, windows: Windows
) -> None:
    town = lonely.town
    secret = await town.secret(Role.EDITOR)
    editor = await windows.open(town.url, DESKTOP, secret)
    director = await windows.open(town.url, DARK_PHONE, await town.secret(Role.DIRECTOR))
    await editor.go("/help")
    await director.go("/activations/new")
    await director.page.fill("#title", "Skred ved «Moen» & <b>Elvesletta</b>")
    editor.watch.allow(503)
    director.watch.allow(503)
    lonely.postgres.stop("immediate")
    await director.page.keyboard.press("Enter")
    again = director.page.get_by_role("button", name="Send på nytt")
    await expect(again).to_be_visible()
    assert not await director.check("database away after a form")
    await editor.go("/help", 503)
    await expect(editor.page.get_by_role("heading", level=1)).to_have_text("Databasen svarer ikke")
    assert not await editor.check("database away")
    lonely.postgres.start()
    await expect(editor.page.get_by_role("heading", level=1)).to_have_text("Når noe skjer")
    assert editor.path == "/help"
    await again.click()
    await expect(director.page.locator(".bar")).to_contain_text("Skred ved «Moen» & <b>Elvesletta</b>")


async def test_the_public_reads_what_was_said_last_with_everything_else_gone(lonely: Lonely, windows: Windows) -> None:
    town = lonely.town
    activation = await factories.activation(town.crisis.db)
    async with town.sending(Mode.ACTUAL):
        await factories.approved_alert(town.crisis, activation.id)
        await town.until_sent()
    town.server.__exit__(None, None, None)
    lonely.postgres.stop("immediate")
    reader = await windows.open("file://", DARK_PHONE)
    await reader.page.goto((lonely.page / "index.html").as_uri())
    await expect(reader.page.get_by_text(factories.SLIDE["nb"]["headline"]).first).to_be_visible()
    assert not await reader.check("public page alone")
