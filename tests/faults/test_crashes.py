"""``kill -9`` of the API, a worker, a sender, the standby or the database at each step of a lock: afterwards it is either not activated
or locked, the levers converge, and nothing is left revoked after the stand-down. The sandbox and the database are the judges.

A table: whoever plays a part at a step is killed there. ``make test`` does a few of its lines, ``FAULTS=long`` all of them.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from operator import itemgetter
from typing import Any

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crisis.activations.service import ActivationLocked
from crisis.bootstrap import Crisis
from crisis.embedded.port import free_port
from crisis.roles import Role
from crisis.tokens.service import create_token
from tests import factories
from tests.faults.library import ADDRESS, Library
from tests.faults.size import TIMEOUT, either
from tests.faults.stack import Process, Stack, command_of, until
from tests.faults.test_api import WAITING_FOR_THE_HEAD, Api, Post, count

pytestmark = pytest.mark.timeout(2 * TIMEOUT)
CALL, SLOW_GRAPH = 1.2, 0.25
"""Seconds that a post takes at Facebook after it is out, and that each other call takes, so that a kill meets them under way."""
OURS = {"id": "9", "name": "Krisetjenesten", "tasks": ["CREATE_CONTENT"], "access": "assigned"}
THEIRS = {"id": "71", "name": "Bibliotekaren", "tasks": ["CREATE_CONTENT", "MANAGE"], "access": "assigned"}
LONG_ENOUGH = 60.0


class Step(StrEnum):
    """Where it happens."""

    ACTIVATING = "activate, before its commit"
    ACTIVATED = "activate, after its commit and before the answer"
    CALLING = "drain, a call under way"
    ORPHANED = "drain, whose holder was killed, before it is confirmed"
    PULLING = "levers, while they are pulled"
    RESTORING = "levers, while they are given back"
    STANDING_DOWN = "stand-down, before its commit"
    STOOD_DOWN = "stand-down, after its commit and before the answer"


class Victim(StrEnum):
    """Who is killed."""

    API = "the API"
    WORKER = "the worker, its senders and its standby"
    STANDBY = "the standby"
    DATABASE = "the database"


TABLE: Sequence[tuple[Step, Sequence[Victim]]] = (
    (Step.ACTIVATING, (Victim.API, Victim.DATABASE)),
    (Step.ACTIVATED, (Victim.API, Victim.STANDBY, Victim.DATABASE)),
    (Step.CALLING, tuple(Victim)),
    (Step.ORPHANED, (Victim.WORKER, Victim.STANDBY, Victim.DATABASE)),
    (Step.PULLING, (Victim.WORKER, Victim.STANDBY, Victim.DATABASE)),
    (Step.RESTORING, (Victim.WORKER, Victim.STANDBY, Victim.DATABASE)),
    (Step.STANDING_DOWN, (Victim.API, Victim.DATABASE)),
    (Step.STOOD_DOWN, (Victim.API, Victim.STANDBY, Victim.DATABASE)),
)
SHORT = (
    (Step.ACTIVATING, Victim.DATABASE),
    (Step.PULLING, Victim.STANDBY),
    (Step.RESTORING, Victim.STANDBY),
)
CASES = either(SHORT, tuple((step, victim) for step, victims in TABLE for victim in victims))


class Running:
    """A worker and an API: what is killed is started again, and whoever comes next finds it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.worker, self.api = self._start_worker(), self._start_api()

    async def kill(self, victim: Victim) -> None:
        """And let whoever looks after it start it again."""
        match victim:
            case Victim.API:
                self.api.process.kill()
                self.api = await asyncio.to_thread(self._start_api)
            case Victim.WORKER:
                self.worker.kill()
                self.worker = await asyncio.to_thread(self._start_worker)
            case Victim.STANDBY:
                for process in self.worker.family():
                    with suppress(psutil.NoSuchProcess):
                        if "standby" in command_of(process):
                            process.kill()
            case Victim.DATABASE:
                await asyncio.to_thread(self.stack.postgres.stop, "immediate")
                await asyncio.to_thread(self.stack.postgres.start)

    def _start_worker(self) -> Process:
        return self.stack.worker(concurrency=2)

    def _start_api(self) -> Api:
        port = free_port()
        (process,) = self.stack.apis([port])
        return Api(process, port)


class Town:
    """A library whose page has a lever, and a director who asks for a lock."""

    def __init__(self, running: Running, crisis: Crisis, library: Library, director: str) -> None:
        self.running, self.crisis, self.library, self._director = running, crisis, library, director
        self.stack, self.kill = running.stack, running.kill
        self.activate = Post("/v1/activations", director, "activations", {"title": "Skred", "mode": "actual"})

    @property
    def api(self) -> Api:
        return self.running.api

    def stand_down(self, activation: int) -> Post:
        done = "activations WHERE state = 'stood_down'"
        return Post(f"/v1/activations/{activation}/stand-down", self._director, done)

    async def before_commit(self, post: Post, victim: Victim) -> None:
        """The last statement of the act waits for us; then the victim is killed."""
        async with self._held_head():
            writer = await self.api.send(post)

            async def waits() -> bool:
                async with self.crisis.db.transaction() as session:
                    return bool(await session.scalar(WAITING_FOR_THE_HEAD))

            await until(waits, pause=0.02, what="the request did not get as far as its audit entry")
            await self.kill(victim)
        writer.transport.abort()

    async def after_commit(self, post: Post, victim: Victim) -> None:
        """The act is committed, and nobody has read the answer."""
        writer = await self.api.send(post)

        async def committed() -> bool:
            return bool(await count(self.crisis, post.table))

        await until(committed, pause=0.005, what="the request was not done")
        await self.kill(victim)
        writer.transport.abort()

    async def ask(self, post: Post) -> Any:
        """The same request, with the same key, until it is answered: what a client does whose answer did not come."""

        async def answered() -> Any:
            with suppress(OSError):
                status, answer, _ = await self.api.answer(post)
                assert status < 500 or status == 503, answer
                return answer if status < 300 else None
            return None

        return await until(answered, seconds=LONG_ENOUGH, what=f"no answer to {post.path}")

    async def lever_is(self, *states: str) -> None:
        async def reached() -> bool:
            return set(await self._levers()) in [{state} for state in states]

        try:
            await until(reached, seconds=LONG_ENOUGH, pause=0.02)
        except AssertionError:
            async with self.crisis.db.transaction() as session:
                found = (
                    await session.execute(text("SELECT state, error, lease_until, due_at, now() FROM levers"))
                ).all()
            raise AssertionError(f"the lever did not come to {states}: {found}") from None

    async def is_consistent(self) -> None:
        """Not activated, or locked; nothing in between."""
        async with self.crisis.db.transaction() as session:
            gate = (await session.execute(text("SELECT state, epoch FROM gate WHERE mode = 'actual'"))).one()
            held = (await session.execute(text("SELECT epoch FROM activations WHERE state <> 'stood_down'"))).all()
            said = text('SELECT count(*) FROM audit WHERE record LIKE \'%"action":"activate"%\'')
            on_record, made = await session.scalar(said), await session.scalar(text("SELECT count(*) FROM activations"))
        assert gate.state == ("locked" if held else "open")
        assert [row.epoch for row in held] == ([gate.epoch] if held else [])
        assert on_record == made <= 1, "an activation that did not happen is on record, or one that did is not"

    def rights(self) -> Any:
        return self.stack.sandbox.rights("graph", ADDRESS)

    async def _levers(self) -> list[str]:
        try:
            async with self.crisis.db.transaction() as session:
                return list(await session.scalars(text("SELECT state FROM levers")))
        except DBAPIError:
            return []

    @asynccontextmanager
    async def _held_head(self) -> AsyncIterator[None]:
        """The head of the audit log is ours, as long as there is a database."""
        connection = await self.crisis.db.engine.connect()
        try:
            await connection.execute(text("SELECT 1 FROM audit_head FOR UPDATE"))
            yield
        finally:
            with suppress(DBAPIError):
                await connection.rollback()
            with suppress(DBAPIError):
                await connection.close()


@pytest.fixture(scope="module")
def running(stack: Stack) -> Running:
    return Running(stack)


@pytest.fixture
async def town(stack: Stack, running: Running, crisis: Crisis) -> Town:
    library = await Library.of(stack, crisis)
    secrets = json.dumps({"business_id": "1", "admin_token": "admin-token-of-a-test", "publisher": OURS["id"]})
    sealed = crisis.credentials.seal(secrets, f"account:{library.account}:admin".encode())
    async with crisis.db.transaction() as session:
        values = {"sealed": sealed, "id": library.account}
        await session.execute(text("UPDATE accounts SET admin_credentials = :sealed WHERE id = :id"), values)
    stack.sandbox.set_rights("graph", ADDRESS, [OURS, THEIRS])
    _, director = await create_token(crisis.db, factories.OPERATOR, "Kommunedirektøren", Role.DIRECTOR)
    return Town(running, crisis, library, director)


@pytest.mark.fault(40)
@pytest.mark.parametrize(("step", "victim"), CASES)
async def test_whoever_is_killed_the_lock_falls_or_does_not_and_everything_is_given_back(
    town: Town, step: Step, victim: Victim, record_property: Callable[[str, object], None]
) -> None:
    library, sandbox = town.library, town.stack.sandbox

    async def at(here: Step, act: Callable[[], Awaitable[object]]) -> None:
        if step is here:
            await act()
            await town.is_consistent()

    sandbox.fault("graph", "latency", seconds=SLOW_GRAPH)
    if step in {Step.CALLING, Step.ORPHANED}:
        sandbox.fault("graph", "latency_after", seconds=CALL)
        await library.post()
        holder = await library.in_a_call()
    await at(Step.ACTIVATING, lambda: town.before_commit(town.activate, victim))
    await at(Step.ACTIVATED, lambda: town.after_commit(town.activate, victim))
    activation = (await town.ask(town.activate))["id"]
    if step is Step.ORPHANED:
        with suppress(ProcessLookupError):
            os.kill(holder.pid, signal.SIGKILL)
    if step in {Step.CALLING, Step.ORPHANED}:
        await town.kill(victim)
        await town.is_consistent()
    if step is Step.PULLING:
        await town.lever_is("pulling")
        await town.kill(victim)
        await town.is_consistent()
    await library.confirmed(activation, seconds=LONG_ENOUGH)
    shown = len(library.shown())
    assert await library.permits() == []
    with pytest.raises(ActivationLocked):
        await library.post("Ville ut under krisen")
    await town.lever_is("pulled")
    assert town.rights() == [OURS], "said to be locked, and somebody can publish"

    stand_down = town.stand_down(activation)
    await at(Step.STANDING_DOWN, lambda: town.before_commit(stand_down, victim))
    await at(Step.STOOD_DOWN, lambda: town.after_commit(stand_down, victim))
    await town.ask(stand_down)
    if step is Step.RESTORING:
        await town.lever_is("restoring", "restored")
        await town.kill(victim)
    await town.is_consistent()
    await town.lever_is("restored")
    assert sorted(town.rights(), key=itemgetter("id")) == [THEIRS, OURS], "something is left revoked"
    await asyncio.sleep(1)
    assert len(library.shown()) == shown, "something went out behind the lock, or by itself after it"
    assert [post.state for post in await library.crisis.posts.list(factories.OPERATOR)][-1] == "blocked"
    record_property("left revoked", 0)
