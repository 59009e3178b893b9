"""Watching: what a command reads is shown once, or again every second until Ctrl-C."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rich.console import RenderableType
from rich.live import Live

from crisis.cli import screen

PAUSE = 1.0  # seconds between looks


async def show(
    read: Callable[[], Awaitable[Any]], drawn: Callable[[Any], RenderableType], *, watch: bool, as_json: bool
) -> None:
    """Show what ``read`` finds, ``drawn`` or as JSON; with ``watch`` again and again, a line each or in its place."""
    found = await read()
    if not watch:
        screen.show_json(found) if as_json else screen.show(drawn(found))
        return
    if as_json:
        while True:
            screen.show_json_line(found)
            await asyncio.sleep(PAUSE)
            found = await read()
    with Live(drawn(found), console=screen.console, auto_refresh=False) as live:
        while True:
            await asyncio.sleep(PAUSE)
            live.update(drawn(await read()), refresh=True)
