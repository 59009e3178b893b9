"""The database: the only place that commits, and the only place from which a kick leaves, after the commit."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import Enum, MetaData, TextClause, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from crisis.lanes import Lane
from crisis.mode import Mode

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

type_names = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}

Bell = Callable[[Mode, Lane], Awaitable[None]]
"""Tells the workers of a mode that a lane has due rows. May fail or be lost; the sweep finds what it missed."""


class Base(DeclarativeBase):
    """Mother of all tables."""

    metadata = MetaData(naming_convention=type_names)


def words(enum: type) -> Enum:
    """A column that holds one of a ``StrEnum``'s values as text, with a check constraint."""
    return Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        length=20,
        name=enum.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def kick(session: AsyncSession, mode: Mode, lane: Lane) -> None:
    """Ring the bell for this lane once the transaction has committed; never before, and not if it rolls back."""
    session.info.setdefault("kicks", set()).add((mode, lane))


async def no_bell(mode: Mode, lane: Lane) -> None:
    """Ring nobody: for processes that only read, and for tests that drive the engine themselves."""
    log.debug("no bell for %s.%s", mode, lane)


class Database:
    """A pool of connections to PostgreSQL in READ COMMITTED, and transactions on it.

    ``idle_seconds``: PostgreSQL ends a transaction that its process has left alone for so long. A process that stands still
    would otherwise hold its locks, and with them an activation, until somebody kills it.
    """

    def __init__(self, url: str, *, bell: Bell = no_bell, pool_size: int = 10, idle_seconds: float = 60.0) -> None:
        self.url = url
        self.bell = bell
        self.engine = create_async_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_size=pool_size,
            max_overflow=pool_size,
            connect_args={
                "connect_timeout": 5,
                "options": f"-c idle_in_transaction_session_timeout={idle_seconds * 1000:.0f}",
            },
            hide_parameters=True,  # they would stand in every error's text, and so in the log
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._joined: ContextVar[AsyncSession | None] = ContextVar("joined", default=None)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: commits at the end, rolls back on any exception, then rings the bells that were asked for.

        A bell that cannot be rung is logged and forgotten: the sweep does its work some seconds later. Inside
        :meth:`together` it is a savepoint in that transaction.
        """
        if (joined := self._joined.get()) is not None:
            async with joined.begin_nested():
                yield joined
            return
        async with self._sessions() as session:
            async with session.begin():
                yield session
            kicks = session.info.pop("kicks", set())
        for mode, lane in sorted(kicks):
            try:
                await self.bell(mode, lane)
            except Exception:  # noqa: BLE001 - whatever the broker's trouble is, the commit stands
                log.warning("The bell for %s.%s could not be rung; the sweep will find the work.", mode, lane)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[AsyncSession]:
        """One transaction for everything that opens one inside: an act and the record of its answer, both or neither."""
        async with self.transaction() as session:
            before = self._joined.set(session)
            try:
                yield session
            finally:
                self._joined.reset(before)

    def line(self) -> "Line":
        """A connection of one's own, opened at its first statement. Close it."""
        return Line(self.engine)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


class Line:
    """A connection out of the pool for whoever sends one statement after the other, each a transaction by itself.

    The statements go straight to the driver, in one trip, prepared after a few times: for the hot path, where a session's
    four trips and its objects cost more than the statement. One statement at a time. An error is a :class:`DBAPIError` as
    everywhere else; after it, or after being cancelled in the middle, the next statement gets a new connection.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._held: AsyncConnection | None = None
        self._driver: psycopg.AsyncConnection[tuple[Any, ...]] | None = None
        self._texts: dict[TextClause, str] = {}

    async def rows(self, statement: TextClause, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it, commit, and return all its rows."""
        words = self._texts.get(statement) or self._texts.setdefault(
            statement, str(statement.compile(dialect=self._engine.dialect))
        )
        driver = self._driver or await self._open()
        try:
            cursor = await driver.execute(words, values, binary=True)
            return await cursor.fetchall()
        except psycopg.Error as error:
            await self._drop()
            raise DBAPIError("a statement on a line", None, error, hide_parameters=True) from error
        except BaseException:
            await self._drop()
            raise

    async def close(self) -> None:
        """Give the connection back."""
        held, self._held, self._driver = self._held, None, None
        if held is not None:
            await held.close()

    async def _open(self) -> "psycopg.AsyncConnection[tuple[Any, ...]]":
        held = await self._engine.connect()
        try:
            await held.execution_options(isolation_level="AUTOCOMMIT")
            driver = (await held.get_raw_connection()).driver_connection
        except BaseException:
            await held.close()
            raise
        if not isinstance(driver, psycopg.AsyncConnection):  # pragma: no cover - the engine's driver is fixed above
            message = f"A line needs psycopg, and the engine brought {type(driver).__name__}."
            raise TypeError(message)
        self._held, self._driver = held, driver
        return driver

    async def _drop(self) -> None:
        """Nobody knows what state it is in: throw it away."""
        held, self._held, self._driver = self._held, None, None
        if held is not None:
            await held.invalidate()
            await held.close()


async def rows(
    through: AsyncSession | Line, statement: TextClause, values: Mapping[str, Any]
) -> Iterable[Sequence[Any]]:
    """The rows of a statement, in a session's transaction or on a line by itself."""
    if isinstance(through, Line):
        return await through.rows(statement, values)
    return await through.execute(statement, values)


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` to a revision of the schema. Safe to run from several processes at once."""
    from alembic import command  # noqa: PLC0415 - heavy, and needed by one command only

    command.upgrade(alembic_config(url), revision)


def alembic_config(url: str) -> "Config":
    """Alembic's configuration for our migrations and this database."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("file_template", "%%(year)d-%%(month).2d-%%(day).2d-%%(hour).2d%%(minute).2d_%%(slug)s")
    config.attributes["url"] = make_url(url).set(drivername="postgresql+psycopg")
    return config
