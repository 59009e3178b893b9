"""The three tasks. Each says where to look; the database says what to do."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from celery import Celery

from crisis.broker import DELIVER, SWEEP, TIDY
from crisis.deliveries.engine import Engine
from crisis.housekeeping import tidy
from crisis.lanes import Lane
from crisis.mode import Mode

log = logging.getLogger(__name__)

Run = Callable[[Callable[[Engine], Coroutine[Any, Any, Any]]], None]
"""Runs an act of the engine to its end, in this process's event loop."""


def register(app: Celery, served: Mode, run: Run, *, keep_unlisted_days: int) -> None:
    """Give the tasks to a worker that serves one mode. A task of another mode is an alarm, and is not done."""

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
            run(lambda engine: engine.sweep())

    @app.task(name=TIDY)  # type: ignore[untyped-decorator]
    def tidy_up(mode: str | None = None) -> None:
        if ours(mode):
            run(lambda engine: tidy(engine.db, keep_unlisted_days=keep_unlisted_days))
