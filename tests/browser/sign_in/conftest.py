"""A demo's desk at a name that browsers give passkeys to."""

import secrets
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from crisis.bootstrap import Crisis, crisis_of
from crisis.db import Database, no_bell
from crisis.embedded.port import free_port
from crisis.settings import Settings
from tests.api.server import ApiServer


@pytest.fixture(scope="module")
def front_settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A demo's desk at a name that browsers give passkeys to, with an identity provider that is away."""
    return Settings(
        home=tmp_path_factory.mktemp("front"),
        database_url=SecretStr(database_url),
        numbers_key=SecretStr(secrets.token_hex(32)),
        credentials_key=SecretStr(secrets.token_hex(32)),
        public_url=f"http://localhost:{free_port()}",
        demo=True,
        oidc_issuer="http://127.0.0.1:9",
        oidc_client_id="crisis",
        oidc_roles={"krise": "director"},
    )


@pytest.fixture(scope="module")
def served(front_settings: Settings) -> Iterator[ApiServer]:
    with ApiServer(front_settings, urlsplit(front_settings.public_url).port or 0) as server:
        yield server


@pytest.fixture
async def crisis(served: ApiServer, front_settings: Settings, db: Database) -> AsyncIterator[Crisis]:  # noqa: ARG001 - empties it
    made = crisis_of(front_settings, bell=no_bell)
    yield made
    await made.db.close()
