"""The ground: what the figures stand on. A private PostgreSQL, a folder, and settings that reach nothing but this machine."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bench.stub import SID
from crisis.embedded.postgres import Postgres
from crisis.settings import Settings
from tests.conftest import make_database, reachable_folder

NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Ground:
    """A database server and a folder of this run's own."""

    server_url: str
    folder: Path
    postgres_pid: int

    def database(self) -> str:
        """A new database with the schema of the migrations; its URL."""
        return asyncio.run(make_database(self.server_url, f"bench_{secrets.token_hex(4)}"))

    def settings(self, **given: object) -> Settings:
        """Settings with a new database, new keys and no provider but those that ``given`` names."""
        made = {
            "home": self.folder,
            "database_url": self.database(),
            "numbers_key": secrets.token_hex(32),
            "credentials_key": secrets.token_hex(32),
            "graph_url": NOWHERE,
            "x_url": NOWHERE,
            "twilio_url": NOWHERE,
            "twilio_account_sid": SID,
            "twilio_auth_token": "token",
            "x_consumer_key": "key",
            "x_consumer_secret": "secret",
        }
        return Settings(**(made | given))  # type: ignore[arg-type]


@contextmanager
def ground() -> Iterator[Ground]:
    """Everything up, and gone without a trace afterwards."""
    with reachable_folder() as folder, Postgres(folder) as postgres:
        url = postgres.start()
        yield Ground(url, folder, postgres.pid or 0)


def named(settings: Settings) -> dict[str, str]:
    """The settings that were given, as the environment says them to another process."""
    found = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        found[f"CRISIS_{name.upper()}"] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return found
