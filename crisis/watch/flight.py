"""A flight: looks that are under way at once, none waiting for the slowest of the others."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")

MOST = 32
"""At once, in one process."""
TOGETHER_SECONDS = 0.1
"""What lands within this of the first is written in one transaction."""


class Flight(Generic[T]):
    """At most ``most`` tasks. Whoever starts them asks :attr:`free` first, and takes what has landed."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._tasks: set[asyncio.Task[T]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def free(self) -> int:
        """How many more may start."""
        return self._most - len(self._tasks)

    def start(self, work: Coroutine[Any, Any, T]) -> None:
        """Let it begin. It must end by itself, and must not raise."""
        self._tasks.add(asyncio.create_task(work))

    async def landed(self, seconds: float) -> list[T]:
        """What has ended, or ends within ``seconds``. Whoever is cancelled here takes everything under way with it."""
        if not self._tasks:
            return []
        try:
            await asyncio.wait(self._tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(self._tasks, timeout=TOGETHER_SECONDS)
        except asyncio.CancelledError:
            for task in self._tasks:
                task.cancel()
            raise
        done = {task for task in self._tasks if task.done()}
        self._tasks -= done
        return [task.result() for task in done]
