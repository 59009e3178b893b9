"""Imports under way in this process: each goes on when the request that began it is over.

Nothing of a list depends on them: one that is stopped has changed nothing, and says so.
"""

import asyncio
from contextvars import Context
from typing import BinaryIO

from crisis.audiences import imports
from crisis.bootstrap import Crisis
from crisis.roles import Actor


class Imports:
    """The tasks under way."""

    def __init__(self, crisis: Crisis) -> None:
        self._crisis = crisis
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def start(self, actor: Actor, import_id: int, source: BinaryIO, patience: float) -> None:
        """Begin, and wait for the end for ``patience`` seconds at most. The file is closed when it has been read."""
        # A context of its own: what belongs to the request must not go on in here.
        task = asyncio.get_running_loop().create_task(self._run(actor, import_id, source), context=Context())
        self._tasks[import_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(import_id, None))
        await asyncio.wait([task], timeout=patience)

    async def close(self) -> None:
        """Stop them all."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, actor: Actor, import_id: int, source: BinaryIO) -> None:
        crisis = self._crisis
        try:
            await imports.carry_out(
                crisis.db, actor, import_id, source, sealer=crisis.numbers, settings=crisis.settings
            )
        finally:
            await asyncio.to_thread(source.close)
