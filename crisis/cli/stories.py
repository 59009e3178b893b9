"""``crisis message retract``, ``withdraw`` and ``try-again``: take a message back, take it down, or have what failed tried now."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from crisis.bootstrap import Crisis
from crisis.cli import door, screen, times
from crisis.cli.messages import described, group, preview_described, say_deliveries, show_preview
from crisis.deliveries import impatience, withdrawals
from crisis.deliveries.impatience import TriedAgain
from crisis.deliveries.withdrawals import WithdrawnMessage
from crisis.errors import Invalid
from crisis.messages.outcome import Retracted
from crisis.messages.plan import Plan

MessageArgument = Annotated[int, typer.Argument(metavar="MESSAGE", help="Its number. See: crisis message list.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def register(app: typer.Typer) -> None:  # noqa: ARG001 - the group is already on the application
    """Add the commands of this module to ``crisis message``."""
    group.command()(retract)
    group.command()(withdraw)
    group.command()(try_again)


def retract(
    message: MessageArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why: for the record, and in no text that goes out.")] = "",
    yes: YesOption = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """False alarm: say so, everywhere the message went and to everyone it was sent to, and end it."""

    async def look(crisis: Crisis) -> tuple[Plan, dict[str, int]]:
        limits = {name: c.limit.most for name, c in crisis.capabilities.items() if c.limit}
        return await crisis.desk.preview_retraction(door.actor(by), message), limits

    async def act(crisis: Crisis) -> Retracted:
        return await crisis.desk.retract(door.actor(by), message, reason)

    plan, limits = door.run(look)
    if plan.problems:
        raise Invalid("The retraction cannot go out as it is. Nothing was sent.", plan.problems)
    if not as_json:
        _show_plan(plan, limits)
        _confirm("Retract it now?", yes=yes)
    done = door.run(act)
    if as_json:
        screen.show_json(_retracted_described(done, plan))
    else:
        _say_retracted(done)


def withdraw(
    message: MessageArgument,
    *,
    yes: YesOption = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Take the message down, everywhere that can be done. Tells nobody anything: a correction or the retraction does."""
    if not as_json and not yes and sys.stdin.isatty():
        screen.say(
            f"What waits of message {message} is cancelled, and what is out in public is taken down. Text messages stay."
        )
        _confirm("Withdraw it now?", yes=yes)

    async def act(crisis: Crisis) -> WithdrawnMessage:
        return await withdrawals.withdraw_message(crisis.db, door.actor(by), message, crisis.capabilities)

    done = door.run(act)
    if as_json:
        screen.show_json(asdict(done))
        return
    said = [
        _said("cancelled before they were sent", done.cancelled),
        _said("being taken down", done.taking_down),
        f"{done.waited_for:,} of those may be out just now, and are taken down as soon as it is known where they are."
        if done.waited_for
        else "",
        done.advice,
    ]
    screen.say(f"Message {message} is withdrawn.", style="bold")
    screen.say(*([each for each in said if each] or ["There was nothing of it to take down."]))
    if done.taking_down:
        screen.say("See what came of it: crisis status --watch", style="dim")


def try_again(message: MessageArgument, *, by: door.ByOption = None, as_json: door.JsonOption = False) -> None:
    """Try now what of a message failed and waits. What is out, or may be, is not sent again."""

    async def act(crisis: Crisis) -> TriedAgain:
        return await impatience.try_again(crisis.db, door.actor(by), message)

    done = door.run(act)
    if as_json:
        screen.show_json(asdict(done))
    elif done.deliveries:
        screen.say(
            f"Trying {screen.many(done.deliveries, 'delivery', 'deliveries')} of message {message} again now.",
            style="bold",
        )
        screen.say("Follow it with: crisis status --watch", style="dim")
    else:
        screen.say(f"Nothing of message {message} waits to be tried again. See how it stands: crisis status")


def _show_plan(plan: Plan, limits: Mapping[str, int]) -> None:
    for each in plan.previews:
        show_preview(each, limits.get(each.channel))
    if plan.previews:
        say_deliveries(plan.deliveries, "Retracting it makes")
    else:
        screen.say("Nobody has been sent any of it: nothing is said, and what waits never goes out.")


def _say_retracted(done: Retracted) -> None:
    at = times.shown(done.message.retracted_at)
    screen.say(f"Retracted at {at}. Nothing follows message {done.message.id} now.", style="bold")
    if done.cancelled:
        screen.say(f"{screen.many(done.cancelled, 'delivery', 'deliveries')} not yet sent: cancelled.")
    if done.revision is not None:
        say_deliveries(done.deliveries, "It makes")
        screen.say("Follow it with: crisis status --watch", style="dim")


def _confirm(question: str, *, yes: bool) -> None:
    if not yes and sys.stdin.isatty():
        typer.confirm(question, abort=True)


def _said(what: str, counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    each = ", ".join(f"{count:,} on {screen.channel_name(channel)}" for channel, count in counts.items())
    return f"{what.capitalize()}: {each}."


def _retracted_described(done: Retracted, plan: Plan) -> dict[str, Any]:
    return {
        "message_id": done.message.id,
        "retracted_at": done.message.retracted_at,
        "retracted_by": done.message.retracted_by,
        "revision": described(done.revision) if done.revision is not None else None,
        "texts": [preview_described(each) for each in plan.previews],
        "deliveries": dict(done.deliveries),
        "cancelled": done.cancelled,
    }
