"""A whole installation of real parts that can be killed one by one: PostgreSQL, Valkey, the sandbox, beat, workers and the API.

The providers' addresses are the sandbox's, so what the sandbox accepted is what "went out". With ``apart``,
exercises have a sandbox of their own, ``drills``: what one of them sent to the first is seen. Limits are short, so that what
a crash leaves behind is found within seconds.
"""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import psutil
from sqlalchemy.exc import DBAPIError

from crisis.bootstrap import Crisis, crisis_of
from crisis.db import Database, migrate
from crisis.embedded import commands
from crisis.embedded.postgres import Postgres
from crisis.embedded.readiness import listens, works
from crisis.embedded.valkey import Valkey
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings
from tests.adapters.sandbox_server import ACCOUNT_SID, ROOT, SandboxServer
from tests.emptying import empty

START_SECONDS = 30.0
LIMITS = {
    "CRISIS_CALL_SECONDS": "1.5",
    "CRISIS_LEASE_SECONDS": "2",
    "CRISIS_SWEEP_SECONDS": "0.5",
    "CRISIS_DRAIN_SECONDS": "2",
    "CRISIS_SMS_SETTLE_SECONDS": "1",
    "CRISIS_SMS_CONCURRENCY": "40",
    "CRISIS_SMS_BATCH": "100",
    "CRISIS_SLICE_SECONDS": "1",
}
"""Seconds and counts. Whatever is in flight counts as unknown after four calls."""


@dataclass
class Process:
    """A process of ours with all its children, in a group of its own; its output in a file."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def family(self) -> list[psutil.Process]:
        """It and everything under it."""
        parent = psutil.Process(self.pid)
        return [parent, *parent.children(recursive=True)]

    def kill(self) -> None:
        """SIGKILL to it and everything under it, all at once."""
        family = self.family() if self.process.poll() is None else []
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        psutil.wait_procs(family, timeout=5)

    def said(self) -> str:
        """What it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def command_of(process: psutil.Process) -> str:
    """What it runs; nothing for one that has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # of which a corpse is one
        return ""


class Stack:
    """One installation on a temporary home that PostgreSQL's user can reach. ``with`` it."""

    def __init__(
        self,
        home: Path,
        *,
        latency: float = 0.0,
        environment: Mapping[str, str] = MappingProxyType({}),
        apart: bool = False,
    ) -> None:
        self.home = home
        self.postgres, self.valkey = Postgres(home / "postgres"), Valkey(home / "valkey")
        self._latency, self._extra, self._apart = latency, environment, apart
        self._running: list[Process] = []
        self._number = 0

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dismiss()
        for name in ("sandbox", "drills"):
            if (sandbox := getattr(self, name, None)) is not None:
                sandbox.stop()
        self.valkey.stop()
        self.postgres.stop("immediate")

    def _start(self) -> None:
        database_url, redis_url = self.postgres.start(), self.valkey.start()
        migrate(database_url)
        token = secrets.token_hex(16)
        self.sandbox = SandboxServer(token, journal=self.home / "journal")
        self.drills = SandboxServer(secrets.token_hex(16)) if self._apart else self.sandbox
        self.behave()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "CRISIS_HOME": str(self.home),
            "CRISIS_DATABASE_URL": database_url,
            "CRISIS_REDIS_URL": redis_url,
            "CRISIS_NUMBERS_KEY": secrets.token_hex(32),
            "CRISIS_CREDENTIALS_KEY": secrets.token_hex(32),
            "CRISIS_GRAPH_URL": f"{self.sandbox.url}/graph",
            "CRISIS_X_URL": f"{self.sandbox.url}/x",
            "CRISIS_TWILIO_URL": f"{self.sandbox.url}/twilio",
            "CRISIS_TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "CRISIS_TWILIO_AUTH_TOKEN": token,
            "CRISIS_X_CONSUMER_KEY": "consumer-key-of-a-test",
            "CRISIS_X_CONSUMER_SECRET": "consumer-secret-of-a-test",
            "CRISIS_SANDBOX_URL": self.drills.url,
            "CRISIS_SANDBOX_TOKEN": self.drills.token,
            "CRISIS_PUBLIC_URL": "http://127.0.0.1:9",
            **LIMITS,
            **self._extra,
        }

    @property
    def settings(self) -> Settings:
        """What the processes read from their environment."""
        given = {name.removeprefix("CRISIS_").lower(): value for name, value in self.environment.items()}
        known: dict[str, Any] = {name: value for name, value in given.items() if name in Settings.model_fields}
        return Settings(**known)

    @asynccontextmanager
    async def crisis(self) -> AsyncIterator[Crisis]:
        """The domain on an emptied installation, with Celery's bell, to act and to look."""
        made = crisis_of(self.settings)
        try:
            await empty_under_workers(made.db)
            yield made
        finally:
            await made.db.close()

    def behave(self) -> None:
        """Forget what the sandbox saw and was to do wrong, but for its latency: half before it publishes, half after."""
        for sandbox in {self.sandbox, self.drills}:
            sandbox.clear()
            sandbox.fault("twilio", "no_callbacks")
        if self._latency:
            self.sandbox.fault("twilio", "latency", seconds=self._latency / 2)
            self.sandbox.fault("twilio", "latency_after", seconds=self._latency / 2)

    def dismiss(self) -> None:
        """End everything that was started in it."""
        for process in self._running:
            process.kill()
        self._running.clear()

    def worker(
        self, *lanes: Lane, mode: Mode = Mode.ACTUAL, concurrency: int = 3, ready: bool = True, **more: str
    ) -> Process:
        """A Celery worker of these lanes (all of them), with its standby; answers when it takes kicks.

        ``more`` goes into its environment.
        """
        command = commands.worker(mode, concurrency, lanes or tuple(Lane))
        process = self.run(command, CRISIS_WORKER_MODE=mode.value, **more)
        if ready:
            self.until(process, lambda: works(self.settings, mode))
        return process

    def beat(self, **more: str) -> Process:
        """Celery's clock."""
        return self.run(commands.beat(self.home), **more)

    def standby(self, mode: Mode = Mode.ACTUAL) -> Process:
        """The standby by itself, with no worker beside it."""
        return self.run([sys.executable, "-m", "crisis", "standby", "--mode", mode.value])

    def apis(self, ports: Sequence[int], **more: str) -> list[Process]:
        """One process of the API on each of these ports, started side by side. ``more`` goes into their environment."""
        started = [self.run(commands.api("127.0.0.1", port), **more) for port in ports]
        for process, port in zip(started, ports, strict=True):
            self.until(process, partial(listens, port))
        return started

    def run(self, command: list[str], environment: Mapping[str, str] | None = None, **more: str) -> Process:
        """Any program in the installation's environment, or in exactly this one."""
        self._number += 1
        log = self.home / f"process-{self._number}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env={**(self.environment if environment is None else environment), **more},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._running.append(made := Process(process, log))
        return made

    def until(self, process: Process, ready: Callable[[], bool]) -> None:
        """Wait for a process to come up."""
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            assert process.process.poll() is None, process.said()
            assert time.monotonic() < deadline, process.said()
            time.sleep(0.1)


async def until(
    true: Callable[[], Awaitable[Any]], *, seconds: float = 40.0, pause: float = 0.05, what: str = ""
) -> Any:
    """Wait for something to become true, and return it; fail after ``seconds``."""
    end = asyncio.get_running_loop().time() + seconds
    while not (found := await true()):
        assert asyncio.get_running_loop().time() < end, what or "it did not come true in time"
        await asyncio.sleep(pause)
    return found


async def empty_under_workers(db: Database) -> None:
    """Empty every table, also under a worker that is idle: its sweep may be looking at them, so it may take more tries."""

    async def emptied() -> bool:
        try:
            async with db.engine.begin() as connection:
                await empty(connection)
        except DBAPIError:
            return False
        return True

    await until(emptied, what="the database could not be emptied")
