"""The Celery worker: the one bridge between Celery's synchronous world and ours.

Each pool child makes its own event loop, database pool and channels after the fork, and runs one task at a time in them. A
child may be killed at any moment (the drain does so to a holder that does not answer): the rows say what is to be done.
"""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop
from celery import bootsteps
from celery.signals import setup_logging, worker_before_create_process, worker_process_init, worker_process_shutdown

from crisis.bootstrap import SENDER_IDLE_SECONDS, database_of, engine_for, load_channels
from crisis.broker import bell_of, celery_app
from crisis.deliveries.engine import Engine
from crisis.garbage import set_aside
from crisis.mode import Mode
from crisis.settings import Settings
from crisis.tasks import register

_STANDBY_LOOK = 5.0  # seconds

settings = Settings()
if settings.worker_mode is Mode.EXERCISE:
    settings = settings.without_secrets()
app = celery_app(settings)
load_channels()  # here, once, for all children


class Bridge:
    """The event loop and the engine of one pool child."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None
        self._engine: Engine | None = None

    def run(self, act: Callable[[Engine], Coroutine[Any, Any, Any]]) -> None:
        """Run one act of the engine to its end."""
        if self._runner is None or self._engine is None:
            self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
            self._engine = self._runner.run(self._make())
        self._runner.run(act(self._engine))

    async def _make(self) -> Engine:
        db = database_of(settings, bell=bell_of(settings), pool_size=5, idle_seconds=SENDER_IDLE_SECONDS)
        return engine_for(settings.worker_mode, settings, db)

    def close(self) -> None:
        """Give everything back."""
        if self._runner is not None and self._engine is not None:
            self._runner.run(self._engine.close())
            self._runner.close()
        self._runner = self._engine = None


bridge = Bridge()
register(
    app,
    settings.worker_mode,
    bridge.run,
    sweep_seconds=settings.sweep_seconds,
    keep_unlisted_days=settings.keep_unlisted_days,
)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _set_up_logging(**_: object) -> None:
    logging.basicConfig(
        level=settings.log_level,
        format=f"%(asctime)s %(levelname)s {settings.worker_mode} %(name)s: %(message)s",
    )
    if not settings.is_mode_said:
        logging.getLogger(__name__).critical(
            "This worker was not told its mode, or in a word that is none (CRISIS_WORKER_MODE). It serves exercises, and nothing real "
            "goes out by it. Start it by crisis worker --mode actual, if that is what it should do."
        )
    for routine in (
        "celery.worker.strategy",
        "celery.app.trace",
    ):  # a line for every sweep of every mode
        logging.getLogger(routine).setLevel(logging.WARNING)
    for chatty in ("tweepy", "urllib3", "requests_oauthlib", "oauthlib"):  # their DEBUG prints tokens
        logging.getLogger(chatty).setLevel(logging.WARNING)


@worker_before_create_process.connect  # type: ignore[untyped-decorator]
def _share(**_: object) -> None:
    set_aside()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _begin(**_: object) -> None:
    bridge.close()


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def _end(**_: object) -> None:
    bridge.close()


class Standby(bootsteps.StartStopStep):  # type: ignore[misc]
    """Keeps ``crisis standby`` running beside the worker: a process of its own, so that a drain may kill it as a holder."""

    requires = {"celery.worker.components:Timer"}  # noqa: RUF012 - Celery reads it so

    def __init__(self, parent: Any, **_: object) -> None:
        super().__init__(parent)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, parent: Any) -> None:
        """Start it, and look after it."""
        self._keep()
        parent.timer.call_repeatedly(_STANDBY_LOOK, self._keep)

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        """End it with the worker."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=5)

    terminate = stop

    def _keep(self) -> None:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "crisis", "standby", "--mode", settings.worker_mode.value]
            env = {**os.environ, "CRISIS_STANDBY_OF": str(os.getpid())}
            self._process = subprocess.Popen(command, env=env)  # noqa: S603 - our own command


app.steps["worker"].add(Standby)
