"""``crisis playbook``: check playbooks, list those there are, and the schema that editors help with."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from crisis import clock
from crisis.bootstrap import known_of
from crisis.cli import door, screen
from crisis.clock import OSLO
from crisis.playbooks.faults import PlaybookFault, PlaybookRefused
from crisis.playbooks.models import Playbook
from crisis.playbooks.reading import read_file
from crisis.playbooks.schema import schema as schema_of
from crisis.playbooks.shelf import Entry, Shelf
from crisis.settings import Settings

group = typer.Typer(no_args_is_help=True, help="Plans and drills, one YAML file each: check them, list them.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="playbook")


@group.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Playbooks, such as playbooks/*.yaml.")],
    *,
    as_json: door.JsonOption = False,
) -> None:
    """Say everything that is wrong with these files, each with its line. Changes nothing, and needs no database. Exits 1 if
    one of them cannot be used.
    """
    known = known_of(Settings())
    found: list[dict[str, Any]] = []
    for path in files:
        try:
            playbook, _ = read_file(path, known)
        except PlaybookRefused as refused:
            found.append({"file": str(path), "faults": [fault_described(each) for each in refused.faults]})
            if not as_json:
                _say_faults(path, refused)
        else:
            found.append({"file": str(path), "faults": []})
            if not as_json:
                screen.say(f"{path}: {_summary(playbook)}")
    if as_json:
        screen.show_json(found)
    if any(each["faults"] for each in found):
        raise typer.Exit(1)


@group.command("list")
def list_playbooks(*, as_json: door.JsonOption = False) -> None:
    """List the playbooks in CRISIS_PLAYBOOKS_DIR, with those that cannot be used, and those that should be looked through."""
    settings = Settings()
    entries = Shelf(settings.playbooks_dir, known_of(settings)).entries()
    today = clock.now().astimezone(OSLO).date()
    if as_json:
        screen.show_json([described(each, today) for each in entries])
        return
    if not entries:
        screen.say(f"There is no playbook in {settings.playbooks_dir}. See docs/playbooks.md for how to write one.")
        return
    primary = settings.languages[0]
    rows = [(each.id, *_cells(each, primary), _remark(each, today)) for each in entries]
    columns = ("Playbook", "Title", "Version", "Status", "Hazard", "Length", "Remark")
    screen.show(screen.table(columns, rows, wrap=("Title", "Remark"), spare=("Length", "Hazard")))


@group.command()
def schema() -> None:
    """Print the JSON Schema of playbooks, for editors: put `# yaml-language-server: $schema=FILE` on the first line."""
    screen.show_json(schema_of(known_of(Settings())))


def described(entry: Entry, today: date) -> dict[str, Any]:
    """A file of the folder as JSON."""
    held = entry.playbook
    return {
        "id": entry.id,
        "file": entry.file,
        "sha256": entry.sha256 or None,
        "title": dict(held.title.root) if held else None,
        "version": held.version if held else None,
        "status": held.status.value if held else None,
        "hazard": held.scenario.hazard if held else None,
        "review_by": held.review_by.isoformat() if held and held.review_by else None,
        "overdue": entry.overdue(today),
        "faults": [fault_described(each) for each in entry.faults],
    }


def fault_described(fault: PlaybookFault) -> dict[str, Any]:
    """A fault as JSON."""
    return {"line": fault.line, "key": fault.key, "said": fault.said, "nearest": fault.nearest}


def _say_faults(path: Path, refused: PlaybookRefused) -> None:
    screen.say(f"{path}: {screen.many(len(refused.faults), 'fault')}.", style="bold red")
    for fault in refused.faults:
        screen.show(
            screen.text(f"  {path}:{fault.line}  ", "cyan").append(screen.text(fault.key, "bold").plain, "bold")
        )
        meant = f" Did you mean “{fault.nearest}”?" if fault.nearest else ""
        screen.say(f"    {fault.said}{meant}")


def _summary(playbook: Playbook) -> str:
    counts = (
        screen.many(len(playbook.injects), "inject"),
        screen.many(len(playbook.expectations), "expectation"),
        screen.many(len(playbook.templates), "template"),
        screen.many(len(playbook.roles), "role"),
    )
    return f"version {playbook.version}, {playbook.status}: {', '.join(counts)}. It can be used."


def _cells(entry: Entry, primary: str) -> tuple[str, ...]:
    held = entry.playbook
    if held is None:
        return ("", "", "cannot be used", "", "")
    return (
        held.title.get(primary, held.languages.primary),
        held.version,
        held.status.value,
        held.scenario.hazard,
        f"{held.exercise.duration.total_seconds() / 60:g} min",
    )


def _remark(entry: Entry, today: date) -> str:
    if entry.faults:
        return f"{screen.many(len(entry.faults), 'fault')}: crisis playbook check"
    if entry.playbook is not None and entry.overdue(today):
        return f"should have been looked through by {entry.playbook.review_by}"
    return ""
