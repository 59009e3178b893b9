"""``crisis lock access`` and ``crisis lock give-back``: what was taken at the platforms, given back unit by unit after the lock."""

from typing import Annotated

import typer

from crisis.activations.models import Activation
from crisis.activations.service import find_latest
from crisis.bootstrap import Crisis
from crisis.cli import door, screen
from crisis.cli.groups import group
from crisis.cli.lock import ABOUT
from crisis.errors import Invalid, NotFound
from crisis.levers import handover, service
from crisis.levers.handover import UnitAccess
from crisis.mode import Mode


def register(app: typer.Typer) -> None:
    """Add the commands of this module to ``crisis lock``."""
    lock = group(app, "lock", ABOUT)
    lock.command()(access)
    lock.command("give-back")(give_back)


def access(*, exercise: door.ExerciseOption = False, as_json: door.JsonOption = False) -> None:
    """By unit, what was taken at the platforms in the last activation, and whether it is given back."""

    async def act(crisis: Crisis) -> list[UnitAccess]:
        mode = door.mode(exercise=exercise)
        latest = await _latest(crisis, mode)
        async with crisis.db.transaction() as session:
            return await handover.read(session, mode, latest.id)

    found = door.run(act)
    if as_json:
        screen.show_json([{"unit": u.unit, "accounts": [each.to_json() for each in u.accounts]} for u in found])
    elif not found:
        screen.say("Nothing was taken at the platforms.")
    else:
        rows = [(each.unit, len(each.accounts), _standing(each)) for each in found]
        screen.show(screen.table(("Unit", "Accounts", "Access"), rows, right={"Accounts"}, wrap={"Access"}))


def give_back(
    units: Annotated[
        list[str] | None, typer.Argument(metavar="UNIT...", help="The units, as crisis lock access names them.")
    ] = None,
    *,
    everybody: Annotated[bool, typer.Option("--all", help="To every unit.")] = False,
    exercise: door.ExerciseOption = False,
    by: door.ByOption = None,
) -> None:
    """Give back to units what was taken on their accounts; the workers do it within seconds. Without them: crisis lock restore."""
    if bool(units) == everybody:
        raise Invalid("Name the units, or say --all.")

    async def act(crisis: Crisis) -> int:
        mode = door.mode(exercise=exercise)
        latest = await _latest(crisis, mode)
        async with crisis.db.transaction() as session:
            known = {each.unit for each in await handover.read(session, mode, latest.id)}
        if missing := set(units or ()) - known:
            raise NotFound("unit with anything to give back called", min(missing), "See: crisis lock access.")
        async with crisis.db.together():
            given = [await service.restore(crisis.db, door.actor(by), latest.id, unit) for unit in units or (None,)]
        return sum(map(len, given))

    screen.say(f"Access is being given back on {screen.many(door.run(act), 'account')}. Follow it: crisis lock access")


async def _latest(crisis: Crisis, mode: Mode) -> Activation:
    async with crisis.db.transaction() as session:
        latest = await find_latest(session, mode)
    if latest is None:
        raise NotFound("activation", mode.value, "There has been none.")
    return latest


def _standing(found: UnitAccess) -> str:
    if found.is_done:
        return "given back"
    if found.by_hand:
        return f"to be given back by hand: {', '.join(each.account for each in found.by_hand)}"
    return "held back" if found.is_held_back else "taken, or being given back"
