"""``crisis users``: people at the desk, from the shell. So that the first one can be made, and the last one let in again."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

import typer

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.cli import door, screen, times
from crisis.roles import Role
from crisis.users import appointments, break_glass, enrolment, service, sessions
from crisis.users.models import Appointment, Session, User
from crisis.users.passwords import Passwords

T = TypeVar("T")
group = typer.Typer(help="People at the desk.", no_args_is_help=True)
LoginArgument = Annotated[str, typer.Argument(metavar="LOGIN", help="Their login, or their number.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="users")


@group.command()
def add(
    name: Annotated[str, typer.Argument(help="Goes on record as who acted.")],
    *,
    login: Annotated[str, typer.Option(help="What they sign in as, such as their e-mail address at work.")],
    role: Annotated[Role, typer.Option(help="What they may do.")],
    unit: Annotated[str | None, typer.Option(help="The unit, for the role unit.")] = None,
    language: Annotated[str, typer.Option(help="nb, nn or en.")] = "nb",
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Add a person, and print the link by which they choose how to sign in. It opens once, within 24 hours."""

    async def act(crisis: Crisis) -> tuple[User, str]:
        theirs = service.unit_for(role, unit, crisis.settings.editors_unit)
        made, secret = await service.add(crisis.db, door.actor(by), name, login, role, theirs, language=language)
        return made, _address(crisis, secret)

    _say_link(*door.run(act), as_json=as_json)


@group.command("list")
def list_all(*, as_json: door.JsonOption = False) -> None:
    """Everybody, and whether they are signed in."""

    async def act(crisis: Crisis) -> tuple[Sequence[User], Mapping[int, int]]:
        async with crisis.db.transaction() as session:
            return await service.list_users(session), await sessions.count(session)

    found, counted = door.run(act)
    if as_json:
        screen.show_json([described(each) | {"sessions": counted.get(each.id, 0)} for each in found])
    elif not found:
        screen.say("There is nobody yet. Add somebody: crisis users add NAME --login LOGIN --role ROLE")
    else:
        columns = ("No.", "Name", "Login", "Role", "Unit", "Standing")
        rows = [(u.id, u.name, u.login or "–", u.role.value, u.unit or "", _standing(u, counted)) for u in found]
        screen.show(screen.table(columns, rows, right={"No."}))


@group.command()
def disable(login: LoginArgument, *, by: door.ByOption = None) -> None:
    """Let somebody in no more, and end their sessions at once."""
    done = door.run(lambda crisis: _on(crisis, login, lambda user: service.disable(crisis.db, door.actor(by), user.id)))
    screen.say(f"{done.name} is disabled and signed out everywhere.")


@group.command()
def enable(login: LoginArgument, *, by: door.ByOption = None) -> None:
    """Let somebody in again, by what they had before."""
    done = door.run(lambda crisis: _on(crisis, login, lambda user: service.enable(crisis.db, door.actor(by), user.id)))
    screen.say(f"{done.name} can sign in again.")


@group.command()
def reset(login: LoginArgument, *, by: door.ByOption = None, as_json: door.JsonOption = False) -> None:
    """Forget how somebody signs in, end their sessions, and print a new link: for whoever lost their telephone."""

    async def act(crisis: Crisis) -> tuple[User, str]:
        user, secret = await _on(crisis, login, lambda user: service.reset(crisis.db, door.actor(by), user.id))
        return user, _address(crisis, secret)

    _say_link(*door.run(act), as_json=as_json)


@group.command("break-glass")
def break_glass_codes(
    *,
    role: Annotated[Role, typer.Option(help="director or editor.")],
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Print ten codes for when nothing else works. The role's unused old ones are worthless from now on."""

    async def act(crisis: Crisis) -> list[str]:
        return await break_glass.make(crisis.db, Passwords(), door.actor(by), role)

    codes = door.run(act)
    if as_json:
        screen.show_json({"role": role.value, "codes": codes})
        return
    until = times.shown(clock.now() + break_glass.VALID)
    screen.say(f"Ten break-glass codes, role {role.value}, valid until {until}. Shown this once:", "")
    for code in codes:
        screen.console.print(screen.text(f"  {code}", "bold"), soft_wrap=True)
    screen.say(
        "",
        "Each signs one person in once, for twelve hours, and every page of the desk says so.",
        "Print them, and put them in a sealed envelope that can be reached with the power out.",
        style="dim",
    )


@group.command("appointments")
def list_appointments(
    *,
    seen: Annotated[int | None, typer.Option(metavar="APPOINTMENT", help="It is in order: acknowledge it.")] = None,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Who was given the right to send, or a new way to sign in with it, that no director has acknowledged."""
    if seen is not None:
        number = seen
        door.run(lambda crisis: appointments.acknowledge(crisis.db, door.actor(by), number))
        screen.say(f"Appointment {seen} is acknowledged.")
        return

    async def act(crisis: Crisis) -> Sequence[Appointment]:
        async with crisis.db.transaction() as session:
            return await appointments.list_waiting(session)

    found = door.run(act)
    if as_json:
        names = ("id", "user_id", "name", "role", "given", "by", "created_at")
        screen.show_json([{name: getattr(each, name) for name in names} for each in found])
    elif not found:
        screen.say("Every appointment has been acknowledged.")
    else:
        rows = [
            (each.id, each.name, each.role.value, each.given.value, each.by, times.shown(each.created_at))
            for each in found
        ]
        screen.show(screen.table(("No.", "Name", "Role", "How", "By", "When"), rows, right={"No."}))


@group.command("sessions")
def list_sessions(
    *,
    end: Annotated[int | None, typer.Option(metavar="SESSION", help="End this one, at once.")] = None,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Who is signed in now, since when and how; also by break-glass code."""
    if end is not None:
        number = end
        door.run(lambda crisis: sessions.end_any(crisis.db, door.actor(by), number))
        screen.say(f"Session {end} has ended.")
        return

    async def act(crisis: Crisis) -> Sequence[tuple[Session, str]]:
        async with crisis.db.transaction() as session:
            return await sessions.list_all(session)

    found = door.run(act)
    if as_json:
        screen.show_json([_session(row, name) for row, name in found])
    elif not found:
        screen.say("Nobody is signed in.")
    else:
        columns = ("No.", "Who", "How", "Since", "Last seen", "From")
        rows = [
            (row.id, name, row.how.value, times.shown(row.created_at), times.shown(row.last_seen_at), row.address)
            for row, name in found
        ]
        screen.show(screen.table(columns, rows, right={"No."}))


def described(user: User) -> dict[str, Any]:
    """A user as JSON, without what opens anything."""
    return {
        "id": user.id,
        "name": user.name,
        "login": user.login,
        "role": user.role.value,
        "unit": user.unit,
        "language": user.language,
        "created_by": user.created_by,
        "created_at": user.created_at,
        "disabled_at": user.disabled_at,
    }


async def _on(crisis: Crisis, login: str, act: Callable[[User], Awaitable[T]]) -> T:
    async with crisis.db.transaction() as session:
        user = await service.find_by_login(session, login)
        if user is None:
            user = await service.get(session, int(login) if login.isdecimal() and len(login) < 10 else 0)  # noqa: PLR2004
    return await act(user)


def _address(crisis: Crisis, secret: str) -> str:
    return enrolment.address(crisis.settings.public_url, secret)


def _say_link(user: User, address: str, *, as_json: bool) -> None:
    if as_json:
        screen.show_json(described(user) | {"link": address})
        return
    screen.say(f"{user.name}, login {user.login}, role {user.role.value}. Their link, shown this once:", "")
    screen.console.print(screen.text(f"  {address}", "bold"), soft_wrap=True)
    screen.say("", "It opens once, within 24 hours. Whoever opens it chooses how to sign in.", style="dim")


def _standing(user: User, counted: Mapping[int, int]) -> str:
    if user.disabled_at is not None:
        return "disabled"
    if counted.get(user.id):
        return f"signed in ({counted[user.id]})"
    if user.enrolment_until is not None:
        return "link not used" if user.enrolment_until > clock.now() else "link too old: crisis users reset"
    return "not signed in"


def _session(row: Session, name: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "who": name,
        "user_id": row.user_id,
        "how": row.how.value,
        "created_at": row.created_at,
        "last_seen_at": row.last_seen_at,
        "address": row.address,
        "agent": row.agent,
    }
