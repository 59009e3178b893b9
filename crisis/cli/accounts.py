"""``crisis accounts``: the register, and what the lock does to each account in it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts import register as registers
from crisis.accounts import service
from crisis.accounts.locks import lock_of
from crisis.accounts.models import Account, AccountState
from crisis.activations.service import find_current
from crisis.bootstrap import Crisis
from crisis.cli import door, screen, standing
from crisis.cli.standing import Standings
from crisis.errors import Invalid, NotFound
from crisis.limits import service as limits
from crisis.locks import board
from crisis.locks.proof import Proof
from crisis.locks.reading import Around

_CREDENTIALS_MOST = 64 << 10  # bytes

AccountArgument = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its number, its name, or channel:name.")]

group = typer.Typer(help="The register of accounts.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="accounts")


@group.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, UTF-8: channel,name,unit,opened_on,what,why,audience.")],
    *,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Bring the register to what a file says; all of it or nothing."""

    async def act(crisis: Crisis) -> registers.Imported:
        return await registers.import_register(
            crisis.db, door.actor(by), file, channels=crisis.capabilities.keys(), settings=crisis.settings
        )

    done = door.run(act)
    if as_json:
        screen.show_json({"new": done.new, "changed": done.changed, "unchanged": done.unchanged})
        return
    screen.say(f"{screen.many(done.new, 'new account')}, {done.changed:,} changed, {done.unchanged:,} as before.")
    screen.say("To publish through an account, connect it: crisis accounts connect --help", style="dim")


@group.command("list")
def list_all(
    *,
    unit: Annotated[str | None, typer.Option(help="One unit's accounts only.")] = None,
    exercise: door.ExerciseOption = False,
    as_json: door.JsonOption = False,
) -> None:
    """Every account, what the lock does to it now, and how it stands."""

    async def act(crisis: Crisis) -> list[dict[str, object]]:
        return await read(crisis, unit, exercise=exercise)

    found = door.run(act)
    if as_json:
        screen.show_json(found)
    elif not found:
        screen.say("No account is in the register yet. Import one: crisis accounts import FILE")
    else:
        show(found)


@group.command("show")
def show_one(
    account: AccountArgument, *, exercise: door.ExerciseOption = False, as_json: door.JsonOption = False
) -> None:
    """One account: the lock on it, its limits and its standby, and how it stands."""

    async def act(crisis: Crisis) -> dict[str, object]:
        async with crisis.db.transaction() as session:
            found = await find(session, account)
        return next(each for each in await read(crisis, found.unit, exercise=exercise) if each["id"] == found.id)

    found = door.run(act)
    if as_json:
        screen.show_json(found)
        return
    screen.say(f"{screen.channel_name(str(found['channel']))}: {found['name']} ({found['unit']}), number {found['id']}")
    told = (
        ("State", found["state"]),
        ("Address", found["address"] or "not connected"),
        ("Leader", found["leader"] or "nobody is named"),
        ("Lock", found["lock_words"]),
        ("Standing", found["standing_words"] or "as usual, without limits"),
    )
    screen.show(screen.table(("", " "), told, wrap={" "}))


@group.command()
def connect(
    account: AccountArgument,
    *,
    address: Annotated[str, typer.Option(help="Page id, user id, site or sender: where it is at its provider.")],
    credentials: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="JSON file with what it takes to publish there, - for standard input. Facebook: page_token. X: "
            "access_token, access_token_secret. WordPress: username, application_password. SMS: twilio_account (second), for a standby there. Crisis page: none.",
        ),
    ] = None,
    by: door.ByOption = None,
) -> None:
    """Say where an account is, and with what to publish there; credentials are sealed at once."""
    held = read_credentials(credentials) if credentials else {}

    async def act(crisis: Crisis) -> Account:
        async with crisis.db.transaction() as session:
            found = await find(session, account)
        return await limits.connect_account(
            crisis.db, door.actor(by), found.id, address=address, credentials=held, sealer=crisis.credentials
        )

    done = door.run(act)
    screen.say(f"{screen.channel_name(done.channel)}: {done.name} ({done.unit}) is connected at {done.address}.")


@group.command()
def close(account: AccountArgument, *, by: door.ByOption = None) -> None:
    """Take an account out of use. It stays on record; its credentials are erased."""

    async def act(crisis: Crisis) -> Account:
        async with crisis.db.transaction() as session:
            found = await find(session, account)
        return await service.close_account(crisis.db, door.actor(by), found.id)

    done = door.run(act)
    screen.say(f"{screen.channel_name(done.channel)}: {done.name} ({done.unit}) is closed, its credentials erased.")


@group.command()
def leader(
    account: AccountArgument,
    name: Annotated[str | None, typer.Argument(help="The unit's leader; left out, nobody is named.")] = None,
    *,
    by: door.ByOption = None,
) -> None:
    """Say who answers for an account."""

    async def act(crisis: Crisis) -> Account:
        async with crisis.db.transaction() as session:
            found = await find(session, account)
        return await service.set_leader(crisis.db, door.actor(by), found.id, name)

    done = door.run(act)
    screen.say(f"{done.leader or 'Nobody'} answers for {done.name} ({done.unit}).")


async def find(session: AsyncSession, which: str) -> Account:
    """The account with this number, name or ``channel:name``. Raises :class:`NotFound`; :class:`Invalid` for several."""
    if which.isascii() and which.isdigit():
        return await service.get_account(session, int(which))
    wanted = " ".join(which.split()).casefold()
    everyone = await service.list_accounts(session)
    found = [each for each in everyone if wanted in {each.name.casefold(), f"{each.channel}:{each.name}".casefold()}]
    if not found:
        raise NotFound("account", which, "See: crisis accounts list.")
    if len(found) > 1:
        raise Invalid(
            f"Several accounts are called {which!r}. Use the number of the one you mean:",
            [f"{each.id}  {each.channel}, {each.unit}" for each in found],
        )
    return found[0]


async def read(crisis: Crisis, unit: str | None, *, exercise: bool) -> list[dict[str, object]]:
    """Every account as JSON, or one unit's, with the lock on it and how it stands in one mode."""
    mode = door.mode(exercise=exercise)
    async with crisis.db.transaction() as session:
        activation = await find_current(session, mode)
        accounts = await service.list_accounts(session, unit)
        standings = await standing.read(session, mode)
        proofs = await board.proofs(session, activation, Around(crisis.settings, crisis.capabilities), unit=unit)
    return [
        described(account, crisis, standings, locked=activation is not None, proof=proofs.get(account.id))
        for account in accounts
    ]


def described(
    account: Account, crisis: Crisis, standings: Standings, *, locked: bool, proof: Proof | None = None
) -> dict[str, object]:
    """An account as JSON, what the lock is worth on it, and how it stands. Without a proof, what the gate alone does."""
    lock = proof or lock_of(account, crisis.capabilities, locked=locked)
    return {
        "id": account.id,
        "channel": account.channel,
        "name": account.name,
        "unit": account.unit,
        "leader": account.leader,
        "opened_on": account.opened_on.isoformat() if account.opened_on else None,
        "state": account.state.value,
        "address": account.address,
        "feed_url": account.feed_url,
        "only_here": account.only_here,
        "has_admin_credentials": account.admin_credentials is not None,
        "publishable": account.channel in crisis.capabilities,
        "lock": lock.state.value,
        "lock_words": lock.words,
        **standings.described(account),
    }


def show(accounts: list[dict[str, object]]) -> None:
    """Accounts as a table."""
    columns = ("No.", "Channel", "Account", "Unit", "Leader", "", "Lock", "Standing")
    rows = [_row(each) for each in accounts]
    screen.show(screen.table(columns, rows, right={"No."}, wrap={"", "Lock", "Standing"}, spare={"Leader"}))


def _row(account: Mapping[str, object]) -> tuple[object, ...]:
    if account["state"] == AccountState.CLOSED.value:
        state = "closed"
    else:
        state = "not connected" if account["publishable"] and not account["address"] else ""
    return (
        account["id"],
        screen.channel_name(str(account["channel"])),
        account["name"],
        account["unit"],
        account["leader"] or "",
        state,
        account["lock_words"],
        account["standing_words"],
    )


def read_credentials(source: str) -> dict[str, str]:
    """Credentials out of a file, or standard input for ``-``. Raises :class:`Invalid`, and never with what it holds."""
    try:
        with sys.stdin.buffer if source == "-" else Path(source).open("rb") as file:
            held = json.loads(file.read(_CREDENTIALS_MOST + 1))
    except OSError as problem:
        raise Invalid(f"The credentials cannot be read from {source}: {problem.strerror}.") from None
    except ValueError:
        raise Invalid(f'The credentials in {source} are not JSON like {{"page_token": "..."}}.') from None
    if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
        raise Invalid(f'The credentials in {source} are not names with texts, like {{"page_token": "..."}}.')
    return held
