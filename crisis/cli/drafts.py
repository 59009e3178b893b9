"""``crisis message write`` and ``edit``: drafts, out of a file or of options."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from crisis.activations import service as activations
from crisis.audiences.service import get_by_name
from crisis.bootstrap import Crisis
from crisis.cli import door, screen, times
from crisis.cli.messages import RevisionArgument, described, group
from crisis.errors import Conflict, Invalid
from crisis.messages import drafts
from crisis.messages.models import Kind, Revision

_FILE_MOST = 1 << 20  # bytes

FileOption = Annotated[
    str | None,
    typer.Option(
        "--file", metavar="FILE", help='JSON: {"nb": {"headline": "...", ...}, "nn": ...}; - for standard input.'
    ),
]
LanguageOption = Annotated[str | None, typer.Option(help="The language of the options below. [default: the primary]")]
HeadlineOption = Annotated[str | None, typer.Option(help="What it is about, in one line.")]
HappenedOption = Annotated[str | None, typer.Option(help="What is known, and what is not known yet.")]
WhereOption = Annotated[str | None, typer.Option(help="The place.")]
DoOption = Annotated[
    list[str] | None, typer.Option("--do", help="What people should do; repeat, most important first.")
]
LeadsOption = Annotated[str | None, typer.Option(help="Who leads, such as Politiet.")]
ContactOption = Annotated[str | None, typer.Option(help="Whom people can reach, and how.")]
NextOption = Annotated[str | None, typer.Option("--next", metavar="TIME", help="When the next message comes: 14:30.")]
AudienceOption = Annotated[str | None, typer.Option(help="Who gets the SMS; nobody without it.")]


def register(app: typer.Typer) -> None:  # noqa: ARG001 - the group is already on the application
    """Add the commands of this module to ``crisis message``."""
    group.command()(write)
    group.command()(edit)


def write(
    *,
    kind: Annotated[Kind, typer.Option(help="An alert begins a message; the others go on with one.")] = Kind.ALERT,
    message: Annotated[int | None, typer.Option(help="The message to go on with.")] = None,
    file: FileOption = None,
    language: LanguageOption = None,
    headline: HeadlineOption = None,
    what_happened: HappenedOption = None,
    where: WhereOption = None,
    what_to_do: DoOption = None,
    leads: LeadsOption = None,
    contact: ContactOption = None,
    next_update: NextOption = None,
    audience: AudienceOption = None,
    exercise: door.ExerciseOption = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Write a draft for the activation in force."""
    given = _read(file) if file else {}
    said = _said(headline, what_happened, where, what_to_do, leads, contact)
    next_update_at = times.read(next_update) if next_update else None

    async def act(crisis: Crisis) -> Revision:
        mode = door.mode(exercise=exercise)
        async with crisis.db.transaction() as session:
            current = await activations.find_current(session, mode)
            list_id = (await get_by_name(session, audience)).id if audience else None
        if current is None:
            raise Conflict(f"No {mode} activation is in force, and a message belongs to one. Activate first.")
        languages = crisis.settings.languages
        contents = _merged(given, language or languages[0], said)
        return await drafts.write(
            crisis.db,
            door.actor(by),
            current.id,
            kind,
            contents,
            languages,
            message_id=message,
            next_update_at=next_update_at,
            audience_id=list_id,
        )

    _say_saved(door.run(act), as_json=as_json)


def edit(
    revision: RevisionArgument,
    *,
    file: FileOption = None,
    language: LanguageOption = None,
    headline: HeadlineOption = None,
    what_happened: HappenedOption = None,
    where: WhereOption = None,
    what_to_do: DoOption = None,
    leads: LeadsOption = None,
    contact: ContactOption = None,
    next_update: NextOption = None,
    audience: AudienceOption = None,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Change a draft, or add a language to it. What is not given stays as it is."""
    given = _read(file) if file else {}
    said = _said(headline, what_happened, where, what_to_do, leads, contact)
    next_update_at = times.read(next_update) if next_update else None

    async def act(crisis: Crisis) -> Revision:
        async with crisis.db.transaction() as session:
            before = await drafts.get(session, revision)
            list_id = (await get_by_name(session, audience)).id if audience else before.audience_id
        languages = crisis.settings.languages
        contents = _merged({**before.contents, **given}, language or languages[0], said)
        return await drafts.save(
            crisis.db,
            door.actor(by),
            revision,
            before.saves,
            contents,
            languages,
            next_update_at=next_update_at or before.next_update_at,
            audience_id=list_id,
        )

    _say_saved(door.run(act), as_json=as_json)


def _read(source: str) -> dict[str, Any]:
    try:
        with sys.stdin.buffer if source == "-" else Path(source).open("rb") as file:
            held = json.loads(file.read(_FILE_MOST + 1))
    except OSError as problem:
        raise Invalid(f"The message cannot be read from {source}: {problem.strerror}.") from None
    except (ValueError, RecursionError) as problem:
        raise Invalid(f"The message in {source} is not JSON: {problem}.") from None
    if not isinstance(held, dict):
        raise Invalid(
            f'The message in {source} is not languages with their fields, like {{"nb": {{"headline": ...}}}}.'
        )
    return held


def _said(
    headline: str | None,
    what_happened: str | None,
    where: str | None,
    what_to_do: list[str] | None,
    leads: str | None,
    contact: str | None,
) -> dict[str, Any]:
    fields = {
        "headline": headline,
        "what_happened": what_happened,
        "where": where,
        "what_to_do": what_to_do or None,
        "leads": leads,
        "contact": contact,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _merged(contents: Mapping[str, Any], language: str, said: Mapping[str, Any]) -> dict[str, Any]:
    if not said:
        return dict(contents)
    before = contents.get(language)
    return {**contents, language: {**(before if isinstance(before, dict) else {}), **said}}


def _say_saved(revision: Revision, *, as_json: bool) -> None:
    if as_json:
        screen.show_json(described(revision))
        return
    kind = revision.kind.value.replace("_", " ")
    screen.say(
        f"Revision {revision.id} ({kind}, {', '.join(revision.contents)}) of message {revision.message_id} is saved as a "
        f"draft. See it: crisis message preview {revision.id}. Send it: crisis message approve {revision.id}"
    )
