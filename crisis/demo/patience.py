"""Patience: what the story waits for before it goes on, and for how long."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.demo import town

PATIENCE = 20.0
"""Seconds without any change, after which the demo goes on and says what is missing."""
LOOK = 0.2
"""Seconds between two looks that are shown."""


async def until(reached: Callable[[], Awaitable[bool]], *, begins_in: float = 0) -> None:
    """Wait, and go on without it when patience ends: the promise that needed it will say so."""
    end = time.monotonic() + begins_in + PATIENCE
    while not await reached() and time.monotonic() < end:  # noqa: ASYNC110 - what is waited for is in the database
        await asyncio.sleep(LOOK / 4)


async def are(crisis: Crisis, posts: list[int], states: set[str]) -> bool:
    """Whether all of these posts stand there."""
    found = await town.standings(crisis, posts)
    return all(set(each.counts) <= states for each in found.values())


async def seconds_to_turn(crisis: Crisis, post: int) -> float:
    """Until it goes out (:mod:`crisis.posts.spread`): a demo told minutes ago has let out another of the same account's."""
    at = (await crisis.posts.get(town.KEEPER, post)).release_at
    return max(0.0, (at - clock.now()).total_seconds()) if at is not None else 0.0
