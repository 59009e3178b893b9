"""The API killed in the middle of a POST, before and after its commit: the same request again, with the same key, to any
other process of the API, gives one activation and one set of deliveries.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.embedded.port import free_port
from crisis.mode import Mode
from crisis.roles import Role
from crisis.tokens.service import create_token
from tests import factories
from tests.faults.stack import Process, Stack, until

PEOPLE = 300
WAITING_FOR_THE_HEAD = text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%audit_head%'"
)


@dataclass(frozen=True)
class Post:
    """A POST with its idempotency key. ``table`` has no row before it was done."""

    path: str
    token: str
    table: str
    body: dict[str, Any] | None = None
    key: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Idempotency-Key": self.key}


@dataclass(frozen=True)
class Api:
    """One process of the API."""

    process: Process
    port: int

    async def answer(self, post: Post) -> tuple[int, Any, bool]:
        """Status, body, and whether it is the answer that was kept."""
        url = f"http://127.0.0.1:{self.port}{post.path}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=post.body, headers=post.headers) as response,
        ):
            return response.status, await response.json(), response.headers.get("Idempotent-Replayed") == "true"

    async def send(self, post: Post) -> asyncio.StreamWriter:
        """Send the request, and read no answer."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        content = b"" if post.body is None else json.dumps(post.body).encode()
        lines = [f"POST {post.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Content-Type: application/json"]
        lines += [f"Content-Length: {len(content)}", *(f"{name}: {value}" for name, value in post.headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        await writer.drain()
        return writer

    async def is_killed_before_the_commit(self, crisis: Crisis, posts: Sequence[Post]) -> None:
        """Everything is written, and the last statement of each transaction waits for us: then the process is killed."""
        async with held_head(crisis):
            writers = [await self.send(post) for post in posts]

            async def wait() -> bool:
                async with crisis.db.transaction() as session:
                    return bool(await session.scalar(WAITING_FOR_THE_HEAD) == len(posts))

            await until(wait, pause=0.02, what="the requests did not get as far as their audit entries")
            self.process.kill()
        for writer in writers:
            writer.transport.abort()

    async def is_killed_after_the_commit(self, crisis: Crisis, posts: Sequence[Post]) -> None:
        """All is committed, and the process is killed before anybody has read an answer."""
        writers = [await self.send(post) for post in posts]

        async def committed() -> bool:
            return all([await count(crisis, post.table) for post in posts])

        await until(committed, pause=0.005, what="the requests were not done")
        self.process.kill()
        for writer in writers:
            writer.transport.abort()


@pytest.mark.fault(3)
async def test_what_the_api_was_killed_in_the_middle_of_is_done_once_when_it_is_asked_for_again(
    stack: Stack, crisis: Crisis
) -> None:
    _, director = await create_token(crisis.db, factories.OPERATOR, "Kommunedirektøren", Role.DIRECTOR)
    _, editor = await create_token(crisis.db, factories.OPERATOR, "Nettredaksjonen", Role.EDITOR, factories.EDITORS)
    await factories.account(crisis, "sms", address="Fjordvik")
    await factories.account(crisis, "facebook", address="1000")
    audience = await factories.audience(crisis, PEOPLE)
    exercise = await factories.activation(crisis.db, Mode.EXERCISE)
    revision = await factories.alert(crisis, exercise.id, audience_id=audience)
    activate = Post(
        "/v1/activations", director, "activations WHERE mode = 'actual'", {"title": "Skred", "mode": "actual"}
    )
    approve = Post(f"/v1/revisions/{revision.id}/approve", editor, "deliveries")
    ports = [free_port() for _ in range(3)]
    first, second, third = (Api(*pair) for pair in zip(stack.apis(ports), ports, strict=True))

    await first.is_killed_before_the_commit(crisis, [activate, approve])
    assert await count(crisis, activate.table) == await count(crisis, "deliveries") == 0
    assert await count(crisis, "renditions") == await count(crisis, "idempotency_keys") == 0
    await second.is_killed_after_the_commit(crisis, [activate, approve])

    status, answered, kept = await third.answer(activate)
    assert (status, kept, answered["created"]) == (201, True, True)
    assert await third.answer(activate) == (status, answered, kept)
    status, answered, kept = await third.answer(approve)
    assert (status, kept, answered["deliveries"]) == (200, True, {"facebook": 1, "sms": PEOPLE})
    assert await count(crisis, activate.table) == 1
    assert await count(crisis, "deliveries") == PEOPLE + 1
    assert await count(crisis, 'audit WHERE record LIKE \'%"action":"activate"%"mode":"actual"%\'') == 1
    assert await count(crisis, 'audit WHERE record LIKE \'%"action":"approve"%\'') == 1


@asynccontextmanager
async def held_head(crisis: Crisis) -> AsyncIterator[None]:
    """The head of the audit log is ours: whoever wants to add an entry waits."""
    async with crisis.db.engine.connect() as connection:
        await connection.execute(text("SELECT 1 FROM audit_head FOR UPDATE"))
        yield
        await connection.rollback()


async def count(crisis: Crisis, table: str) -> int:
    async with crisis.db.transaction() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
