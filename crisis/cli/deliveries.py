"""``crisis delivery``: look at one now, and decide about one that may be out and nobody can tell about."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from crisis.bootstrap import Crisis, outside_of
from crisis.cli import door, screen
from crisis.deliveries.checks import Checked
from crisis.deliveries.checks import check as check_now
from crisis.deliveries.decisions import Decided, Decision, decide
from crisis.deliveries.delivery_withdrawal import WithdrawnDelivery, withdraw_delivery
from crisis.deliveries.ledger import words

DeliveryArgument = Annotated[int, typer.Argument(metavar="DELIVERY", help="Its number, as `crisis status` shows it.")]

group = typer.Typer(
    help="Look at a delivery now, and decide about one that nobody can tell about.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="delivery")


@group.command()
def check(delivery: DeliveryArgument, *, by: door.ByOption = None, as_json: door.JsonOption = False) -> None:
    """Look now: is it out, and does the public see it? Sends nothing."""

    async def act(crisis: Crisis) -> Checked:
        return await check_now(crisis.db, door.actor(by), delivery, outside_of(crisis.settings))

    found = door.run(act)
    if as_json:
        screen.show_json(asdict(found))
        return
    where = f" {found.url}" if found.url else ""
    screen.say(
        f"Delivery {found.id} to {screen.channel_name(found.channel)}, {found.account}:{where}",
        found.answer,
        f"It stands at: {', '.join(filter(None, (words(found.state), found.seen)))}.",
    )


@group.command()
def send_again(delivery: DeliveryArgument, *, by: door.ByOption = None) -> None:
    """Send it once more. Look at the account first: if it is out already, it will be there twice."""
    _say(_decide(delivery, Decision.SEND_AGAIN, by), "is sent again")


@group.command()
def mark_sent(
    delivery: DeliveryArgument,
    *,
    url: Annotated[str | None, typer.Option("--url", "--link", help="Where it can be seen.")] = None,
    by: door.ByOption = None,
) -> None:
    """It is out: found there, or published by hand."""
    _say(_decide(delivery, Decision.MARK_SENT, by, url), "counts as accepted")


@group.command()
def drop(delivery: DeliveryArgument, *, by: door.ByOption = None) -> None:
    """Let it be: it is never sent again."""
    _say(_decide(delivery, Decision.DROP, by), "is dropped")


@group.command()
def withdraw(delivery: DeliveryArgument, *, by: door.ByOption = None, as_json: door.JsonOption = False) -> None:
    """Take one post down, or cancel what has not gone out. The whole message: crisis message withdraw."""

    async def act(crisis: Crisis) -> WithdrawnDelivery:
        return await withdraw_delivery(crisis.db, door.actor(by), delivery, crisis.capabilities)

    done = door.run(act)
    if as_json:
        screen.show_json(asdict(done))
        return
    where = f" {done.url}" if done.url else ""
    screen.say(f"Delivery {done.id} to {screen.channel_name(done.channel)}, {done.account}:{where}", done.answer)


def _decide(delivery: int, decision: Decision, by: str | None, url: str | None = None) -> Decided:
    async def act(crisis: Crisis) -> Decided:
        validity = timedelta(seconds=crisis.settings.validity_seconds)
        return await decide(crisis.db, door.actor(by), delivery, decision, validity=validity, url=url)

    return door.run(act)


def _say(decided: Decided, what: str) -> None:
    screen.say(f"Delivery {decided.id} to {screen.channel_name(decided.channel)}, {decided.account}, {what}.")
