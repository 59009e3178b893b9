"""``crisis message submit``, ``take-back`` and ``send-back``: a draft on its way to somebody else's approval."""

from typing import Annotated

import typer

from crisis.bootstrap import Crisis
from crisis.cli import door, screen
from crisis.cli.messages import RevisionArgument, described, group
from crisis.messages import release
from crisis.messages.models import Revision

ReasonOption = Annotated[str, typer.Option(help="What is to be changed.")]


def register(app: typer.Typer) -> None:  # noqa: ARG001 - the group is already on the application
    """Add the commands of this module to ``crisis message``."""
    group.command()(submit)
    group.command("take-back")(take_back)
    group.command("send-back")(send_back)


def submit(revision: RevisionArgument, *, by: door.ByOption = None, as_json: door.JsonOption = False) -> None:
    """Send a draft for approval. It is held still until it is approved, taken back or sent back."""

    async def act(crisis: Crisis) -> Revision:
        return await release.submit(crisis.db, door.actor(by), revision)

    _say(door.run(act), f"waits for approval. Approve it: crisis message approve {revision}", as_json=as_json)


def take_back(revision: RevisionArgument, *, by: door.ByOption = None, as_json: door.JsonOption = False) -> None:
    """Make what waits for approval a draft again."""

    async def act(crisis: Crisis) -> Revision:
        return await release.take_back(crisis.db, door.actor(by), revision)

    _say(door.run(act), f"is a draft again. Change it: crisis message edit {revision}", as_json=as_json)


def send_back(
    revision: RevisionArgument, *, reason: ReasonOption, by: door.ByOption = None, as_json: door.JsonOption = False
) -> None:
    """Return what waits to those who wrote it."""

    async def act(crisis: Crisis) -> Revision:
        return await release.send_back(crisis.db, door.actor(by), revision, reason)

    done = door.run(act)
    _say(done, f"is returned to {', '.join(done.authors)}.", as_json=as_json)


def _say(revision: Revision, done: str, *, as_json: bool) -> None:
    if as_json:
        screen.show_json(described(revision))
    else:
        screen.say(f"Revision {revision.id} {done}")
