"""The three tasks. Each says where to look; the database says what to do."""

import logging
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any

from celery import Celery

from crisis.broker import DELIVER, SWEEP, TIDY, TIDY_SECONDS
from crisis.deliveries.engine import Engine
from crisis.housekeeping import tidy
from crisis.lanes import Lane
from crisis.mode import Mode

log = logging.getLogger(__name__)

Run = Callable[[Callable[[Engine], Coroutine[Any, Any, Any]]], None]
"""Runs an act of the engine to its end, in this process's event loop."""


class Recurring:
    """An act that beat asks for every ``seconds``. One that waited for its successor has nothing left to do, and is dropped.

    Its age is told by this process's own monotonic clock. Celery's ``expires`` holds beat's wall clock against the worker's: on a
    machine that was some seconds ahead every sweep was dropped.
    """

    def __init__(self, seconds: float) -> None:
        self._apart = seconds / 2
        self._ended = -math.inf

    def run(self, act: Callable[[], None]) -> None:
        """Do it, unless this process has just done it."""
        if time.monotonic() - self._ended < self._apart:
            return
        try:
            act()
        finally:
            self._ended = time.monotonic()


def register(app: Celery, served: Mode, run: Run, *, sweep_seconds: float, keep_unlisted_days: int) -> None:
    """Give the tasks to a worker that serves one mode. A task of another mode is an alarm, and is not done."""
    sweeping, tidying = Recurring(sweep_seconds), Recurring(TIDY_SECONDS)

    def ours(mode: str | None) -> bool:
        if mode != served.value:
            log.critical(
                "A task of mode %r came to the worker of %s. It was not done; find out who sent it.", mode, served
            )
        return mode == served.value

    @app.task(name=DELIVER)  # type: ignore[untyped-decorator]
    def deliver(mode: str | None = None, lane: str = Lane.PUBLIC) -> None:
        if ours(mode):
            run(lambda engine: engine.deliver(Lane(lane)))

    @app.task(name=SWEEP)  # type: ignore[untyped-decorator]
    def sweep(mode: str | None = None) -> None:
        if ours(mode):
            sweeping.run(lambda: run(lambda engine: engine.sweep()))

    @app.task(name=TIDY)  # type: ignore[untyped-decorator]
    def tidy_up(mode: str | None = None) -> None:
        if ours(mode):
            tidying.run(lambda: run(lambda engine: tidy(engine.db, keep_unlisted_days=keep_unlisted_days)))
