"""``crisis activate`` and ``crisis stand-down``: the lock over every account, on and off."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live

from crisis.accounts.service import list_accounts
from crisis.activations import drain, service
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from crisis.cli import accounts, door, screen, standing, times
from crisis.deliveries.states import DeliveryState
from crisis.errors import Conflict
from crisis.levers import handover
from crisis.levers.handover import Access
from crisis.mode import Mode
from crisis.playbooks.plan import carry
from crisis.posts.standing import Standing
from crisis.roles import Actor

_LOOK = 0.2  # seconds between looks at what is in flight


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(activate)
    app.command("stand-down")(stand_down)


def activate(
    title: Annotated[str, typer.Argument(help="What it is about, such as: Kvikkleireskred ved Moen")],
    *,
    playbook: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="An approved playbook, for its texts, targets and checklists: crisis playbook list."
        ),
    ] = None,
    exercise: door.ExerciseOption = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Lock every unit's publishing, at once and provably. Crisis messages may go while it is still locking."""

    async def act(crisis: Crisis) -> dict[str, Any]:
        mode = door.mode(exercise=exercise)
        carried = carry(crisis.shelf, playbook, mode) if playbook else None
        answer = await service.activate(crisis.db, door.actor(by), mode, title, carried)
        if not as_json:
            _say_lock(answer)
        await _drain(crisis, answer.activation, quiet=as_json)
        return await _described(crisis, answer)

    found = door.run(act)
    if as_json:
        screen.show_json(found)
    else:
        accounts.show(found["accounts"])
        screen.say("This is what the gate does. What the lock is worth on each account: crisis lock board", style="dim")
        _say_end(found)
    if found["activation"]["state"] != ActivationState.CONFIRMED.value:
        raise typer.Exit(1)


def stand_down(
    *,
    unit_by_unit: Annotated[
        bool,
        typer.Option("--unit-by-unit", help="Give access at the platforms back to nobody before: crisis lock restore."),
    ] = False,
    exercise: door.ExerciseOption = False,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """End the activation. Blocked posts stay blocked until their owners decide about each."""
    access = Access.UNIT_BY_UNIT if unit_by_unit else Access.ALL

    async def act(crisis: Crisis) -> tuple[Activation, int]:
        mode, who = door.mode(exercise=exercise), door.actor(by)
        async with crisis.db.transaction() as session:
            current = await service.find_current(session, mode)
        if current is None:
            raise Conflict(f"No {mode} activation is in force. Nothing was changed.")
        done = await handover.stand_down(crisis.db, who, current.id, access)
        blocked = [post async for post in blocked_posts(crisis, who, mode)]
        return done, len(blocked)

    done, blocked = door.run(act)
    if as_json:
        screen.show_json({"activation": described(done), "blocked_posts": blocked})
        return
    screen.say(f"“{done.title}” is stood down. Units may publish again.")
    if unit_by_unit:
        screen.say(
            "What was taken at the platforms stays taken. Give it back, unit by unit or to all: crisis lock restore."
        )
    if blocked:
        screen.say(
            f"{screen.many(blocked, 'post')} of theirs stayed blocked. Nothing goes out by itself: each owner decides with "
            "crisis posts publish, or crisis posts drop."
        )


async def blocked_posts(crisis: Crisis, who: Actor, mode: Mode) -> AsyncIterator[Standing]:
    """Every post of a mode that is blocked."""
    after = 0
    while page := await crisis.posts.list(who, mode=mode, after=after):
        for post in page:
            if "blocked" in post.counts:
                yield post
        after = page[-1].id


def described(activation: Activation) -> dict[str, Any]:
    """An activation as JSON."""
    return {
        "id": activation.id,
        "mode": activation.mode.value,
        "title": activation.title,
        "state": activation.state.value,
        "epoch": activation.epoch,
        "activated_by": activation.activated_by,
        "activated_at": activation.activated_at,
        "confirmed_at": activation.confirmed_at,
        "stood_down_by": activation.stood_down_by,
        "stood_down_at": activation.stood_down_at,
        "playbook_id": activation.playbook_id,
    }


def permit_described(permit: drain.OpenPermit) -> dict[str, Any]:
    """An open permit as JSON."""
    return {
        "delivery": permit.delivery_id,
        "channel": permit.channel,
        "account": permit.account,
        "text": permit.text,
        "opened_at": permit.opened_at,
        "host": permit.holder.host_name,
        "pid": permit.holder.pid,
    }


def unresolved_described(post: drain.Unresolved) -> dict[str, Any]:
    """An unresolved post as JSON."""
    return {
        "delivery": post.delivery_id,
        "state": post.state,
        "channel": post.channel,
        "account": post.account,
        "text": post.text,
        "started_at": post.started_at,
    }


def permits_table(permits: list[dict[str, Any]]) -> Any:
    """Posts in flight, and who holds them."""
    rows = [(*_post_cells(p), times.shown(p["opened_at"]), f"{p['host']}, {p['pid']}") for p in permits]
    return screen.table(("Channel", "Account", "Since", "Host, process"), rows)


def unresolved_table(posts: list[dict[str, Any]]) -> Any:
    """Posts that may be out."""
    rows = [
        (
            *_post_cells(p),
            times.shown(p["started_at"]),
            "being checked" if p["state"] == DeliveryState.UNKNOWN.value else "needs a person",
        )
        for p in posts
    ]
    return screen.table(("Channel", "Account", "Begun", ""), rows)


def _post_cells(post: dict[str, Any]) -> tuple[object, object]:
    under = screen.under(post["account"], screen.shortened(post["text"], 40))
    return screen.channel_name(post["channel"]), under


async def _described(crisis: Crisis, answer: service.Activated) -> dict[str, Any]:
    async with crisis.db.transaction() as session:
        activation = await service.get(session, answer.activation.id)
        permits = await drain.open_permits(session, activation.mode)
        posts = await drain.unresolved(session, activation.mode)
        rows = await list_accounts(session)
        standings = await standing.read(session, activation.mode)
    return {
        "created": answer.created,
        "activation": described(activation),
        "accounts": [accounts.described(row, crisis, standings, locked=True) for row in rows],
        "open_permits": [permit_described(permit) for permit in permits],
        "unresolved": [unresolved_described(post) for post in posts],
    }


async def _drain(crisis: Crisis, activation: Activation, *, quiet: bool) -> None:
    """Wait for what is in flight, showing it; go on without an answer when the patience is over."""
    waiting = asyncio.create_task(drain.drain(crisis.db, activation.id, crisis.settings.drain_seconds))
    try:
        if quiet or not screen.console.is_terminal:
            await waiting
            return
        with Live(console=screen.console, transient=True, auto_refresh=False) as live:
            while not waiting.done():
                async with crisis.db.transaction() as session:
                    permits = await drain.open_permits(session, activation.mode)
                said = screen.text(f"Locking: waiting for {screen.many(len(permits), 'post')} in flight.", "yellow")
                shown = Group(said, permits_table([permit_described(p) for p in permits])) if permits else said
                live.update(shown, refresh=True)
                await asyncio.wait([waiting], timeout=_LOOK)
        await waiting
    finally:
        waiting.cancel()


def _say_lock(answer: service.Activated) -> None:
    a = answer.activation
    if answer.created:
        screen.say(f"Locked at {times.shown(a.activated_at)}: no unit's post starts from now on.", style="bold")
        return
    screen.say(
        f"{a.activated_by} has activated “{a.title}” already, at {times.shown(a.activated_at)}. Nothing was changed.",
        style="bold",
    )


def _say_end(found: dict[str, Any]) -> None:
    screen.say("")
    activation, permits, posts = found["activation"], found["open_permits"], found["unresolved"]
    if activation["state"] == ActivationState.LOCKING.value:
        screen.say(
            f"Still locking: {screen.many(len(permits), 'post')} in flight, held by processes that cannot be proved dead. "
            "Crisis messages may go all the same, and the workers go on with this.",
            style="yellow",
        )
        screen.show(permits_table(permits))
        screen.say("On a host named here, end that process (kill -9) and start its worker again. See: crisis status")
    elif posts:
        screen.say(
            f"Confirmed at {times.shown(activation['confirmed_at'])}; {screen.many(len(posts), 'post')} may be out:",
            style="yellow",
        )
        screen.show(unresolved_table(posts))
    else:
        screen.say(
            f"Confirmed at {times.shown(activation['confirmed_at'])}: nothing of the units' is in flight.",
            style="green",
        )
