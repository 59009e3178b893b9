"""``crisis recipients``: audiences, the lists of recipients. No number is ever shown, at most its last two digits."""

import csv
import os
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from crisis.audiences import importer, service
from crisis.bootstrap import Crisis
from crisis.cli import door, screen, times
from crisis.errors import CrisisError, Invalid

SHOWN = 20
"""Rejected lines on the screen; all of them are in the file."""

group = typer.Typer(help="Audiences: who gets the SMS.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="recipients")


@group.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV with a column number, and language if you like; or numbers alone.")],
    *,
    audience: Annotated[str, typer.Option(help="The audience's name.")],
    replace: Annotated[bool, typer.Option("--replace", help="In place of the audience of that name.")] = False,
    rejected: Annotated[
        Path | None, typer.Option(help="Where rejected lines are listed. [default: FILE.rejected.csv]")
    ] = None,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Make an audience out of a file."""
    refusals = Refusals(rejected or file.with_name(f"{file.name}.rejected.csv"))

    async def act(crisis: Crisis) -> importer.ImportReport:
        with refusals, _Bar(file, quiet=as_json) as (bar, task):
            return await importer.import_recipients(
                crisis.db,
                door.actor(by),
                audience,
                file,
                sealer=crisis.numbers,
                settings=crisis.settings,
                replace=replace,
                on_progress=lambda size, rows: bar.update(task, completed=size, rows=f"{rows:,} rows"),
                on_rejected=refusals.add,
            )

    try:
        report = door.run(act)
    except CrisisError:
        if not as_json:
            refusals.show()
        raise
    if as_json:
        screen.show_json(
            {
                "audience": audience,
                "read": report.read,
                "added": report.added,
                "duplicates": report.duplicates,
                "rejected": report.rejected,
                "rejected_file": str(refusals.path) if report.rejected else None,
                "unread_columns": list(report.unread_columns),
            }
        )
        return
    screen.say(
        f"{audience}: {screen.many(report.added, 'recipient')}. Of {screen.many(report.read, 'row')}, "
        f"{report.duplicates:,} repeated a number and {report.rejected:,} were rejected."
    )
    if report.unread_columns:
        screen.say(f"Not read and not stored: {', '.join(report.unread_columns)}.")
    refusals.show()


@group.command("list")
def list_all(*, as_json: door.JsonOption = False) -> None:
    """Every audience and its size."""

    async def act(crisis: Crisis) -> Any:
        async with crisis.db.transaction() as session:
            return await service.list_audiences(session)

    found = door.run(act)
    if as_json:
        screen.show_json(
            [{"id": a.id, "name": a.name, "recipients": a.recipients, "created_at": a.created_at} for a in found]
        )
    elif not found:
        screen.say("There is no audience yet. Make one: crisis recipients import FILE --audience NAME")
    else:
        rows = [(a.id, a.name, f"{a.recipients:,}", times.shown(a.created_at)) for a in found]
        screen.show(screen.table(("No.", "Audience", "Recipients", "Since"), rows, right={"No.", "Recipients"}))


@group.command()
def forget(
    number: Annotated[
        str | None, typer.Argument(help="The number; left out, it is asked for and stays unseen.")
    ] = None,
    *,
    by: door.ByOption = None,
) -> None:
    """Erase one person from every list: what they may ask for."""
    given = number if number is not None else typer.prompt("Number", hide_input=True)

    async def act(crisis: Crisis) -> None:
        await service.forget_number(
            crisis.db, door.actor(by), given, sealer=crisis.numbers, region=crisis.settings.phone_region
        )

    door.run(act)
    screen.say("The number is erased from every list. What was sent to it stays counted, without the number.")


@group.command()
def purge(
    *,
    days: Annotated[int, typer.Option(help="Keep who was imported or written to within so many days.")] = 365,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Erase the recipients no list holds any more."""

    async def act(crisis: Crisis) -> int:
        return await service.erase_orphans(crisis.db, door.actor(by), days=days)

    erased = door.run(act)
    if as_json:
        screen.show_json({"erased": erased})
    else:
        screen.say(f"{screen.many(erased, 'recipient')} on no list, untouched for {screen.many(days, 'day')}: erased.")


class Refusals:
    """Rejected lines: the first ones for the screen, all of them in a file that only we may read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._first: list[tuple[int, str]] = []
        self._count = 0
        self._file: TextIOWrapper | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, line: int, reason: str) -> None:
        """One line that was not imported, and why."""
        if self._file is None:
            self._file = self._open()
            self._writer = csv.writer(self._file)
            self._writer.writerow(("line", "reason"))
        self._writer.writerow((line, reason))
        self._count += 1
        if len(self._first) < SHOWN:
            self._first.append((line, reason))

    def show(self) -> None:
        """The first of them as a table, and where all are."""
        if not self._count:
            return
        screen.say("", "Rejected:")
        screen.show(screen.table(("Line", "Why"), self._first, right={"Line"}, wrap={"Why"}))
        more = f"{self._count - SHOWN:,} more, and all of them, are" if self._count > SHOWN else "They are"
        screen.say(f"{more} in {self.path}")

    def _open(self) -> TextIOWrapper:
        try:
            return os.fdopen(
                os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
            )
        except OSError as problem:
            raise Invalid(
                f"The rejected lines cannot be listed in {self.path}: {problem.strerror}. Nothing was imported. "
                "Name another file: --rejected FILE"
            ) from None


class _Bar:
    """A progress bar over the bytes of a file, on standard error, so that what is piped stays clean."""

    def __init__(self, file: Path, *, quiet: bool) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[rows]}"),
            TimeRemainingColumn(),
        )
        console = Console(stderr=True)
        self._progress = Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
        self._file = file

    def __enter__(self) -> tuple[Progress, TaskID]:
        self._progress.start()
        try:
            size: float | None = self._file.stat().st_size
        except OSError:
            size = None
        return self._progress, self._progress.add_task("Importing", total=size, rows="")

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
