"""Signing in through a real identity provider: the desk's own addresses, there and back."""

import secrets
from collections.abc import AsyncIterator
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from crisis.db import Database
from crisis.embedded.port import free_port
from crisis.settings import Settings
from crisis.users.oidc import CALLBACK
from tests.api.desk.browser import Browser, Page
from tests.api.desk.known import learn_token
from tests.api.server import ApiServer
from tests.crisis.users.provider import CLIENT, SECRET, provider, sign_in_there

PEOPLE = {
    "kari": {"name": "Kari Moen", "groups": ["krise"]},
    "per": {"name": "Per Dal", "groups": ["alle"]},
}


@pytest.fixture
async def desk(database_url: str, db: Database, settings: Settings) -> AsyncIterator[tuple[str, Browser]]:  # noqa: ARG001 - empties it
    """The desk's address, and a browser of nobody's in front of it. The provider runs as long."""
    url = f"http://127.0.0.1:{free_port()}"
    async with (
        provider(url + CALLBACK, PEOPLE) as issuer,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        changes = {
            "public_url": url,
            "redis_url": None,
            "oidc_issuer": issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SecretStr(SECRET),
            "oidc_role_claim": "groups",
            "oidc_roles": {"krise": "admin"},
            "sandbox_token": SecretStr(secrets.token_hex(16)),
        }
        with ApiServer(Settings(**settings.model_dump() | changes), urlsplit(url).port or 0):
            yield url, Browser(session, url)


async def test_there_and_back_and_in_where_one_was_going(desk: tuple[str, Browser]) -> None:
    url, browser = desk
    page = await browser.get("/login?next=/users")
    (way,) = page.tree.xpath("//a[starts-with(@href, '/login/oidc')]/@href")
    page = await browser.get(way)
    assert page.status == 303
    there = page.location or ""
    answer = await sign_in_there(there, "kari", url + CALLBACK)
    path = f"{CALLBACK}?{urlencode(answer)}"

    stranger = Browser(browser._session, url)
    page = await stranger.get(path)
    assert (page.status, "tok for lang tid" in page.text) == (422, True)

    page = await browser.get(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert (page.status, page.location) == (303, "/users")
    page = await browser.get("/users")
    assert (page.status, "Kari Moen" in page.text, "kommunens innlogging" in page.text) == (200, True, True)
    page = await Browser(browser._session, url, browser.cookies["crisis"]).get(path)
    assert page.status == 422


async def test_whoever_has_no_role_here_is_told_whom_to_ask(desk: tuple[str, Browser]) -> None:
    url, browser = desk
    page = await browser.get("/login/oidc")
    answer = await sign_in_there(page.location or "", "per", url + CALLBACK)
    page = await browser.get(f"{CALLBACK}?{urlencode(answer)}")
    assert (page.status, "Be administratoren gi deg en" in page.text) == (403, True)
    assert (await browser.get("/users")).status == 303


async def there_and_back(browser: Browser, url: str, page: Page, sub: str = "kari") -> Page:
    """To the provider where the page leads, and back with its answer."""
    answer = await sign_in_there(page.location or "", sub, url + CALLBACK)
    return await browser.get(f"{CALLBACK}?{urlencode(answer)}", headers={"Sec-Fetch-Site": "cross-site"})


async def test_whoever_confirms_there_finds_the_form_again_and_presses_its_button(
    desk: tuple[str, Browser], db: Database
) -> None:
    url, browser = desk
    await there_and_back(browser, url, await browser.get("/login/oidc"))
    await learn_token(browser)
    async with db.transaction() as session:
        await session.execute(text("UPDATE sessions SET factor_at = factor_at - interval '5 hours'"))
    page = await browser.post("/users", name="Ola Li", login="ola", role="editor", unit="")
    assert (page.status, page.title.split(" –")[0]) == (403, "Bekreft at det er deg")
    (form,) = page.tree.cssselect("form[action='/confirm/provider']")
    page = await browser.ask("POST", "/confirm/provider", data=form.form_values())
    assert "prompt=login" in (page.location or "")
    page = await there_and_back(browser, url, page)
    assert (page.status, page.location) == (303, "/kept")
    page = await browser.get("/kept")
    assert (page.part(".sheet h2"), "Ola Li" in page.text) == ("Legg til en bruker", True)
    form = page.tree.cssselect(".sheet form")[0]
    page = await browser.ask("POST", str(form.action), data=form.form_values())
    assert (page.status, "Lenke til Ola Li" in page.text) == (200, True)


async def test_nothing_leads_from_a_confirmation_to_another_site(desk: tuple[str, Browser]) -> None:
    url, browser = desk
    await there_and_back(browser, url, await browser.get("/login/oidc"))
    await learn_token(browser)
    for action in ("https://elsewhere.example/", "//elsewhere.example", "/login"):
        page = await browser.post("/confirm/provider", confirm_action=action, next=action)
        page = await there_and_back(browser, url, page)
        assert page.location in {"/", "/kept"}
        kept = await browser.get("/kept")
        assert [str(form.action) for form in kept.tree.cssselect(".sheet form")] in ([], ["/"])
