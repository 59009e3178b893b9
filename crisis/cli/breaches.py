"""``crisis breaches``: posts that came out past the lock and are not ours, what is done about each, and what is watched."""

from typing import Annotated

import typer

from crisis.activations import service as activations
from crisis.bootstrap import Crisis, outside_of
from crisis.cli import door, screen, times
from crisis.schedules.planned import Standing as Planned
from crisis.schedules.planned import list_planned
from crisis.watch import breaches, coverage, service
from crisis.watch.breaches import Standing
from crisis.watch.coverage import Covered, Sight
from crisis.watch.service import WORDS

BreachArgument = Annotated[int, typer.Argument(metavar="BREACH", help="Its number.")]
SIGHTS = {
    Sight.FAILING: "not seen now",
    Sight.LATE: "nobody looks",
    Sight.ABSENT: "not at the platform any more",
    Sight.SEEN: "seen",
    Sight.WAITING: "not seen yet",
    Sight.NOT_CONNECTED: "not connected",
    Sight.NO_WAY: "cannot be watched: no feed",
}

group = typer.Typer(
    help="Posts that are not ours: list them, deal with them, and see what is watched.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="breaches")


@group.command("list")
def list_all(
    *,
    is_open: Annotated[bool, typer.Option("--open", help="Only those that nobody has dealt with.")] = False,
    exercise: door.ExerciseOption = False,
    as_json: door.JsonOption = False,
) -> None:
    """List the posts that came out during a lock and are not ours."""

    async def act(crisis: Crisis) -> list[Standing]:
        async with crisis.db.transaction() as session:
            return await breaches.list_breaches(session, door.mode(exercise=exercise), only_open=is_open)

    found = door.run(act)
    if as_json:
        screen.show_json([described(each) for each in found])
    elif not found:
        screen.say("There is no breach that nobody has dealt with." if is_open else "There is no breach.")
    else:
        rows = [
            (
                each.id,
                screen.channel_name(each.channel),
                screen.under(each.account, screen.shortened(each.text, 40)),
                f"{times.shown(each.posted_at)}, {each.author or 'author not told'}",
                WORDS[each.state] + (f", {each.handled_by}" if each.handled_by else ""),
            )
            for each in found
        ]
        columns = ("No.", "Channel", "Account", "Posted", "Standing")
        screen.show(screen.table(columns, rows, right={"No."}, wrap={"Standing"}))


@group.command()
def contact(
    breach_id: BreachArgument,
    *,
    reached: Annotated[str, typer.Option(metavar="NAME", help="Who was reached.")],
    said: Annotated[str, typer.Option(metavar="TEXT", help="What was said.")],
    by: door.ByOption = None,
) -> None:
    """Write down that the owner of a post was reached, and what was said."""

    async def act(crisis: Crisis) -> Standing:
        return await service.contact(crisis.db, door.actor(by), breach_id, reached=reached, said=said)

    done = door.run(act)
    screen.say(f"Breach {done.id} on {done.account}: written down. The post is still there.")


@group.command("take-down")
def take_down(breach_id: BreachArgument, *, by: door.ByOption = None) -> None:
    """Take a post down at its platform, and look whether it is gone. Exit code 1 where it is not."""

    async def act(crisis: Crisis) -> service.TakenDown:
        return await service.take_down(crisis.db, door.actor(by), breach_id, outside_of(crisis.settings))

    done = door.run(act)
    screen.say(str(done.answer))
    if not done.is_gone:
        raise typer.Exit(1)


@group.command()
def accept(
    breach_id: BreachArgument,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why the post may stand. Goes on record.")],
    by: door.ByOption = None,
) -> None:
    """Let a post stand."""

    async def act(crisis: Crisis) -> Standing:
        return await service.accept(crisis.db, door.actor(by), breach_id, reason=reason)

    done = door.run(act)
    screen.say(f"Breach {done.id} on {done.account}: the post may stand.")


@group.command()
def watch(*, exercise: door.ExerciseOption = False, as_json: door.JsonOption = False) -> None:
    """Show when each account was last seen, what fails and since when, and what cannot be watched."""

    async def act(crisis: Crisis) -> list[Covered] | None:
        async with crisis.db.transaction() as session:
            activation = await activations.find_current(session, door.mode(exercise=exercise))
            return await coverage.read(session, activation.id, crisis.watched) if activation else None

    found = door.run(act)
    if as_json:
        screen.show_json([_covered(each) for each in found or ()])
    elif found is None:
        screen.say("Nothing is watched: the crisis staff is not set.")
    else:
        rows = [
            (
                screen.channel_name(each.channel),
                screen.under(each.account, each.unit),
                SIGHTS[each.sight] + (" (feed)" if each.by_feed else ""),
                times.shown(each.looked_at) if each.looked_at else "",
                f"{each.every:g} s" if each.every else "",
                each.error or "",
            )
            for each in found
        ]
        columns = ("Channel", "Account", "Sight", "Last seen", "Every", "Why not")
        screen.show(screen.table(columns, rows, right={"Every"}, wrap={"Why not"}))


@group.command()
def planned(*, exercise: door.ExerciseOption = False, as_json: door.JsonOption = False) -> None:
    """List what was scheduled inside the platforms when the lock fell, or since, and what became of it there."""

    async def act(crisis: Crisis) -> list[Planned]:
        async with crisis.db.transaction() as session:
            mode = door.mode(exercise=exercise)
            activation = await activations.find_latest(session, mode)
            return await list_planned(session, mode, activation_id=activation.id) if activation else []

    found = door.run(act)
    if as_json:
        screen.show_json([{name: getattr(each, name) for name in Planned.__slots__} for each in found])
    elif not found:
        screen.say("Nothing was scheduled inside the platforms.")
    else:
        rows = [
            (
                each.id,
                screen.channel_name(each.channel),
                screen.under(each.account, screen.shortened(each.title or each.text, 40)),
                times.shown(each.due_at),
                each.state.value + (f": {each.error}" if each.error else ""),
                each.post_id or "",
            )
            for each in found
        ]
        columns = ("No.", "Channel", "Account", "Was due", "Standing", "Post")
        screen.show(screen.table(columns, rows, right={"No.", "Post"}, wrap={"Standing"}))


def described(breach: Standing) -> dict[str, object]:
    """A breach as JSON."""
    named = {name: getattr(breach, name) for name in Standing.__slots__ if name != "after"}
    return {**named, "seconds_after_lock": breach.after.total_seconds()}


def _covered(each: Covered) -> dict[str, object]:
    return {name: getattr(each, name) for name in Covered.__slots__}
