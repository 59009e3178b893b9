"""``crisis post`` and ``crisis posts``: units' own posts, and the decision about those the lock held."""

from typing import Annotated, Any

import typer

from crisis.activations.service import ActivationLocked
from crisis.audiences.service import get_by_name
from crisis.bootstrap import Crisis
from crisis.cli import door, screen, times
from crisis.cli.accounts import AccountArgument, find
from crisis.deliveries.ledger import words
from crisis.deliveries.states import DeliveryState
from crisis.posts.standing import Standing

PAGE = 100

group = typer.Typer(help="Units' posts: list them, and decide about blocked ones.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(post)
    app.add_typer(group, name="posts")


def post(
    account: AccountArgument,
    text: Annotated[str, typer.Argument(help="What to publish.")],
    *,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="14:30, or 2026-11-21 08:00. [default: now]")] = None,
    title: Annotated[str, typer.Option(help="A title, where the channel has one.")] = "",
    audience: Annotated[str | None, typer.Option(help="Who gets it, for an SMS account.")] = None,
    exercise: door.ExerciseOption = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Publish a unit's post, at once or at a time."""
    publish_at = times.read(at) if at else None

    async def act(crisis: Crisis) -> Standing:
        async with crisis.db.transaction() as session:
            found = await find(session, account)
            list_id = (await get_by_name(session, audience)).id if audience else None
        return await crisis.posts.publish(
            door.actor(by),
            found.id,
            text,
            title=title,
            publish_at=publish_at,
            audience_id=list_id,
            mode=door.mode(exercise=exercise),
        )

    try:
        done = door.run(act)
    except ActivationLocked as held:
        raise told_since(held) from None
    if as_json:
        screen.show_json(described(done))
    else:
        when = f"goes out at {times.shown(done.publish_at)}" if publish_at else "is on its way"
        screen.say(f"Post {done.id} to {screen.channel_name(done.channel)}, {done.account}, {when}.")


@group.callback()
def list_all(
    context: typer.Context,
    *,
    blocked: Annotated[bool, typer.Option("--blocked", help="Only those the lock holds.")] = False,
    after: Annotated[int, typer.Option(help="Only posts after this number.")] = 0,
    exercise: door.ExerciseOption = False,
    as_json: door.JsonOption = False,
) -> None:
    """List units' posts, or decide about a blocked one."""
    if context.invoked_subcommand is not None:
        return

    async def act(crisis: Crisis) -> list[Standing]:
        who, mode, seen = door.actor(None), door.mode(exercise=exercise), after
        found: list[Standing] = []
        while page := await crisis.posts.list(who, mode=mode, after=seen, most=PAGE):
            found += [each for each in page if not blocked or DeliveryState.BLOCKED.value in each.counts]
            seen = page[-1].id
        return found

    found = door.run(act)
    if as_json:
        screen.show_json([described(each) for each in found])
    elif not found:
        screen.say("No post is blocked." if blocked else "There are no posts.")
    else:
        rows = [
            (
                each.id,
                screen.channel_name(each.channel),
                screen.under(each.account, screen.shortened(each.title or each.text, 28)),
                times.shown(each.publish_at),
                standing(each),
            )
            for each in found
        ]
        columns = ("No.", "Channel", "Account", "Time", "Standing")
        screen.show(screen.table(columns, rows, right={"No."}, wrap={"Standing"}))


@group.command()
def publish(post_id: Annotated[int, typer.Argument(metavar="POST")], *, by: door.ByOption = None) -> None:
    """Let a blocked post go out now; its owner does this when the lock is off."""
    done = _decide(post_id, by, publish=True)
    screen.say(f"Post {done.id} to {screen.channel_name(done.channel)}, {done.account}, is on its way.")


@group.command()
def drop(post_id: Annotated[int, typer.Argument(metavar="POST")], *, by: door.ByOption = None) -> None:
    """Drop a blocked post; it stays on record and never goes out."""
    done = _decide(post_id, by, publish=False)
    screen.say(f"Post {done.id} to {screen.channel_name(done.channel)}, {done.account}, is dropped.")


def told_since(held: ActivationLocked) -> ActivationLocked:
    """The same refusal, with the time by the clock on the wall."""
    held.args = (f"{held} Locked since {times.shown(held.since)}.",)
    return held


def standing(found: Standing) -> str:
    """How a post stands, in words."""
    return screen.counted({words(DeliveryState(state)): count for state, count in found.counts.items()})


def described(found: Standing) -> dict[str, Any]:
    """A post as JSON."""
    return {
        "id": found.id,
        "account_id": found.account_id,
        "channel": found.channel,
        "account": found.account,
        "unit": found.unit,
        "title": found.title,
        "text": found.text,
        "publish_at": found.publish_at,
        "created_by": found.created_by,
        "created_at": found.created_at,
        "counts": dict(found.counts),
        "error": found.error,
        "url": found.url,
    }


def _decide(post_id: int, by: str | None, *, publish: bool) -> Standing:
    async def act(crisis: Crisis) -> Standing:
        return await crisis.posts.decide(door.actor(by), post_id, publish=publish)

    try:
        return door.run(act)
    except ActivationLocked as held:
        raise told_since(held) from None
