"""``crisis doctor``: is everything reachable, configured and migrated, and what to do if not."""

import asyncio
from typing import Any

import typer

from crisis.checkup.examination import examine
from crisis.checkup.findings import Finding, Level
from crisis.cli import door, screen
from crisis.settings import Settings

_STYLES = {Level.OK: "green", Level.NOTE: "yellow", Level.WRONG: "red"}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(doctor)


def doctor(*, as_json: door.JsonOption = False) -> None:
    """Look at every part, and say what to do about each that is not as it should be."""
    findings = asyncio.run(examine(Settings()))
    wrong = [each for each in findings if each.level is Level.WRONG]
    if as_json:
        screen.show_json({"healthy": not wrong, "findings": [_described(each) for each in findings]})
    else:
        screen.show(screen.table(("", "Part", "Found"), [_row(each) for each in findings], wrap={"Found"}))
        screen.say("", "Everything is in order." if not wrong else f"{screen.many(len(wrong), 'part')} to mend.")
    if wrong:
        raise typer.Exit(1)


def _described(finding: Finding) -> dict[str, Any]:
    return {"part": finding.part, "level": finding.level.value, "found": finding.found, "advice": finding.advice}


def _row(finding: Finding) -> tuple[Any, ...]:
    said = screen.text(finding.found)
    if finding.advice:
        said.append(f"\n{finding.advice}", "bold" if finding.level is Level.WRONG else "dim")
    return (screen.text(finding.level.value, _STYLES[finding.level]), finding.part, said)
