"""``crisis audit``: the log of who did what, and the proof that nobody has changed it."""

import json
from collections import deque
from datetime import datetime
from typing import Annotated, Any

import typer

from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.cli import door, screen, times

group = typer.Typer(help="The log of who did what.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="audit")


@group.command()
def verify(
    *,
    head: Annotated[
        str | None, typer.Option(metavar="SEQ:HASH", help="A head noted earlier; the log must still hold it.")
    ] = None,
    as_json: door.JsonOption = False,
) -> None:
    """Prove that no entry was altered, removed, reordered or cut off."""

    async def act(crisis: Crisis) -> chain.Verdict:
        async with crisis.db.transaction() as session:
            return await chain.verify(session, head)

    verdict = door.run(act)
    if as_json:
        screen.show_json(
            {"holds": verdict.holds, "entries": verdict.entries, "head": verdict.head, "fault": verdict.fault}
        )
    elif verdict.holds:
        screen.say(f"The log holds: {screen.many(verdict.entries, 'entry', 'entries')}.", style="green")
        screen.say("Note its head somewhere else, and give it back later with --head:", f"  {verdict.head}")
    else:
        screen.say(
            f"The log does not hold: {verdict.fault}. {screen.many(verdict.entries, 'entry', 'entries')} before it hold.",
            style="red",
        )
        screen.say("Keep the database as it is, and compare with a backup: somebody has changed it by hand.")
    if not verdict.holds:
        raise typer.Exit(1)


@group.command("list")
def list_all(
    *,
    last: Annotated[int, typer.Option(min=1, max=100_000, help="How many, counted from the newest.")] = 30,
    after: Annotated[int, typer.Option(min=0, help="Only entries after this number.")] = 0,
    as_json: door.JsonOption = False,
) -> None:
    """Who did what, oldest first."""

    async def act(crisis: Crisis) -> list[dict[str, Any]]:
        async with crisis.db.transaction() as session:
            kept: deque[str] = deque(maxlen=last)
            async for _, record, _ in chain.entries(session, after):
                kept.append(record)
        return [json.loads(record) for record in kept]

    found = door.run(act)
    if as_json:
        screen.show_json(found)
    elif not found:
        screen.say("The log has no entry yet.")
    else:
        columns = ("No.", "At", "Who", "Did")
        screen.show(screen.table(columns, [_row(each) for each in found], right={"No."}, wrap={"Did"}))


def _row(record: dict[str, Any]) -> tuple[object, ...]:
    details = "; ".join(
        f"{name}: {_brief(value)}" for name, value in record["detail"].items() if value not in (None, [])
    )
    did = f"{record['action'].replace('_', ' ')}: {record['subject']}" + (
        f", {record['mode']}" if record["mode"] else ""
    )
    return (
        record["seq"],
        times.shown(datetime.fromisoformat(record["at"])),
        record["actor"],
        screen.under(did, screen.shortened(details, 160)) if details else did,
    )


def _brief(value: object) -> str:
    return str(value) if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)
