"""A performance: the story on these settings, in this terminal or as a report."""

import asyncio

from rich.console import Console

from crisis.bootstrap import crisis_of
from crisis.demo.judge import Judge
from crisis.demo.place import check_settings
from crisis.demo.promises import Report
from crisis.demo.stage import Stage
from crisis.demo.story import Story
from crisis.settings import Settings


def run(settings: Settings) -> int:
    """Play it in this terminal; the exit code: 0 only if every promise was kept."""
    return 0 if asyncio.run(play(settings, Console(highlight=False), as_json=False)).kept else 1


async def play(settings: Settings, console: Console, *, as_json: bool) -> Report:
    """Play it, showing it on ``console`` unless ``as_json``. The report says which promises were kept.

    Raises :class:`~crisis.errors.Unready` or :class:`~crisis.errors.Conflict`, with nothing sent, where it might reach
    anybody real, and where an activation is in force already.
    """
    sandbox = check_settings(settings)
    crisis = crisis_of(settings)
    try:
        async with Judge(sandbox) as judge:
            return await Story(crisis, judge, Stage(console, quiet=as_json)).play(sandbox)
    finally:
        await crisis.db.close()
