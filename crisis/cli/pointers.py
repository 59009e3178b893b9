"""``crisis pointer``: the one text of the web editors' that locked accounts publish, once each."""

from typing import Annotated, Any

import typer

from crisis.bootstrap import Crisis
from crisis.cli import door, screen, times
from crisis.cli.accounts import find
from crisis.deliveries.ledger import words
from crisis.errors import Conflict, Invalid
from crisis.pointers.places import Place
from crisis.pointers.service import Published, Standing

group = typer.Typer(
    help="The pointer of an activation: one text that locked accounts publish, once each.", invoke_without_command=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="pointer")


@group.callback()
def show(context: typer.Context, *, exercise: door.ExerciseOption = False, as_json: door.JsonOption = False) -> None:
    """The pointer of the activation in force, and where it stands; or one of the acts below."""
    if context.invoked_subcommand is not None:
        return

    async def act(crisis: Crisis) -> Standing | None:
        return await crisis.pointers.standing(door.actor(None), mode=door.mode(exercise=exercise))

    found = door.run(act)
    if as_json:
        screen.show_json(described(found) if found else None)
    elif found is None:
        screen.say("There is no pointer. Write one: crisis pointer approve TEXT")
    else:
        _show(found)


@group.command()
def approve(
    text: Annotated[
        str | None,
        typer.Argument(help="What accounts shall say. Without it, what somebody else has written is approved."),
    ] = None,
    *,
    exercise: door.ExerciseOption = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Write the pointer and approve it; where two people are asked for, it then waits for the other."""

    async def act(crisis: Crisis) -> Standing:
        who, mode = door.actor(by), door.mode(exercise=exercise)
        if text is not None:
            return await crisis.pointers.write(who, text, mode=mode)
        return await crisis.pointers.approve(who, (await _there(crisis, exercise=exercise)).pointer.id)

    found = door.run(act)
    if as_json:
        screen.show_json(described(found))
    else:
        _show(found)


@group.command()
def withdraw(*, exercise: door.ExerciseOption = False, by: door.ByOption = None) -> None:
    """Let no account publish it any more. What is out stays; what has not gone out never will."""

    async def act(crisis: Crisis) -> int:
        return await crisis.pointers.withdraw(door.actor(by), (await _there(crisis, exercise=exercise)).pointer.id)

    cancelled = door.run(act)
    screen.say(f"The pointer is withdrawn. {screen.many(cancelled, 'post')} of it had not gone out, and never will.")


@group.command()
def publish(
    accounts: Annotated[list[str] | None, typer.Argument(metavar="ACCOUNT...", help="Numbers or names.")] = None,
    *,
    everywhere: Annotated[
        bool, typer.Option("--all", help="Through every account that can carry it and has not.")
    ] = False,
    exercise: door.ExerciseOption = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Publish the pointer through locked accounts, once each."""
    if bool(accounts) == everywhere:
        raise Invalid("Name the accounts, or say --all.")

    async def act(crisis: Crisis) -> Published:
        mode = door.mode(exercise=exercise)
        if everywhere:
            places = (await _there(crisis, exercise=exercise)).places
            wanted = [place.account_id for place in places if place.post is None and place.problem is None]
            if not wanted:
                raise Conflict("No account is left that could publish it and has not.")
        else:
            async with crisis.db.transaction() as session:
                wanted = [(await find(session, each)).id for each in accounts or ()]
        return await crisis.pointers.publish(door.actor(by), wanted, mode=mode)

    done = door.run(act)
    if as_json:
        screen.show_json({"posts": done.posts, "before": done.before})
        return
    screen.say(f"The pointer is on its way through {screen.many(len(done.posts), 'account')}.")
    if done.before:
        screen.say(f"{screen.many(len(done.before), 'account')} had published it before; nothing was done there.")


def described(found: Standing) -> dict[str, Any]:
    """A pointer as JSON."""
    pointer = found.pointer
    return {
        "id": pointer.id,
        "mode": pointer.mode.value,
        "activation_id": pointer.activation_id,
        "text": pointer.text,
        "written_by": pointer.written_by,
        "written_at": pointer.written_at,
        "approved_by": pointer.approved_by,
        "approved_at": pointer.approved_at,
        "places": [_place_described(place) for place in found.places],
    }


def line(found: dict[str, Any]) -> str:
    """How it stands, in a sentence: of what :func:`described` made."""
    if found["approved_at"] is None:
        return f"Pointer “{found['text']}” waits for somebody else than {found['written_by']} to approve it."
    out = sum(place["post"] is not None for place in found["places"])
    left = sum(place["post"] is None and place["problem"] is None for place in found["places"])
    return f"Pointer “{found['text']}”: published by {out}, not yet by {screen.many(left, 'account')}."


def _show(found: Standing) -> None:
    screen.say(line(described(found)))
    rows = [
        (place.account_id, screen.channel_name(place.channel), screen.under(place.account, place.unit), *_cells(place))
        for place in found.places
    ]
    if rows:
        screen.show(
            screen.table(("No.", "Channel", "Account", "Standing", "Since"), rows, right={"No."}, wrap={"Standing"})
        )


def _cells(place: Place) -> tuple[str, str]:
    if place.post is not None:
        return words(place.post.state), times.shown(place.post.since)
    return place.problem or "not published", ""


def _place_described(place: Place) -> dict[str, Any]:
    post = place.post
    return {
        "account_id": place.account_id,
        "channel": place.channel,
        "account": place.account,
        "unit": place.unit,
        "problem": place.problem,
        "post": post
        and {
            "id": post.id,
            "created_by": post.created_by,
            "created_at": post.created_at,
            "delivery_id": post.delivery_id,
            "state": post.state.value,
            "error": post.error,
            "url": post.url,
            "since": post.since,
        },
    }


async def _there(crisis: Crisis, *, exercise: bool) -> Standing:
    found = await crisis.pointers.standing(door.actor(None), mode=door.mode(exercise=exercise))
    if found is None:
        raise Conflict("There is no pointer. Write one: crisis pointer approve TEXT")
    return found
