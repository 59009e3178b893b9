"""``crisis token``: bearer tokens for scripts and pages that speak to the API."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.cli import door, screen, times
from crisis.roles import Role
from crisis.tokens import service
from crisis.tokens.models import Token

group = typer.Typer(help="Tokens for the API.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="token")


@group.command()
def create(
    name: Annotated[str, typer.Argument(help="Who uses it; goes on record as who acted.")],
    *,
    role: Annotated[Role, typer.Option(help="What it may do.")],
    unit: Annotated[str | None, typer.Option(help="The unit, for the role unit.")] = None,
    expires: Annotated[str | None, typer.Option(metavar="TIME", help="2026-12-31 00:00. [default: never]")] = None,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Make a token. Its secret is shown this once and kept nowhere."""
    expires_at = times.read(expires) if expires else None

    async def act(crisis: Crisis) -> tuple[Token, str]:
        return await service.create_token(crisis.db, door.actor(by), name, role, unit, expires_at)

    token, secret = door.run(act)
    if as_json:
        screen.show_json(described(token) | {"secret": secret})
        return
    screen.say(f"Token {token.id} for {token.name}, role {token.role.value}. Its secret, shown this once:", "")
    screen.console.print(screen.text(f"  {secret}", "bold"), soft_wrap=True)
    screen.say("", "Use it as: Authorization: Bearer <secret>", style="dim")


@group.command("list")
def list_all(*, as_json: door.JsonOption = False) -> None:
    """Every token, without its secret."""

    async def act(crisis: Crisis) -> Sequence[Token]:
        async with crisis.db.transaction() as session:
            return await service.list_tokens(session)

    found = door.run(act)
    if as_json:
        screen.show_json([described(each) for each in found])
    elif not found:
        screen.say("There is no token yet. Make one: crisis token create NAME --role ROLE")
    else:
        columns = ("No.", "Name", "Role", "Unit", "Standing", "Last used", "Made by")
        screen.show(screen.table(columns, [_row(each) for each in found], right={"No."}))


@group.command()
def revoke(token: Annotated[int, typer.Argument(metavar="TOKEN")], *, by: door.ByOption = None) -> None:
    """Make a token worthless from its next use on."""

    async def act(crisis: Crisis) -> Token:
        return await service.revoke_token(crisis.db, door.actor(by), token)

    done = door.run(act)
    screen.say(f"Token {done.id} ({done.name}) is revoked.")


def described(token: Token) -> dict[str, Any]:
    """A token as JSON, without what opens anything."""
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role.value,
        "unit": token.unit,
        "created_by": token.created_by,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }


def _row(token: Token) -> tuple[object, ...]:
    used = times.shown(token.last_used_at) or "never"
    return (token.id, token.name, token.role.value, token.unit or "", _standing(token), used, token.created_by)


def _standing(token: Token) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at is None:
        return "valid"
    return "expired" if token.expires_at <= clock.now() else f"valid until {times.shown(token.expires_at)}"
