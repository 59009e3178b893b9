"""``crisis accounts administer``, ``try-lever`` and ``watch``: how an account is locked at its platform, and where it is watched."""

from collections.abc import Sequence
from typing import Annotated

import typer

from crisis.accounts import administration
from crisis.accounts.models import Account
from crisis.bootstrap import Crisis, outside_of
from crisis.channel_access import Access
from crisis.cli import accounts, door, screen
from crisis.cli.accounts import AccountArgument, find, read_credentials
from crisis.errors import Invalid
from crisis.levers import service as levers


def register(app: typer.Typer) -> None:  # noqa: ARG001 - these are commands about accounts
    """Add the commands of this module."""
    accounts.group.command()(administer)
    accounts.group.command("try-lever")(try_lever)
    accounts.group.command("watch")(set_watching)


def administer(
    account: AccountArgument,
    *,
    credentials: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="JSON file with an administrator's credentials at the platform, - for standard input. `crisis accounts administer "
            "ACCOUNT` alone says which.",
        ),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take them away: then the account has no lever.")] = False,
    by: door.ByOption = None,
) -> None:
    """Say with what others' right to publish is taken for the time of a lock; sealed at once, apart from what publishes."""
    if clear and credentials:
        raise Invalid("Say --credentials or --clear, not both. Nothing was changed.")
    held = read_credentials(credentials) if credentials else {}

    async def act(crisis: Crisis) -> tuple[Account, Sequence[str]]:
        async with crisis.db.transaction() as session:
            found = await find(session, account)
        names = crisis.levers.get(found.channel, ())
        if held or clear:
            found = await administration.administer_account(
                crisis.db, door.actor(by), found.id, credentials=held, sealer=crisis.credentials
            )
        return found, names

    done, names = door.run(act)
    who = f"{screen.channel_name(done.channel)}: {done.name} ({done.unit})"
    if not names:
        screen.say(f"{who}: this channel has no lever. Who else publishes there is told, and watched.")
    elif missing := [name for name in names if name not in held]:
        screen.say(f"{who}: the lever takes {', '.join(names)}.")
        if held:
            screen.say(
                f"Sealed, and incomplete: {', '.join(missing)} is missing, so the lever cannot be pulled.", style="red"
            )
    else:
        screen.say(f"{who}: sealed. Try it, without pulling it: crisis accounts try-lever {done.id}")


def try_lever(account: AccountArgument, *, by: door.ByOption = None, as_json: door.JsonOption = False) -> None:
    """Who can publish beside this service: whom a lock would cut off, and whom it cannot. Changes nothing."""

    async def act(crisis: Crisis) -> Access:
        async with crisis.db.transaction() as session:
            found = await find(session, account)
        return await levers.look(crisis.db, door.actor(by), found.id, outside_of(crisis.settings))

    seen = door.run(act)
    if as_json:
        screen.show_json(seen.to_json())
        return
    if not seen.open_to:
        screen.say("Nobody but this service can publish there.")
    rows = [
        (each.name, ", ".join(each.rights), "would be cut off" if each.is_removable else "CANNOT BE CUT OFF: call them")
        for each in seen.open_to
    ]
    if rows:
        screen.show(screen.table(("Who", "With what", "In a lock"), rows, wrap={"With what", "In a lock"}))
    for name, value in seen.facts.items():
        screen.say(f"{name}: {value}", style="dim")


def set_watching(
    account: AccountArgument,
    *,
    feed: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An Atom or RSS feed of what is published there; empty: there is none."),
    ] = None,
    only_here: Annotated[
        bool | None,
        typer.Option("--only-here/--not-only-here", help="Whether nobody can publish there but through this service."),
    ] = None,
    by: door.ByOption = None,
) -> None:
    """Say where the account can be watched, and whether anybody else can publish there. What is not named stays as it was."""
    if feed is None and only_here is None:
        raise Invalid("Say --feed, --only-here or --not-only-here. Nothing was changed.")

    async def act(crisis: Crisis) -> Account:
        async with crisis.db.together() as session:
            found = await find(session, account)
            return await administration.set_watching(
                crisis.db,
                door.actor(by),
                found.id,
                feed_url=found.feed_url if feed is None else feed,
                only_here=found.only_here if only_here is None else only_here,
            )

    done = door.run(act)
    where = f"is watched at {done.feed_url}" if done.feed_url else "has no feed"
    only = "Nobody publishes there but through this service." if done.only_here else "Others can publish there."
    screen.say(f"{screen.channel_name(done.channel)}: {done.name} ({done.unit}) {where}. {only}")
