"""``crisis post`` and ``crisis posts``: units' own posts, and the decision about those the lock held."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from crisis import clock
from crisis.activations.service import ActivationLocked, find_current
from crisis.audiences.service import get_by_name
from crisis.bootstrap import Crisis
from crisis.cli import door, screen, times
from crisis.cli.accounts import AccountArgument, find
from crisis.deliveries.ledger import words
from crisis.deliveries.states import DeliveryState
from crisis.posts.fate import TOLD, Fate, fate_of
from crisis.posts.service import Outcome
from crisis.posts.standing import Standing

PAGE = 100
PostArgument = Annotated[int, typer.Argument(metavar="POST")]
PostsArgument = Annotated[list[int], typer.Argument(metavar="POST...")]

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
    instead_of: Annotated[
        int | None, typer.Option(metavar="POST", help="The blocked post it was written from, which is dropped for it.")
    ] = None,
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
            instead_of=instead_of,
            mode=door.mode(exercise=exercise),
        )

    try:
        done = door.run(act)
    except ActivationLocked as held:
        raise told_since(held) from None
    if as_json:
        screen.show_json(described(done))
    else:
        screen.say(_on_its_way(done))


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
                times.shown(each.goes_at),
                standing(each),
            )
            for each in found
        ]
        columns = ("No.", "Channel", "Account", "Time", "Standing")
        screen.show(screen.table(columns, rows, right={"No."}, wrap={"Standing"}))


@group.command()
def show(post_id: PostArgument, *, exercise: door.ExerciseOption = False, as_json: door.JsonOption = False) -> None:
    """One post, what became of it, and why."""

    async def act(crisis: Crisis) -> tuple[Standing, Fate]:
        mode = door.mode(exercise=exercise)
        async with crisis.db.transaction() as session:
            lock = await find_current(session, mode)
        found = await crisis.posts.get(door.actor(None), post_id, mode=mode)
        return found, fate_of(found, lock, clock.now())

    found, fate = door.run(act)
    if as_json:
        screen.show_json(described(found) | {"fate": fate.value, "told": TOLD[fate]})
        return
    where = f"{screen.channel_name(found.channel)}, {found.account} ({found.unit})"
    screen.say(f"Post {found.id} to {where}, by {found.created_by} {times.shown(found.created_at)}", style="bold")
    screen.say(TOLD[fate], f"Since {times.shown(found.since)}. It was to go out {times.shown(found.publish_at)}.")
    if found.origin is not None:
        screen.say(
            f"It was scheduled inside the platform itself{_at(found.origin.url)}, and was taken out by the lock."
        )
    if found.instead_of is not None:
        screen.say(f"It was written from post {found.instead_of}.")
    if found.rewritten_as is not None:
        screen.say(f"Post {found.rewritten_as} took its place.")
    screen.say("", *(line for line in (found.title, found.text) if line))


@group.command()
def publish(post_ids: PostsArgument, *, by: door.ByOption = None) -> None:
    """Let blocked posts go out, spread out; their owner does this when the lock is off."""
    _tell(_decide(post_ids, by, publish=True), _on_its_way)


@group.command()
def drop(post_ids: PostsArgument, *, by: door.ByOption = None) -> None:
    """Drop blocked posts; they stay on record and never go out."""
    _tell(
        _decide(post_ids, by, publish=False),
        lambda done: f"Post {done.id} to {screen.channel_name(done.channel)}, {done.account}, is dropped.",
    )


@group.command("take-back")
def take_back(post_id: PostArgument, *, by: door.ByOption = None) -> None:
    """Take back a post before its time has come; one that had been blocked is blocked again."""

    async def act(crisis: Crisis) -> Standing:
        return await crisis.posts.take_back(door.actor(by), post_id)

    done = door.run(act)
    end = "is blocked again: publish it or drop it" if done.is_blocked else "is taken back and never goes out"
    screen.say(f"Post {done.id} to {screen.channel_name(done.channel)}, {done.account}, {end}.")


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
        "since": found.since,
        "release_at": found.release_at,
        "pointer_id": found.pointer_id,
        "instead_of": found.instead_of,
        "rewritten_as": found.rewritten_as,
        "origin": found.origin and asdict(found.origin),
        "counts": dict(found.counts),
        "error": found.error,
        "url": found.url,
    }


def _decide(post_ids: list[int], by: str | None, *, publish: bool) -> Outcome:
    async def act(crisis: Crisis) -> Outcome:
        return await crisis.posts.decide_all(door.actor(by), post_ids, publish=publish)

    try:
        return door.run(act)
    except ActivationLocked as held:
        raise told_since(held) from None


def _tell(done: Outcome, said: Callable[[Standing], str]) -> None:
    screen.say(*(said(each) for each in done.posts))
    if done.left:
        screen.say(f"Not blocked any more, and left as they are: {', '.join(map(str, done.left))}.", style="yellow")


def _on_its_way(done: Standing) -> str:
    waits = done.counts.keys() == {DeliveryState.READY.value} and done.goes_at > clock.now()
    when = f"goes out at {times.shown(done.goes_at)}" if waits else "is on its way"
    return f"Post {done.id} to {screen.channel_name(done.channel)}, {done.account}, {when}."


def _at(url: str | None) -> str:
    return f" ({url})" if url else ""
