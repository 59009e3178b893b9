"""Drains: one task per activation that this process has begun, so that "confirmed" comes without waiting for a sweep.

Nothing depends on them: if the process dies, the sweep goes on from the database.
"""

import asyncio
import logging
from contextvars import Context

from crisis.activations.drain import drain
from crisis.db import Database

log = logging.getLogger(__name__)


class Drains:
    """The tasks under way."""

    def __init__(self, db: Database, drain_seconds: float) -> None:
        self._db, self._drain_seconds = db, drain_seconds
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def start(self, activation_id: int) -> None:
        """Begin, unless it is under way. Call when the activation is committed; does not wait for the drain."""
        if activation_id not in self._tasks:
            # A context of its own: what belongs to the request must not go on in here.
            task = asyncio.get_running_loop().create_task(self._run(activation_id), context=Context())
            self._tasks[activation_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(activation_id, None))

    async def close(self) -> None:
        """Stop them all; the sweep goes on with what is left."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, activation_id: int) -> None:
        try:
            confirmed = await drain(self._db, activation_id, self._drain_seconds)
        except Exception as error:  # noqa: BLE001 - whatever it was, the sweep goes on
            log.warning(
                "the drain of activation %s stopped (%s); the sweep goes on", activation_id, type(error).__name__
            )
            return
        if not confirmed:
            log.warning("activation %s is still locking: see its open permits", activation_id)
