"""``crisis lock``: what the lock of an activation is worth, what was taken at the platforms, and how it is given back."""

from typing import Annotated

import typer

from crisis.bootstrap import Crisis
from crisis.cli import door, screen
from crisis.cli.groups import group
from crisis.levers import kept

ABOUT = "The lock of an activation: what it is worth on each account, and what was taken at the platforms."
ActivationOption = Annotated[
    int | None, typer.Option("--activation", metavar="N", help="The number of the activation. [default: all of them]")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    lock = group(app, "lock", ABOUT)
    lock.command()(saved)


def saved(*, activation: ActivationOption = None, exercise: door.ExerciseOption = False) -> None:
    """What was so at the platforms before levers were pulled, as JSON: keep it outside. Holds names, and no secret."""

    async def act(crisis: Crisis) -> list[dict[str, object]]:
        async with crisis.db.transaction() as session:
            found = await kept.read(session, door.mode(exercise=exercise), activation)
        return [each.to_json() for each in found]

    screen.show_json(door.run(act))
