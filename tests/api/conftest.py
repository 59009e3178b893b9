"""A running API on the tests' database, and somebody of every role who asks it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from crisis.bootstrap import Crisis, crisis_of
from crisis.db import Database
from crisis.roles import Role
from crisis.settings import Settings
from crisis.tokens.service import create_token
from tests.api.server import ApiServer, Client
from tests.factories import EDITORS, OPERATOR

As = Callable[..., Awaitable[Client]]
TWILIO_TOKEN = "a-twilio-token-of-a-test"
SANDBOX_TOKEN = "a-sandbox-token-of-a-test"
PUBLIC_URL = "https://krise.example.no/varsling"


@pytest.fixture
def api_settings(settings: Settings, tmp_path: Path) -> Settings:
    """With providers' secrets that the tests know, and a sandbox that nobody calls here."""
    return Settings(
        **settings.model_dump()
        | {
            "home": tmp_path,
            "public_url": PUBLIC_URL,
            "twilio_account_sid": "ACactual",
            "twilio_auth_token": TWILIO_TOKEN,
            "facebook_app_secret": "app-secret",
            "facebook_verify_token": "verify-me",
            "sandbox_url": "http://127.0.0.1:9",
            "sandbox_token": SANDBOX_TOKEN,
        }
    )


@pytest.fixture
def server(api_settings: Settings, db: Database) -> Iterator[ApiServer]:  # noqa: ARG001 - empties the database first
    with ApiServer(api_settings) as running:
        yield running


@pytest.fixture
async def crisis(api_settings: Settings, db: Database) -> AsyncIterator[Crisis]:  # noqa: ARG001 - as above
    """The domain on the same database, to arrange and to look."""
    made = crisis_of(api_settings)
    yield made
    await made.db.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


@pytest.fixture
def as_role(server: ApiServer, crisis: Crisis, session: aiohttp.ClientSession) -> As:
    """A client with a new token of this role; of ``None``, one without a token."""

    async def make(role: Role | None, unit: str | None = None) -> Client:
        if role is None:
            return Client(session, server.url, None)
        unit = unit or {Role.UNIT: "biblioteket", Role.EDITOR: EDITORS}.get(role)
        _, secret = await create_token(crisis.db, OPERATOR, f"en {role.value}", role, unit)
        return Client(session, server.url, secret)

    return make
