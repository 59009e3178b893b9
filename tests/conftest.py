"""What every test stands on: a real PostgreSQL and a real Valkey (or the ones the environment names), a schema made by the
migrations, and keys. Nothing here replaces a part of the product."""

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from psycopg.errors import DeadlockDetected
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from crisis.db import Database, migrate
from crisis.embedded.postgres import Postgres
from crisis.embedded.valkey import Valkey
from crisis.roles import Actor, Role
from crisis.settings import Settings
from tests.emptying import empty
from tests.sharing import Sharing

# How fast an example is made and tried says how busy the machine is, and nothing about us.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("busy")

EMPTIED_WITHIN = 5
"""Tries. An API that tests share may be at the end of something when the next one begins."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """Which tests run on which process, where there are several."""
    return Sharing(config, log)


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can reach when root runs the tests (pytest's own folders are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="crisis-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server: ``CRISIS_DATABASE_URL``, or a private one for this run."""
    if url := os.environ.get("CRISIS_DATABASE_URL"):
        yield url
        return
    with reachable_folder() as home:
        postgres = Postgres(home)
        yield postgres.start()
        postgres.stop("immediate")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A broker: ``CRISIS_REDIS_URL``, or a private one for this run."""
    if url := os.environ.get("CRISIS_REDIS_URL"):
        yield url
        return
    with reachable_folder() as home:
        valkey = Valkey(home)
        yield valkey.start()
        valkey.stop()


async def make_database(server_url: str, name: str) -> str:
    """A new, migrated database on the server."""
    engine = create_async_engine(
        make_url(server_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    await engine.dispose()
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    migrate(url)
    return url


@pytest.fixture(scope="session")
async def database_url(server_url: str) -> str:
    """The database this run shares, made by the migrations."""
    return await make_database(server_url, f"test_{os.getpid()}_{secrets.token_hex(4)}")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The shared database, empty."""
    database = Database(database_url)
    try:
        for left in reversed(range(EMPTIED_WITHIN)):
            try:
                async with database.engine.begin() as connection:
                    await empty(connection)
                break
            except OperationalError as error:  # what the test before left at work in an API met us halfway
                if not left or not isinstance(error.orig, DeadlockDetected):
                    raise
        yield database
    finally:
        await database.close()


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings of one municipality, with keys of its own and no provider's address but loopback."""
    nowhere = "http://127.0.0.1:9"
    return Settings(
        home=tmp_path,
        database_url=database_url,
        redis_url=redis_url,
        numbers_key=secrets.token_hex(32),
        credentials_key=secrets.token_hex(32),
        sandbox_token=secrets.token_hex(16),
        graph_url=nowhere,
        x_url=nowhere,
        twilio_url=nowhere,
    )


@pytest.fixture
def director() -> Actor:
    return Actor("Kommunedirektøren", Role.DIRECTOR)


@pytest.fixture
def editor() -> Actor:
    return Actor("Nettredaksjonen", Role.EDITOR, "nettredaksjonen")


@pytest.fixture
def operator() -> Actor:
    return Actor("vakt", Role.OPERATOR)
