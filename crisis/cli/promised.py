"""What is promised, for ``crisis status``: the next update, how long there is to it, and what came late."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from crisis.cli import screen, times
from crisis.deliveries import promises
from crisis.deliveries.promises import Late, Promise, PromiseState

_STYLES = {PromiseState.AHEAD.value: "", PromiseState.SOON.value: "yellow", PromiseState.OVERDUE.value: "bold red"}


def promises_described(standing: Sequence[Promise]) -> list[dict[str, Any]]:
    """Those in force as JSON, the most urgent first."""
    return [asdict(each) | {"words": promises.words(each)} for each in standing]


def late_described(late: Sequence[Late]) -> list[dict[str, Any]]:
    """The revisions that came late, as JSON."""
    return [asdict(each) for each in late]


def promise_lines(described: Sequence[dict[str, Any]]) -> list[Text]:
    """A sentence for each promise; for one that is overdue, what to do about it."""
    return [line for each in described for line in _lines(each)]


def late_words(described: Sequence[dict[str, Any]], message: int, number: int) -> str:
    """What to say beside a revision that came late; nothing of one that came in time."""
    found = [each for each in described if (each["message_id"], each["revision"]) == (message, number)]
    return "".join(
        f", {promises.span(each['seconds'])} later than promised ({times.shown(each['promised_at'])})" for each in found
    )


def _lines(promise: dict[str, Any]) -> list[Text]:
    at, message = times.shown(promise["next_update_at"]), promise["message_id"]
    style = _STYLES[promise["state"]]
    if promise["state"] != PromiseState.OVERDUE.value:
        return [screen.text(f"Message {message} promises an update at {at}: {promise['words']}", style)]
    return [
        screen.text(f"Message {message} promised an update at {at}: {promise['words']}", style),
        screen.text(
            f"Send one, if only to say that nothing is new: crisis message write --kind update --message {message}",
            "dim",
        ),
    ]
