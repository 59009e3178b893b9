"""``crisis demo``: a whole crisis in a municipality that does not exist, each promise checked."""

import asyncio

import typer

from crisis.cli import door, screen
from crisis.demo import play
from crisis.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(demo)


def demo(*, as_json: door.JsonOption = False) -> None:
    """Show a whole crisis, on a running `crisis up --demo`. Succeeds only if every promise it shows was kept."""
    with door.explained():
        report = asyncio.run(play(Settings(), screen.console, as_json=as_json))
    if as_json:
        screen.show_json(report.as_json())
    else:
        screen.say(*(f"   {name:<12}{address}" for name, address in report.addresses.items()))
    if not report.kept:
        raise typer.Exit(1)
