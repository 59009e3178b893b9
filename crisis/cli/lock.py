"""``crisis lock``: what the lock of an activation is worth, what was taken at the platforms, and how it is given back."""

from typing import Annotated

import typer

from crisis.activations import service as activations
from crisis.bootstrap import Crisis, outside_of
from crisis.channel_set import close_all
from crisis.cli import door, screen
from crisis.cli.accounts import AccountArgument, find
from crisis.cli.groups import group
from crisis.errors import NotFound
from crisis.levers import kept, service
from crisis.levers.duty import Levers
from crisis.levers.kept import Kept
from crisis.levers.rescue import rescue
from crisis.levers.states import LeverState

ABOUT = "The lock of an activation: what it is worth on each account, and what was taken at the platforms."
ActivationOption = Annotated[
    int | None, typer.Option("--activation", metavar="N", help="The number of the activation. [default: all of them]")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    lock = group(app, "lock", ABOUT)
    lock.command()(saved)
    lock.command()(restore)
    lock.command("given-back")(given_back)


def saved(*, activation: ActivationOption = None, exercise: door.ExerciseOption = False) -> None:
    """What was so at the platforms before levers were pulled, as JSON: keep it outside. Holds names, and no secret."""

    async def act(crisis: Crisis) -> list[dict[str, object]]:
        async with crisis.db.transaction() as session:
            found = await kept.read(session, door.mode(exercise=exercise), activation)
        return [each.to_json() for each in found]

    screen.show_json(door.run(act))


def restore(
    *,
    activation: ActivationOption = None,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="ACCOUNT", help="One account only: its number, name or channel:name."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Of every activation that is over, and not of the last one alone.")
    ] = False,
    patience: Annotated[float, typer.Option(help="Seconds until it gives up; it can be run again.")] = 300.0,
    exercise: door.ExerciseOption = False,
    by: door.ByOption = None,
) -> None:
    """Give back what was taken at the platforms, from here: it takes the database and the keys, and no running worker.

    Account by account. Exit code 0 only if everything is given back. What the platform does not take back is named, with what to
    give to whom: do that at the platform, and say so with `crisis lock given-back`.
    """

    async def act(crisis: Crisis) -> tuple[int, int]:
        mode, actor = door.mode(exercise=exercise), door.actor(by)
        async with crisis.db.transaction() as session:
            only = None if account is None else (await find(session, account)).id
            held = [each for each in await kept.read(session, mode, activation, only) if not each.is_given_back]
            latest = await activations.find_latest(session, mode)
            if activation is not None:
                await activations.get(session, activation)
        wanted = {each.activation_id for each in held}
        if activation is None and not every:
            wanted &= {latest.id if latest else 0}
        for number in sorted(wanted):
            await service.restore(crisis.db, actor, number, account_id=only)
        ids = [each.id for each in held if each.activation_id in wanted]
        channels, openers = outside_of(crisis.settings)(mode)
        levers = Levers(crisis.db, mode, channels, openers.admin, editors_unit=crisis.settings.editors_unit)
        back = 0
        try:
            async for each in rescue(crisis.db, levers, mode, ids, patience):
                back += each.is_given_back
                _show(each)
        finally:
            await close_all(channels)
        return back, len(ids)

    back, there = door.run(act)
    if not there:
        screen.say("Nothing is left to be given back.")
        return
    screen.say(f"{back:,} of {screen.many(there, 'account')} given back.", style="" if back == there else "red")
    if back < there:
        raise typer.Exit(1)


def given_back(
    account: AccountArgument,
    *,
    activation: ActivationOption = None,
    exercise: door.ExerciseOption = False,
    by: door.ByOption = None,
) -> None:
    """Say that you have given back by hand, at the platform, what this service could not."""

    async def act(crisis: Crisis) -> str:
        async with crisis.db.transaction() as session:
            found = await find(session, account)
            waiting = [
                each.activation_id
                for each in await kept.read(session, door.mode(exercise=exercise), activation, found.id)
                if each.state is LeverState.BY_HAND
            ]
        if not waiting:
            raise NotFound("lever to be given back by hand on", found.name, "See: crisis lock saved.")
        await service.given_back(crisis.db, door.actor(by), max(waiting), found.id)
        return found.name

    screen.say(f"{door.run(act)}: given back by hand. That is on record.")


def _show(lever: Kept) -> None:
    where = f"{screen.channel_name(lever.channel)}: {lever.account} ({lever.unit})"
    match lever.state:
        case LeverState.RESTORED:
            screen.say(f"{where}: everyone has what they had.")
        case LeverState.ABSENT:
            screen.say(f"{where}: not at the platform any more; nothing to give back.")
        case LeverState.BY_HAND:
            screen.say(f"{where}: {lever.error}", style="red")
        case _:
            why = lever.error or "another process has it in hand, or a newer activation has taken it over."
            screen.say(f"{where}: not given back yet: {why} Run this again.", style="red")
