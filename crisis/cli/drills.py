"""``crisis drill ...``: run, lead and watch drills. What they leave behind is in :mod:`crisis.cli.drill_reports`."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live

from crisis.autoplay.performance import Performance, perform
from crisis.bootstrap import Crisis
from crisis.cli import door, drill_picture, screen
from crisis.cli.groups import group
from crisis.drills import service
from crisis.drills.models import Drill
from crisis.drills.picture import Picture
from crisis.embedded.readiness import is_served
from crisis.errors import Conflict, Unready
from crisis.mode import Mode
from crisis.playbooks.models import Playbook
from crisis.playbooks.reading import read_file
from crisis.roles import Actor

PlaybookArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The playbook.")]
DrillOption = Annotated[
    int | None, typer.Option("--drill", metavar="DRILL", help="Its number. [default: the last one]")
]
KeyArgument = Annotated[str, typer.Argument(metavar="ID", help="Its id in the playbook, such as I3 or E7.")]
SpeedOption = Annotated[
    float,
    typer.Option(metavar="N", min=0, help="Drill time in a second of waiting; 0 goes straight to what comes next."),
]
LOOK_SECONDS = 1.0


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    drills = group(app, "drill", "Exercises from playbooks.")
    for command in (run, start, list_drills, status, pause, resume, speed, skip, fire, judge, note, stop):
        drills.command(command.__name__.removesuffix("_drills"))(command)


def run(
    file: PlaybookArgument,
    *,
    autoplay: Annotated[bool, typer.Option("--autoplay", help="Let a machine do everything that is expected.")] = False,
    speed: SpeedOption = 1.0,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Start a drill and watch it to its end. Succeeds only if everything that was expected was met."""
    if not autoplay:
        drill = door.run(lambda crisis: _start(crisis, door.actor(by), file, speed or 1.0))
        _watch(drill.id)
        return
    done = door.run(lambda crisis: _play(crisis, door.actor(by), file, speed, quiet=as_json))
    if as_json:
        screen.show_json(drill_picture.as_json(done.picture) | {"problems": done.problems, "met": done.is_whole})
    else:
        screen.show(drill_picture.drawn(done.picture))
        for key, problem in done.problems.items():
            screen.say(f"{key}: {problem}", style="red")
        number = done.picture.drill.id
        if done.is_whole:
            screen.say(
                f"Everything that was expected was met. The report: crisis drill report {number} --pdf FILE",
                style="green",
            )
        else:
            left = ", ".join(each.key for each in done.not_met) or "none"
            screen.say(f"Drill {number}: not met in time: {left}.", style="red")
    if not done.is_whole:
        raise typer.Exit(1)


def start(file: PlaybookArgument, *, speed: SpeedOption = 1.0, by: door.ByOption = None) -> None:
    """Start a drill. People play it at the desk."""
    drill = door.run(lambda crisis: _start(crisis, door.actor(by), file, speed or 1.0))
    screen.say(
        f"Drill {drill.id} has begun. Lead it from the control room at the desk, /drills/{drill.id}, or by crisis drill."
    )
    screen.say(f"The emergency word, for when its signing in does not answer: {drill.glass_word}")


def list_drills(*, as_json: door.JsonOption = False) -> None:
    """List every drill, the newest last."""

    async def read(crisis: Crisis) -> list[Picture]:
        async with crisis.db.transaction() as session:
            return [await service.picture(session, each.id) for each in await service.list_drills(session)]

    pictures = door.run(read)
    if as_json:
        screen.show_json([drill_picture.as_json(each) for each in pictures])
        return
    rows = [drill_picture.row(each) for each in pictures]
    screen.show(screen.table(("Drill", "Playbook", "State", "Began", "Met", "Not met"), rows, right=("Met", "Not met")))


def status(
    *,
    drill: DrillOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show it until it is over.")] = False,
    as_json: door.JsonOption = False,
) -> None:
    """Show how a drill stands: its clock, its injects, what is expected."""
    picture = door.run(lambda crisis: _picture(crisis, drill))
    if as_json:
        screen.show_json(drill_picture.as_json(picture))
    elif watch:
        _watch(picture.drill.id)
    else:
        screen.show(drill_picture.drawn(picture))


def pause(*, drill: DrillOption = None, by: door.ByOption = None) -> None:
    """Let drill time stand still."""
    _lead(drill, by, service.pause, "Drill time stands still.")


def resume(*, drill: DrillOption = None, by: door.ByOption = None) -> None:
    """Let drill time go on."""
    _lead(drill, by, service.resume, "Drill time goes on.")


def speed(
    times: Annotated[float, typer.Argument(metavar="N", help="Drill time in a second.")],
    *,
    drill: DrillOption = None,
    by: door.ByOption = None,
) -> None:
    """Let drill time go faster or slower."""
    _lead(drill, by, service.set_speed, f"Drill time goes {times:g} times as fast as the clock on the wall.", times)


def skip(inject: KeyArgument, *, drill: DrillOption = None, by: door.ByOption = None) -> None:
    """Let an inject never come."""
    _lead(drill, by, service.skip, f"{inject} will not come.", inject)


def fire(inject: KeyArgument, *, drill: DrillOption = None, by: door.ByOption = None) -> None:
    """Let an inject come now."""
    _lead(drill, by, service.fire_now, f"{inject} comes now.", inject)


def judge(
    expectation: KeyArgument,
    *,
    met: Annotated[bool, typer.Option("--met/--missed", help="Whether it was done.")],
    text: Annotated[str, typer.Option("--note", metavar="TEXT", help="What was seen.")] = "",
    drill: DrillOption = None,
    by: door.ByOption = None,
) -> None:
    """Say whether an expectation was met."""
    _lead(drill, by, service.judge, f"{expectation} is judged {'met' if met else 'missed'}.", expectation, met, text)


def note(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was seen.")],
    *,
    objective: Annotated[str | None, typer.Option(metavar="ID", help="The objective it is about.")] = None,
    drill: DrillOption = None,
    by: door.ByOption = None,
) -> None:
    """Write down what was observed."""
    _lead(drill, by, service.observe, "It is written down.", text, objective)


def stop(
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why. The report says so.")],
    *,
    drill: DrillOption = None,
    by: door.ByOption = None,
) -> None:
    """Break a drill off. The exercise's crisis staff is stood down with it."""
    _lead(drill, by, service.stop, "The drill is stopped.", reason)


def _lead(drill: int | None, by: str | None, act: Callable[..., Awaitable[Any]], said: str, *given: Any) -> None:
    """Do an act of the exercise leader's, and say what was done."""

    async def whole(crisis: Crisis) -> None:
        picture = await _picture(crisis, drill)
        await act(crisis.db, door.actor(by), picture.drill.id, *given)

    door.run(whole)
    screen.say(said)


def _read(crisis: Crisis, file: Path) -> tuple[Playbook, str]:
    playbook, data = read_file(file, crisis.shelf.known)
    return playbook, hashlib.sha256(data).hexdigest()


async def _start(crisis: Crisis, actor: Actor, file: Path, speed: float) -> Drill:
    playbook, sha256 = _read(crisis, file)
    return await service.start(crisis.db, actor, playbook, sha256=sha256, speed=speed)


async def _play(crisis: Crisis, actor: Actor, file: Path, speed: float, *, quiet: bool) -> Performance:
    playbook, sha256 = _read(crisis, file)
    if not await asyncio.to_thread(is_served, crisis.settings, Mode.EXERCISE):
        raise Unready(
            "No worker of exercises answers, and without one nothing that is played goes out to the sandbox. Start it: crisis up, or "
            "crisis worker --mode exercise. Nothing was started."
        )
    if quiet or not screen.console.is_terminal:
        return await perform(crisis, actor, playbook, sha256=sha256, speed=speed)
    with Live(console=screen.console, transient=True, auto_refresh=False) as live:
        return await perform(
            crisis, actor, playbook, sha256=sha256, speed=speed,
            show=lambda picture: live.update(drill_picture.drawn(picture), refresh=True),
        )  # fmt: skip


def _watch(drill_id: int) -> None:
    """Show a drill until it is over."""

    async def whole(crisis: Crisis) -> Picture:
        with Live(console=screen.console, transient=True, auto_refresh=False) as live:
            while True:
                picture = await _picture(crisis, drill_id)
                if picture.drill.state.is_over:
                    return picture
                live.update(drill_picture.drawn(picture), refresh=True)
                await asyncio.sleep(LOOK_SECONDS)

    screen.show(drill_picture.drawn(door.run(whole)))


async def _picture(crisis: Crisis, drill: int | None) -> Picture:
    async with crisis.db.transaction() as session:
        if drill is None:
            found = await service.current(session) or await service.latest(session)
            if found is None:
                raise Conflict("There has been no drill yet. Start one: crisis drill run FILE.")
            drill = found.id
        return await service.picture(session, drill)
