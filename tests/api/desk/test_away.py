"""With the database gone nobody can be looked up, and still everybody is told so in their own language."""

from collections.abc import Iterator

import aiohttp
import pytest
from pydantic import SecretStr

from api.desk.visit import LANGUAGE
from crisis.roles import Role
from crisis.settings import Settings
from tests.api.desk.browser import Browser
from tests.api.desk.conftest import SignIn
from tests.api.server import ApiServer

HEADINGS = {"nb": "Databasen svarer ikke", "nn": "Databasen svarar ikkje", "en": "The database does not answer"}


@pytest.fixture(scope="module")
def away(api_settings: Settings) -> Iterator[ApiServer]:
    """A desk whose database is gone."""
    nowhere = SecretStr("postgresql://x@127.0.0.1:9/x")
    with ApiServer(api_settings.model_copy(update={"database_url": nowhere})) as server:
        yield server


@pytest.mark.parametrize(
    ("cookie", "asked", "language"),
    [
        ("nn", "en", "nn"),
        ("en", None, "en"),
        (None, None, "nb"),
        (None, "nn-NO,nn;q=0.9,no;q=0.8", "nn"),
        (None, "de-DE,de;q=0.9,en;q=0.8,nb;q=0.7", "en"),
        (None, "no,en", "nb"),
        (None, "nn;q=0,en;q=0.1", "en"),
        (None, "sv,da;q=x,;;;q=,*", "nb"),
        ("../../etc", "nn" * 10_000, "nb"),
    ],
)
async def test_the_database_is_away_in_the_readers_language(
    away: ApiServer, without_cookies: aiohttp.ClientSession, cookie: str | None, asked: str | None, language: str
) -> None:
    reader = Browser(without_cookies, away.url, "__Host-crisis=unknown")
    if cookie:
        reader.cookies[LANGUAGE] = f"{LANGUAGE}={cookie}"
    wanted = {"Accept-Language": asked} if asked else {}
    page = await reader.get("/help", wanted)
    assert page.status == 503
    assert (page.tree.get("lang"), page.part("h1")) == (language, HEADINGS[language])
    assert (page.headers["Content-Language"], page.headers["Retry-After"]) == (language, "5")
    sent = await reader.bare_post("/activations", {"Origin": away.url, **wanted}, title="Skred")
    assert sent.status == 503
    assert sent.tree.get("lang") == language
    assert [each.get("value") for each in sent.tree.xpath("//form//input[@name='title']")] == ["Skred"]


async def test_whoever_was_signed_in_is_told_in_the_language_of_their_pages(sign_in: SignIn, away: ApiServer) -> None:
    reader = await sign_in(Role.EDITOR, language="nn")
    await reader.get("/help")
    reader.url = away.url
    page = await reader.get("/help", {"Accept-Language": "en"})
    assert (page.status, page.part("h1")) == (503, HEADINGS["nn"])
