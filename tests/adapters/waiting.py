"""Waiting for what a thread, a socket or a file is about to do."""

import asyncio
import time
from collections.abc import Callable


async def eventually(true: Callable[[], object]) -> None:
    """Wait until it is true; fails after ten seconds."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        await asyncio.sleep(0.01)
