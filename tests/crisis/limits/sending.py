"""A sender process of its own: ``python -m tests.crisis.limits.sending``, with its settings in the environment as a worker has
them. It sends the SMS lane until nothing is due.
"""

import asyncio

from crisis.bootstrap import database_of, engine_for
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings


async def send() -> None:
    """Until nothing is due."""
    settings = Settings()
    engine = engine_for(Mode.ACTUAL, settings, database_of(settings), slices=False)
    await engine.deliver(Lane.SMS)
    await engine.close()


if __name__ == "__main__":
    asyncio.run(send())
