"""``crisis message``: see drafts as each channel would carry them, approve, list. Writing them is in ``drafts.py``."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from crisis.activations import service as activations
from crisis.audiences.models import Audience
from crisis.bootstrap import Crisis
from crisis.channels import Unit
from crisis.cli import door, screen, times
from crisis.errors import Conflict
from crisis.messages import drafts
from crisis.messages.models import Revision, RevisionState
from crisis.messages.outcome import Approved
from crisis.messages.plan import Plan, Preview

_UNITS = {Unit.CHARACTERS: "characters", Unit.WEIGHTED: "weighted characters", Unit.SEGMENTS: "parts"}

RevisionArgument = Annotated[int, typer.Argument(metavar="REVISION", help="Its number. See: crisis message list.")]

group = typer.Typer(help="Crisis messages: write, preview, approve.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="message")


@group.command()
def preview(
    revision: RevisionArgument,
    *,
    retraction: Annotated[
        bool, typer.Option("--retraction", help="What would be said if it proved a false alarm.")
    ] = False,
    as_json: door.JsonOption = False,
) -> None:
    """Show every text exactly as it would go out, and everything that stops it."""

    async def act(crisis: Crisis) -> tuple[Plan, dict[str, int]]:
        limits = {name: c.limit.most for name, c in crisis.capabilities.items() if c.limit}
        return await crisis.desk.preview(door.actor(None), revision), limits

    plan, limits = door.run(act)
    if as_json:
        screen.show_json(_plan_described(plan))
    else:
        for each in plan.retraction if retraction else plan.previews:
            show_preview(each, limits.get(each.channel))
        say_deliveries(plan.deliveries, "Approving it makes")
        if plan.retraction and not retraction:
            _say_ready(plan, f"See it: crisis message preview {revision} --retraction")
        if plan.problems:
            screen.say("", "It cannot go out as it is:", *(f"- {problem}" for problem in plan.problems), style="red")
    if plan.problems:
        raise typer.Exit(1)


@group.command()
def approve(
    revision: RevisionArgument,
    *,
    leave_out: Annotated[
        list[str] | None, typer.Option(metavar="LANGUAGE", help="A translation that is not finished and waits; repeat.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Freeze a draft and send it, to every channel and everyone in its audience."""
    if not yes and not as_json and sys.stdin.isatty():
        _ask(revision)

    async def act(crisis: Crisis) -> Approved:
        return await crisis.desk.approve(door.actor(by), revision, leave_out or ())

    done = door.run(act)
    message = done.revision.message_id
    if as_json:
        screen.show_json(
            {
                "revision": described(done.revision),
                "deliveries": dict(done.deliveries),
                "cancelled": done.cancelled,
            }
        )
        return
    screen.say(f"Approved at {times.shown(done.revision.approved_at)} and on its way.", style="bold")
    say_deliveries(done.deliveries, "It makes")
    if done.cancelled:
        screen.say(f"{screen.many(done.cancelled, 'older delivery', 'older deliveries')} not yet sent: cancelled.")
    screen.say(
        "Follow it with: crisis status --watch",
        f"If it proves a false alarm, the retraction is ready: crisis message retract {message}",
        style="dim",
    )


@group.command("list")
def list_all(
    *,
    activation: Annotated[int | None, typer.Option(help="Its number. [default: the one in force]")] = None,
    exercise: door.ExerciseOption = False,
    as_json: door.JsonOption = False,
) -> None:
    """Every revision of an activation's messages."""

    async def act(crisis: Crisis) -> tuple[list[Revision], Sequence[str]]:
        mode = door.mode(exercise=exercise)
        async with crisis.db.transaction() as session:
            if activation is not None:
                which = (await activations.get(session, activation)).id
            elif (current := await activations.find_current(session, mode)) is not None:
                which = current.id
            else:
                raise Conflict(f"No {mode} activation is in force. Name one that was: --activation NUMBER")
            found = await drafts.all_revisions(session, which)
        return found, crisis.settings.languages

    found, languages = door.run(act)
    if as_json:
        screen.show_json([described(each) for each in found])
    elif not found:
        screen.say("No message has been written yet: crisis message write --help")
    else:
        columns = ("No.", "Message", "Kind", "Standing")
        screen.show(screen.table(columns, [_row(each, languages) for each in found], right={"No."}))


def described(revision: Revision) -> dict[str, Any]:
    """A revision as JSON."""
    return {
        "id": revision.id,
        "message_id": revision.message_id,
        "number": revision.number,
        "kind": revision.kind.value,
        "state": revision.state.value,
        "supersedes_id": revision.supersedes_id,
        "contents": revision.contents,
        "next_update_at": revision.next_update_at,
        "audience_id": revision.audience_id,
        "channels": revision.channels,
        "saves": revision.saves,
        "written_by": revision.written_by,
        "written_at": revision.written_at,
        "authors": revision.authors,
        "submitted_by": revision.submitted_by,
        "submitted_at": revision.submitted_at,
        "returned_by": revision.returned_by,
        "returned_at": revision.returned_at,
        "returned_for": revision.returned_for,
        "approved_by": revision.approved_by,
        "approved_at": revision.approved_at,
        "warned_at": revision.warned_at,
        "missed_at": revision.missed_at,
        "withdrawn_at": revision.withdrawn_at,
        "withdrawn_by": revision.withdrawn_by,
    }


def _row(revision: Revision, languages: Sequence[str]) -> tuple[object, ...]:
    approved = revision.state is RevisionState.APPROVED
    written = [language for language in languages if language in revision.contents]
    kind = f"{revision.kind.value.replace('_', ' ')}, {' '.join(written)}"
    return (
        revision.id,
        f"{revision.message_id}.{revision.number}",
        screen.under(kind, screen.shortened(headline(revision, languages), 36)),
        screen.under(
            f"{revision.state.value} {times.shown(revision.approved_at if approved else revision.written_at)}",
            f"by {revision.approved_by if approved else revision.written_by}",
        ),
    )


def headline(revision: Revision, languages: Sequence[str]) -> str:
    """The headline in the primary language, as far as it is written."""
    return str(revision.contents.get(languages[0], {}).get("headline") or "(no headline yet)")


def _ask(revision: int) -> None:
    async def act(crisis: Crisis) -> tuple[Plan, str, str]:
        plan = await crisis.desk.preview(door.actor(None), revision)
        async with crisis.db.transaction() as session:
            found = await drafts.get(session, revision)
            people = await session.get_one(Audience, found.audience_id) if found.audience_id else None
        return plan, headline(found, crisis.settings.languages), people.name if people else ""

    plan, title, audience = door.run(act)
    screen.say(title, style="bold")
    say_deliveries(plan.deliveries, f"To {audience}, it makes" if audience else "It makes")
    if plan.retraction:
        _say_ready(plan, f"See it: crisis message preview {revision} --retraction")
    typer.confirm("Send it now?", abort=True)


def say_deliveries(deliveries: Mapping[str, int], opening: str) -> None:
    """How many, and on which channels."""
    each = ", ".join(f"{count:,} on {screen.channel_name(channel)}" for channel, count in deliveries.items())
    screen.say(f"{opening} {screen.many(sum(deliveries.values()), 'delivery', 'deliveries')}: {each or 'none'}.")


def _say_ready(plan: Plan, where: str) -> None:
    texts = screen.many(len(plan.retraction), "text")
    screen.say(f"Its retraction is ready, in {texts}, should it prove a false alarm. {where}", style="dim")


def show_preview(preview: Preview, most: int | None) -> None:
    """One text as it would go out; ``most`` is the longest that its channel takes."""
    rendered = preview.rendered
    length = rendered.length
    size = f"{length.count:,} of {most:,}" if most else f"{length.count:,}"
    used = f" ({length.used} in {length.encoding})" if length.encoding else ""
    name = f"{screen.channel_name(preview.channel)}, {rendered.language_name}"
    screen.say(name, style="bold")
    screen.say(f"{size} {_UNITS[length.unit]}{used}. Through {', '.join(preview.accounts)}.", style="dim")
    screen.say(rendered.text, "")


def _plan_described(plan: Plan) -> dict[str, Any]:
    return {
        "previews": [preview_described(each) for each in plan.previews],
        "deliveries": dict(plan.deliveries),
        "people": None if plan.people is None else {"people": plan.people.people, "attempted": plan.people.attempted},
        "retraction": [preview_described(each) for each in plan.retraction],
        "problems": list(plan.problems),
    }


def preview_described(preview: Preview) -> dict[str, Any]:
    """One text as JSON."""
    return {
        "channel": preview.channel,
        "language": preview.language,
        "accounts": list(preview.accounts),
        "title": preview.rendered.title,
        "text": preview.rendered.text,
        "length": preview.rendered.length.count,
        "unit": preview.rendered.length.unit.value,
        "problems": list(preview.problems),
    }
