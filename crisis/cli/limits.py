"""``crisis accounts limit`` and ``crisis accounts standby``: how fast an account may go, and who carries its messages if it fails."""

from typing import Annotated

import typer

from crisis.accounts.models import Account
from crisis.bootstrap import Crisis
from crisis.cli import accounts, door, screen
from crisis.cli.accounts import AccountArgument, find
from crisis.cli.standing import limit_words
from crisis.errors import Invalid
from crisis.limits import service
from crisis.limits.models import CONCURRENCY_MOST, PER_SECOND_LEAST, PER_SECOND_MOST
from crisis.limits.ranges import read_number
from crisis.limits.service import Limited


def register(app: typer.Typer) -> None:  # noqa: ARG001 - these are commands about accounts
    """Add the commands of this module."""
    accounts.group.command()(limit)
    accounts.group.command()(standby)


def limit(
    account: AccountArgument,
    *,
    concurrency: Annotated[
        str | None, typer.Option(metavar="N", help=f"Most calls in flight at once: 1 to {CONCURRENCY_MOST:,}.")
    ] = None,
    per_second: Annotated[
        str | None,
        typer.Option(
            metavar="X", help=f"Most calls begun in a second: {PER_SECOND_LEAST:g} to {PER_SECOND_MOST:,.0f}."
        ),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take both limits away.")] = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Say how fast an account may go, of all processes together; what is not named stays as it was. It holds within a second.

    Set what the provider has granted in writing. Without a limit the account goes as fast as its provider takes it, and slows
    down by itself when it is asked to.
    """
    given = concurrency is not None or per_second is not None
    if given == clear:
        raise Invalid("Say --concurrency, --per-second or both; or --clear alone. Nothing was changed.")
    calls = None if concurrency is None else read_number(concurrency, "--concurrency")
    rate = None if per_second is None else read_number(per_second, "--per-second")

    async def act(crisis: Crisis) -> Limited:
        async with crisis.db.together() as session:
            held = await service.get_limit(session, (await find(session, account)).id)
            return await service.set_limit(
                crisis.db,
                door.actor(by),
                held.account.id,
                concurrency=held.concurrency if calls is None and not clear else calls,
                per_second=held.per_second if rate is None and not clear else rate,
            )

    done = door.run(act)
    if as_json:
        screen.show_json({"id": done.account.id, "concurrency": done.concurrency, "per_second": done.per_second})
        return
    words = " and ".join(limit_words(done)) or "as fast as its provider takes it"
    screen.say(f"{_named(done.account)}: {words}.")


def standby(
    account: AccountArgument,
    *,
    other: Annotated[
        str | None,
        typer.Option("--for", metavar="OTHER", help="The account whose messages it carries when that one fails."),
    ] = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="It stands by for nobody, and sends for itself again.")
    ] = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Let an account stand by for another of the same unit and channel.

    While the other's provider does not answer, it carries what surely has not been sent. Of its own it gets nothing.
    """
    if (other is not None) == clear:
        raise Invalid("Say which account it stands by for, --for OTHER; or --clear. Nothing was changed.")

    async def act(crisis: Crisis) -> tuple[Limited, Account | None]:
        async with crisis.db.transaction() as session:
            found = await find(session, account)
            first = None if other is None else await find(session, other)
        done = await service.set_standby(
            crisis.db, door.actor(by), found.id, standby_for=None if first is None else first.id
        )
        return done, first

    done, first = door.run(act)
    if as_json:
        screen.show_json({"id": done.account.id, "standby_for": done.standby_for})
    elif first is None:
        screen.say(f"{_named(done.account)} stands by for nobody.")
    else:
        screen.say(f"{_named(done.account)} stands by for {first.name}, and sends nothing of its own.")


def _named(account: Account) -> str:
    return f"{screen.channel_name(account.channel)}: {account.name} ({account.unit})"
