"""How a drill looks in a terminal, and as JSON."""

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from crisis.cli import screen
from crisis.clock import OSLO
from crisis.drills.picture import ExpectationPicture, InjectPicture, Picture
from crisis.drills.states import ExpectationState, InjectState

_STYLES: Final = {
    ExpectationState.MET: "green",
    ExpectationState.MISSED: "bold red",
    ExpectationState.LATE: "yellow",
    ExpectationState.RUNNING: "bold",
    InjectState.FIRED: "green",
}


def drawn(picture: Picture) -> RenderableType:
    """The clock, the injects in their order, and what is expected with how much time is left."""
    primary = picture.playbook.languages.primary
    head = Text.assemble(
        (f"\n{picture.playbook.title.get(primary)}", "bold"),
        f"   drill {picture.drill.id}, {picture.drill.state.value}",
        f"   {span(picture.elapsed)} of {span(picture.duration.total_seconds())}",
        "" if picture.clock.is_still else f"   {picture.clock.speed:g} x",
    )
    return Group(head, _injects(picture, primary), _expectations(picture, primary))


def row(picture: Picture) -> tuple[str, ...]:
    """One line of a list of drills."""
    counts, drill = picture.counts, picture.drill
    missed = counts[ExpectationState.MISSED] + counts[ExpectationState.LATE] + counts[ExpectationState.VOID]
    began = drill.started_at.astimezone(OSLO).strftime("%d.%m.%Y %H:%M")
    return (str(drill.id), drill.playbook_id, drill.state.value, began, str(counts[ExpectationState.MET]), str(missed))


def as_json(picture: Picture) -> dict[str, Any]:
    """The same as a document. Times with ``elapsed`` in their name are seconds of drill time."""
    drill = picture.drill
    return {
        "drill": drill.id,
        "playbook": drill.playbook_id,
        "version": drill.playbook_version,
        "state": drill.state.value,
        "started_at": drill.started_at,
        "ended_at": drill.ended_at,
        "elapsed": round(picture.elapsed, 3),
        "speed": 0 if picture.clock.is_still else picture.clock.speed,
        "activation": drill.activation_id,
        "injects": [_inject(each) for each in picture.injects],
        "expectations": [_expectation(each) for each in picture.expectations],
    }


def span(seconds: float) -> str:
    """``1:02:03`` of drill time."""
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}"


def _injects(picture: Picture, primary: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for column in ("time", "id", "via", "state", "text"):
        table.add_column(column, no_wrap=column != "text", overflow="ellipsis")
    for each in picture.injects:
        at = each.row.decided_elapsed if each.row.decided_elapsed is not None else each.row.due_elapsed
        style = _STYLES.get(each.state, "dim")
        told = screen.text(each.inject.text.get(primary), "" if each.state is InjectState.FIRED else "dim")
        told.truncate(70, overflow="ellipsis")
        table.add_row(
            "" if at is None else span(at), each.key, each.inject.via.value, Text(each.state.value, style), told
        )
    return table


def _expectations(picture: Picture, primary: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for each in picture.expectations:
        role = picture.playbook.role_of(each.expectation.role)
        who = role.title.get(primary) if role else each.expectation.role
        table.add_row(
            each.key, who, each.expectation.action, Text(each.state.value, _STYLES.get(each.state, "dim")), _time(each)
        )
    return table


def _time(each: ExpectationPicture) -> str:
    if each.left is not None:
        return f"{span(each.left)} left" if each.left >= 0 else f"{span(-each.left)} too late"
    if each.row.done_elapsed is not None and each.row.begun_elapsed is not None:
        return f"after {span(max(0.0, each.row.done_elapsed - each.row.begun_elapsed))}"
    return ""


def _inject(each: InjectPicture) -> dict[str, Any]:
    return {
        "id": each.key,
        "via": each.inject.via.value,
        "state": each.state.value,
        "due_elapsed": each.row.due_elapsed,
        "decided_elapsed": each.row.decided_elapsed,
        "decided_by": each.row.decided_by,
        "reason": each.row.reason,
    }


def _expectation(each: ExpectationPicture) -> dict[str, Any]:
    return {
        "id": each.key,
        "action": each.expectation.action,
        "state": each.state.value,
        "begun_elapsed": each.row.begun_elapsed,
        "due_elapsed": each.row.due_elapsed,
        "done_elapsed": each.row.done_elapsed,
        "evidence": each.row.evidence,
        "judged_by": each.row.judged_by,
        "note": each.row.note,
    }
