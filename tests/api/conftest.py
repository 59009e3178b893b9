"""A running API on the tests' database, and somebody of every role who asks it."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import aiohttp
import pytest
from pydantic import SecretStr

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
APP_SECRET = "an-app-secret-of-a-test"
VERIFY_TOKEN = "a-verify-token-of-a-test"
PUBLIC_URL = "https://krise.example.no/varsling"


@pytest.fixture(scope="session")
def api_settings(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """With providers' secrets that the tests know, and a sandbox that nobody calls here."""
    nowhere = "http://127.0.0.1:9"
    return Settings(
        home=tmp_path_factory.mktemp("home"),
        database_url=SecretStr(database_url),
        redis_url=SecretStr(redis_url),
        numbers_key=SecretStr(secrets.token_hex(32)),
        credentials_key=SecretStr(secrets.token_hex(32)),
        graph_url=nowhere,
        x_url=nowhere,
        twilio_url=nowhere,
        sandbox_url=nowhere,
        sandbox_token=SecretStr(SANDBOX_TOKEN),
        public_url=PUBLIC_URL,
        twilio_account_sid=SecretStr("ACactual"),
        twilio_auth_token=SecretStr(TWILIO_TOKEN),
        facebook_app_secret=SecretStr(APP_SECRET),
        facebook_verify_token=SecretStr(VERIFY_TOKEN),
        drain_seconds=1,
        editors_contact="Vakttelefonen 74 00 00 01",
    )


@pytest.fixture(scope="session")
def running(api_settings: Settings) -> Iterator[ApiServer]:
    """One API for this run: it remembers nothing that the database does not."""
    with ApiServer(api_settings) as server:
        yield server


@pytest.fixture
def server(running: ApiServer, db: Database) -> ApiServer:  # noqa: ARG001 - empties the database first
    """The API, on an empty database."""
    return running


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
