"""Apart: a measurement in a process of its own, on a core of its own, so that it has nobody else's memory, loop or caches."""

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

import uvloop

SENDER, PROVIDER = 0, 1
"""Which of the usable cores the sender and the provider's stand-in get."""

Answer = TypeVar("Answer")


def core(place: int) -> int | None:
    """The core for this place; ``None`` where the machine has one only, or cannot be asked."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return cores[place] if len(cores) > 1 else None


def pin(place: int) -> None:
    """Keep this process on its place's core, where there is one. The database is left free."""
    if (found := core(place)) is not None:
        os.sched_setaffinity(0, {found})


def apart(
    act: Callable[..., Coroutine[Any, Any, Answer]], *given: object, fast: bool = True, place: int | None = SENDER
) -> Answer:
    """Run ``act(*given)`` in a new process and return its answer. ``fast``: on uvloop, else on Python's own loop."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_run, act, given, uvloop.new_event_loop if fast else asyncio.new_event_loop, place).result()


def _run(
    act: Callable[..., Coroutine[Any, Any, Answer]],
    given: tuple[object, ...],
    loop: Callable[[], asyncio.AbstractEventLoop],
    place: int | None,
) -> Answer:
    if place is not None:
        pin(place)
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(act(*given))
