"""Health: ``/healthz`` says that the process answers, ``/readyz`` whether everything it needs is there, and if not what to do."""

import asyncio
from collections.abc import Awaitable, Callable

from alembic.script import ScriptDirectory
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.errors import HEADERS
from api.problems import problem
from crisis.db import Database, alembic_config
from crisis.settings import Settings

PATIENCE = 2.0  # seconds for each part
_REVISION = text("SELECT version_num FROM alembic_version")


class Health:
    """The parts this service stands on."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings, self._db = settings, db
        self._heads = set(ScriptDirectory.from_config(alembic_config(db.url)).get_heads())

    def routes(self) -> list[Route]:
        """Where load balancers and containers ask."""
        return [
            Route("/healthz", self.live, methods=["GET"], include_in_schema=False),
            Route("/readyz", self.ready, methods=["GET"], include_in_schema=False),
        ]

    async def live(self, _request: Request) -> Response:
        """The process answers. Asks nobody else."""
        return JSONResponse({"status": "up"})

    async def ready(self, _request: Request) -> Response:
        """200 when every part is there, 503 naming each that is not."""
        parts: dict[str, Callable[[], Awaitable[str | None]]] = {"database": self._database, "broker": self._broker}
        said = await asyncio.gather(*(check() for check in parts.values()))
        wanting = {part: trouble for part, trouble in zip(parts, said, strict=True) if trouble}
        if not wanting:
            return JSONResponse({"status": "ready", "parts": list(parts)})
        detail = f"Not ready: {', '.join(wanting)}."
        problems = list(wanting.values())
        return problem(503, "unready", "Not ready", detail, HEADERS[503], problems=problems, parts=list(wanting))

    async def _database(self) -> str | None:
        try:
            async with asyncio.timeout(PATIENCE), self._db.transaction() as session:
                if not (await session.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one():
                    return "The database is empty. Bring it to the newest schema: crisis migrate."
                held = set((await session.execute(_REVISION)).scalars())
        except (SQLAlchemyError, TimeoutError, OSError):
            return "The database does not answer. Start it, or set CRISIS_DATABASE_URL to where it is."
        if held != self._heads:
            return (
                f"The database is at {', '.join(sorted(held)) or 'no revision'} and this program needs "
                f"{', '.join(sorted(self._heads))}. Run: crisis migrate."
            )
        return None

    async def _broker(self) -> str | None:
        if self._settings.redis_url is None:
            return "There is no broker, so everything waits for the sweep. Set CRISIS_REDIS_URL, or start with `crisis up`."
        broker = Redis.from_url(
            self._settings.redis_url.get_secret_value(), socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
        )
        try:
            async with asyncio.timeout(PATIENCE):
                await broker.execute_command("PING")  # type: ignore[no-untyped-call]  # the library has no types for it
        except (RedisError, TimeoutError, OSError):
            return (
                "The broker does not answer. Nothing is lost: the sweep finds the work some seconds later. Start it, or set "
                "CRISIS_REDIS_URL to where it is."
            )
        finally:
            await broker.aclose()
        return None
