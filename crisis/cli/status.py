"""``crisis status``: how it stands, in words that do not mislead and counts that add up."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.console import Group

from crisis import status as statuses
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from crisis.cli import activations, door, pointers, posts, screen, standing, times, watching
from crisis.cli.activations import blocked_posts
from crisis.cli.promised import late_described, late_words, promise_lines, promises_described
from crisis.deliveries import ledger
from crisis.deliveries.items import Item
from crisis.deliveries.states import DeliveryState

_BLOCKED_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(status)


def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Go on showing it, until Ctrl-C.")] = False,
    activation: Annotated[int | None, typer.Option(help="One that is over, by its number.")] = None,
    exercise: door.ExerciseOption = False,
    as_json: door.JsonOption = False,
) -> None:
    """The activation, every delivery by channel and language, and what waits for a person."""

    async def act(crisis: Crisis) -> None:
        await watching.show(lambda: read(crisis, activation, exercise=exercise), drawn, watch=watch, as_json=as_json)

    try:
        door.run(act)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def read(crisis: Crisis, activation_id: int | None, *, exercise: bool) -> dict[str, Any]:
    """Everything ``status`` shows, as JSON, read in one transaction but for the posts."""
    async with crisis.db.transaction() as session:
        found = await statuses.read(
            session,
            door.mode(exercise=exercise),
            warning_seconds=crisis.settings.promise_warning_seconds,
            activation_id=activation_id,
        )
    blocked = [post async for post in blocked_posts(crisis, door.actor(None), found.mode)]
    pointer = await crisis.pointers.standing(door.actor(None), mode=found.mode) if found.is_locked else None
    return {
        "mode": found.mode.value,
        "gate": "locked" if found.is_locked else "open",
        "activation": activations.described(found.activation) if found.activation else None,
        "lines": [line_described(line) for line in found.lines],
        "total": found.total,
        "states": _states(found.counts),
        "undecided": [_item_described(item) for item in found.undecided],
        "troubles": [standing.trouble_described(trouble) for trouble in found.troubles],
        "languages": list(crisis.settings.languages),
        "promises": promises_described(found.promises),
        "late": late_described(found.late),
        "open_permits": [activations.permit_described(permit) for permit in found.permits],
        "unresolved": [activations.unresolved_described(post) for post in found.unresolved],
        "pointer": pointer and pointers.described(pointer),
        "blocked_posts": [posts.described(post) for post in blocked],
    }


def line_described(line: ledger.Line) -> dict[str, Any]:
    """One account and language of a revision as JSON."""
    return {
        "message_id": line.message_id,
        "revision": line.revision,
        "account_id": line.account_id,
        "channel": line.channel,
        "account": line.account,
        "language": line.language,
        "total": line.total,
        "states": _states(statuses.summed([line.counts])),
        "repeated": line.repeated,
        "error": line.error,
        "url": line.url,
        "sight": line.sight,
        "sights": {sight.value: count for sight, count in line.sights.items()},
        "seen_at": line.seen_at,
        "looked_at": line.looked_at,
        "unseen_why": line.unseen_why,
        "unknown_words": dict(line.unknown_words),
        "withdrawal": line.withdrawal,
        "withdrawals": {state.value: count for state, count in line.withdrawals.items()},
        "withdrawn_at": line.withdrawn_at,
        "withdrawal_why": line.withdrawal_why,
        "changed_at": line.changed_at,
    }


def _item_described(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "channel": item.channel,
        "account": item.account,
        "language": item.language,
        "last_two": item.last_two,
        "repeated": item.repeated,
        "error": item.error,
    }


def drawn(found: dict[str, Any]) -> Group:
    """The whole of it for the screen."""
    parts: list[Any] = [*_heading(found), *promise_lines(found["promises"]), *_troubles(found)]
    if found["lines"]:
        parts += _messages(found)
    elif found["activation"]:
        parts.append(screen.text("No message has been approved yet."))
    parts += _undecided(found)
    if found["activation"] and found["open_permits"]:
        count = screen.many(len(found["open_permits"]), "unit post")
        parts += [
            screen.text(f"\n{count} in flight since before the lock:", "yellow"),
            activations.permits_table(found["open_permits"]),
        ]
    if found["unresolved"]:
        count = screen.many(len(found["unresolved"]), "unit post")
        parts += [
            screen.text(f"\n{count} may be out:", "yellow"),
            activations.unresolved_table(found["unresolved"]),
        ]
    if found["pointer"]:
        parts.append(screen.text(f"\n{pointers.line(found['pointer'])}"))
    return Group(*parts, *_blocked(found["blocked_posts"]))


def _heading(found: dict[str, Any]) -> list[Any]:
    activation = found["activation"]
    if activation is None:
        which = "exercise" if found["mode"] == "exercise" else "activation"
        return [screen.text(f"No {which} is in force. Units publish as usual.")]
    exercise = "ØVELSE ØVELSE ØVELSE  " if found["mode"] == "exercise" else ""
    begun = f"activated {times.shown(activation['activated_at'])} by {activation['activated_by']}"
    match activation["state"]:
        case ActivationState.LOCKING.value:
            now = screen.text("Locking: no unit's post starts; some may still be in flight", "yellow")
        case ActivationState.CONFIRMED.value:
            now = screen.text(f"Locked, confirmed {times.shown(activation['confirmed_at'])}", "green")
        case _:
            ended = f"{times.shown(activation['stood_down_at'])} by {activation['stood_down_by']}"
            now = screen.text(f"Stood down {ended}", "dim")
    title = screen.text(f"{exercise}{activation['title']}", "bold")
    return [title, now.append(f"; {begun} (activation {activation['id']})", "dim")]


def _troubles(found: dict[str, Any]) -> list[Any]:
    """What is wrong at the providers, in the language of the house."""
    spoken = next((each for each in found["languages"] if each in {"nb", "nn", "en"}), "nb")
    return [screen.text(trouble["sentences"][spoken], "yellow") for trouble in found["troubles"]]


def _messages(found: dict[str, Any]) -> list[Any]:
    """A table for each revision, where its posts can be seen, and the sum of several."""
    parts: list[Any] = []
    revisions = 0
    for (message, number), lines in groupby(found["lines"], key=lambda line: (line["message_id"], line["revision"])):
        counted = list(lines)
        states = _summed(line["states"] for line in counted)
        revisions += 1
        came = late_words(found["late"], message, number)
        title = screen.text(f"\nMessage {message}, revision {number}", "bold").append(came, "yellow")
        parts += [title, _lines_table(counted, states)]
        parts += [_link(line) for line in counted if line["url"]]
    if revisions > 1:
        parts.append(screen.text(f"\nOf all: {found['total']:,} deliveries, {_in_words(found['states'])}"))
    return parts


def _lines_table(lines: list[dict[str, Any]], states: dict[str, int]) -> Any:
    rows: list[tuple[object, ...]] = [
        (
            screen.channel_name(line["channel"]),
            line["account"],
            line["language"],
            f"{line['total']:,}",
            _in_words(line["states"])
            + (f"; {line['sight']}" if line["sight"] else "")
            + (f": {line['unseen_why']}" if line["unseen_why"] else "")
            + "".join(f"; {said}" for said in (line["withdrawal"], line["withdrawal_why"]) if said)
            + (f"; {line['repeated']:,} sent once more, may have come twice" if line["repeated"] else "")
            + _unknown_words(line["unknown_words"])
            + (f" ({line['error']})" if line["error"] else ""),
        )
        for line in lines
    ]
    rows.append((screen.text("In all", "bold"), "", "", f"{sum(states.values()):,}", _in_words(states)))
    return screen.table(
        ("Channel", "Account", "Language", "Total", "Standing"), rows, right={"Total"}, wrap={"Standing"}
    )


def _link(line: dict[str, Any]) -> Any:
    """Whole, on a line of its own: half a link leads nowhere."""
    where = screen.text(f"  {screen.channel_name(line['channel'])}, {line['account']} ({line['language']}): ", "dim")
    where.append_text(screen.text(line["url"]))
    where.no_wrap, where.overflow = True, "ignore"
    return where


def _unknown_words(counts: dict[str, int]) -> str:
    if not counts:
        return ""
    told = ", ".join(f"“{screen.shortened(word, 40)}” of {count:,}" for word, count in counts.items())
    return f"; the provider also says {told}, words that are not known here"


def _undecided(found: dict[str, Any]) -> list[Any]:
    """What nobody can tell about, by number, and what can be done about each."""
    count = found["states"].get(DeliveryState.UNKNOWN_FINAL.value, 0)
    if not count:
        return []
    rows = [
        (
            each["id"],
            screen.channel_name(each["channel"]),
            each["account"],
            f"…{each['last_two']}" if each["last_two"] else each["language"],
            each["error"] or "",
        )
        for each in found["undecided"]
    ]
    more = f" (the first {len(rows)})" if count > len(rows) else ""
    return [
        screen.text(
            f"\n{screen.many(count, 'delivery', 'deliveries')} may be out, and a person must decide{more}:", "yellow"
        ),
        screen.table(("No.", "Channel", "Account", "To", "Why"), rows, right={"No."}, wrap={"Why"}),
        screen.text(
            "Look: crisis delivery check NO. It is not out: crisis delivery send-again NO. "
            "It is, or you posted it by hand: crisis delivery mark-sent NO --url LINK. Let it be: crisis delivery drop NO.",
            "dim",
        ),
    ]


def _blocked(found: list[dict[str, Any]]) -> list[Any]:
    if not found:
        return []
    rows = [
        (
            p["id"],
            screen.channel_name(p["channel"]),
            screen.under(p["account"], screen.shortened(p["text"], 40)),
            p["unit"],
        )
        for p in found[:_BLOCKED_SHOWN]
    ]
    more = f" (the first {_BLOCKED_SHOWN}; all: crisis posts --blocked)" if len(found) > _BLOCKED_SHOWN else ""
    return [
        screen.text(f"\n{screen.many(len(found), 'unit post')} blocked by the lock, kept for their owners{more}:"),
        screen.table(("No.", "Channel", "Account", "Unit"), rows, right={"No."}),
    ]


def _in_words(states: dict[str, int]) -> str:
    return screen.counted({ledger.words(DeliveryState(state)): count for state, count in states.items()})


def _states(counts: Mapping[DeliveryState, int]) -> dict[str, int]:
    return {state.value: count for state, count in counts.items()}


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    return _states(statuses.summed({DeliveryState(state): count for state, count in each.items()} for each in counts))
