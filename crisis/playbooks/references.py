"""References: whether everything that a playbook names is there: ids, roles, channels, hazards, languages, and in which order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from crisis.playbooks.document import Document, Way
from crisis.playbooks.faults import PlaybookFault, nearest
from crisis.playbooks.known import Known
from crisis.playbooks.models import Action, ChannelFault, Check, Expectation, Inject, Playbook, SystemFault, Via
from crisis.playbooks.texts import LText

_SHOWN: Final = 8
"""Of a long circle."""
SYSTEM: Final = "system"
"""The role of an expectation that nobody has to act for."""
IN_PLAYBOOK: Final = "language in `languages`"
_NEEDS: Final = {
    Via.UNIT_POST: ("channel", "unit", "post"),
    Via.CHANNEL_FAULT: ("channel", "fault", "for"),
    Via.SYSTEM_FAULT: ("fault", "for"),
}
_ALLOWS: Final = {
    Via.UNIT_POST: ("channel", "unit", "post", "due"),
    Via.CHANNEL_FAULT: ("channel", "fault", "for"),
    Via.SYSTEM_FAULT: ("fault", "for"),
    Via.SOCIAL: ("channel",),
}
"""What of an inject only some ways have. What is given where it means nothing is a mistake."""

Fault = Callable[..., PlaybookFault]


def faults(playbook: Playbook, document: Document, known: Known) -> Iterator[PlaybookFault]:
    """Everything that is named and is not there, or cannot be."""
    fault = document.fault
    yield from _named(playbook, document, known)
    for name in ("objectives", "roles", "templates", "injects", "expectations"):
        yield from _twice(name, getattr(playbook, name), fault)
    yield from _twice("evaluation.questions", playbook.evaluation.questions, fault)
    for key in {each.id for each in playbook.injects} & {each.id for each in playbook.expectations}:
        position = next(at for at, each in enumerate(playbook.expectations) if each.id == key)
        said = f"“{key}” is an inject's id as well. `after` could mean either: give one of them another id."
        yield fault(("expectations", position, "id"), said)
    yield from _roles(playbook, fault)
    for position, inject in enumerate(playbook.injects):
        yield from _inject(playbook, inject, ("injects", position), fault, known)
    for position, expectation in enumerate(playbook.expectations):
        yield from _expectation(playbook, expectation, ("expectations", position), fault)
    yield from _circles(playbook, fault)
    yield from texts(playbook, (), playbook, fault)


def missing(fault: Fault, way: Way, word: str | None, known: Sequence[str], noun: str) -> Iterator[PlaybookFault]:
    """A fault if ``word`` is given and is none of those."""
    if word is not None and word not in known:
        there = f"There are: {', '.join(known)}." if known else f"There is no {noun} at all."
        yield fault(way, f"There is no {noun} “{word}”. {there}", nearest(word, known))


def _named(playbook: Playbook, document: Document, known: Known) -> Iterator[PlaybookFault]:
    fault, name = document.fault, document.file.rpartition("/")[2].rpartition(".")[0]
    if name and playbook.id != name:
        yield fault(("id",), f"The file is called {name}, and the playbook “{playbook.id}”. Let them have one name.")
    yield from missing(fault, ("scenario", "hazard"), playbook.scenario.hazard, known.hazards, "hazard")
    for position, channel in enumerate(playbook.channels):
        yield from missing(fault, ("channels", position), channel, known.channels, "channel")
        if channel in playbook.channels[:position]:
            yield fault(("channels", position), f"“{channel}” stands here already.")
    languages = playbook.languages
    yield from missing(fault, ("languages", "primary"), languages.primary, known.languages, "language of messages")
    for key, listed in {"required": languages.required, "optional": languages.optional}.items():
        for position, language in enumerate(listed):
            yield from missing(fault, ("languages", key, position), language, known.languages, "language of messages")


def _twice(name: str, found: Sequence[Any], fault: Fault) -> Iterator[PlaybookFault]:
    seen: set[str] = set()
    for position, each in enumerate(found):
        if each.id in seen:
            yield fault(
                (*name.split("."), position, "id"), f"“{each.id}” is the id of another of the {name}. Give it its own."
            )
        seen.add(each.id)


def _roles(playbook: Playbook, fault: Fault) -> Iterator[PlaybookFault]:
    for position, role in enumerate(playbook.roles):
        way: Way = ("roles", position)
        if role.id == SYSTEM:
            yield fault((*way, "id"), f"“{SYSTEM}” means nobody. Give the role another id.")
        if role.plays == "unit" and role.unit is None:
            yield fault(way, "“unit” is missing: whoever plays a unit's editor publishes for one. Name it.")
        if role.plays != "unit" and role.unit is not None:
            yield fault((*way, "unit"), "Only who plays “unit” has a unit. Delete this, or let the role play “unit”.")
        if (role.plays == "control") != (role.side == "control"):
            said = "Who plays “control” is on the side “control”, and nobody else. Correct `plays` or `side`."
            yield fault((*way, "side"), said)


def _inject(playbook: Playbook, inject: Inject, way: Way, fault: Fault, known: Known) -> Iterator[PlaybookFault]:
    expectations = [each.id for each in playbook.expectations]
    given = {
        "channel": inject.channel,
        "unit": inject.unit,
        "post": inject.post,
        "fault": inject.fault,
        "for": inject.for_,
    }
    given["due"] = inject.due or None
    for key in _NEEDS.get(inject.via, ()):
        if given[key] is None:
            yield fault(way, f"“{key}” is missing: an inject via {inject.via} needs it.")
    for key, value in given.items():
        if value is not None and key not in _ALLOWS.get(inject.via, ()):
            yield fault(
                (*way, key), f"“{key}” means nothing in an inject via {inject.via}. Delete it, or correct `via`."
            )
    faulty = {Via.CHANNEL_FAULT: ChannelFault, Via.SYSTEM_FAULT: SystemFault}.get(inject.via)
    if faulty is not None and inject.fault is not None:
        yield from missing(fault, (*way, "fault"), inject.fault.value, [each.value for each in faulty], f"{inject.via}")
    channels = playbook.channels if inject.via is not Via.UNIT_POST else known.channels
    yield from missing(fault, (*way, "channel"), inject.channel, channels, "channel here")
    yield from missing(fault, (*way, "to"), inject.to, [each.id for each in playbook.roles], "role")
    for position, key in enumerate(inject.objectives):
        goals = [each.id for each in playbook.objectives]
        yield from missing(fault, (*way, "objectives", position), key, goals, "objective")
    for position, key in enumerate(inject.expects):
        yield from missing(fault, (*way, "expects", position), key, expectations, "expectation")
    others = [each.id for each in playbook.injects] + expectations
    yield from missing(fault, (*way, "after"), inject.after, others, "inject or expectation")
    yield from missing(fault, (*way, "unless"), inject.unless, expectations, "expectation")
    if inject.at > playbook.exercise.duration:
        yield fault(
            (*way, "at"), "It would come after the end of the exercise. Move it, or let the exercise last longer."
        )


def _expectation(playbook: Playbook, expectation: Expectation, way: Way, fault: Fault) -> Iterator[PlaybookFault]:
    roles = [each.id for each in playbook.roles]
    yield from missing(fault, (*way, "role"), expectation.role, [*roles, SYSTEM], "role")
    if expectation.check is Check.AUTO:
        actions = [each.value for each in Action]
        yield from missing(fault, (*way, "action"), expectation.action, actions, "action that is checked by itself")
    others = [each.id for each in playbook.expectations]
    yield from missing(fault, (*way, "after"), expectation.after, others, "expectation")
    if expectation.after is None and not any(expectation.id in each.expects for each in playbook.injects):
        said = (
            "No inject expects this and it follows nothing, so it is never asked for. Name it in an inject's `expects`."
        )
        yield fault(way, said)
    if (match := expectation.match) is not None:
        if expectation.action != Action.PUBLISH:
            yield fault((*way, "match"), "Only “publish” has something to match. Delete this, or correct `action`.")
        for position, channel in enumerate(match.channels):
            there = playbook.channels
            yield from missing(fault, (*way, "match", "channels", position), channel, there, "channel in the playbook")
        for position, language in enumerate(match.languages):
            spoken = playbook.languages.all
            yield from missing(fault, (*way, "match", "languages", position), language, spoken, IN_PLAYBOOK)
    if (play := expectation.play) is not None:
        yield from missing(
            fault, (*way, "play", "template"), play.template, [each.id for each in playbook.templates], "template"
        )
        for name in play.blanks:
            yield from missing(fault, (*way, "play", "blanks", name), name, list(playbook.blanks), "blank")


def _circles(playbook: Playbook, fault: Fault) -> Iterator[PlaybookFault]:
    """What waits for itself never comes. An expectation waits for the one it follows, or for the injects that name it."""
    waits: dict[str, list[str]] = {each.id: [each.after] if each.after else [] for each in playbook.injects}
    for asked in playbook.expectations:
        askers = [each.id for each in playbook.injects if asked.id in each.expects]
        waits[asked.id] = [asked.after] if asked.after else askers[:1] if len(askers) == 1 else []
    ways: dict[str, Way] = {each.id: ("injects", at, "after") for at, each in enumerate(playbook.injects)}
    ways |= {each.id: ("expectations", at, "after") for at, each in enumerate(playbook.expectations) if each.after}
    for circle in _circles_in(waits):
        begin = next((key for key in circle if key in ways), circle[0])
        turn = circle.index(begin)
        order = [*circle[turn:], *circle[:turn]]
        said = " → ".join([*order[:_SHOWN], *(["…"] if len(order) > _SHOWN else []), begin])
        yield fault(
            ways.get(begin, ()), f"These wait for each other, so none of them ever comes: {said}. Break the circle."
        )


def _circles_in(waits: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Each circle once. Everything waits for one thing at most, so that following it either ends or comes round."""
    done: set[str] = set()
    for start in waits:
        path: list[str] = []
        at: str | None = start
        while at is not None and at in waits and at not in done:
            done.add(at)
            path.append(at)
            at = next(iter(waits[at]), None)
        if at in path:
            yield path[path.index(at) :]


def texts(value: Any, way: Way, playbook: Playbook, fault: Fault) -> Iterator[PlaybookFault]:
    """Every text has the primary language, and none that the playbook does not say it has."""
    if isinstance(value, LText):
        spoken = playbook.languages.all
        if not value.has(playbook.languages.primary):
            yield fault(
                way, f"The text is not there in “{playbook.languages.primary}”, the primary language. Write it."
            )
        for language in sorted(value.languages):
            yield from missing(fault, (*way, language), language, spoken, IN_PLAYBOOK)
    elif isinstance(value, BaseModel):
        for name, about in type(value).model_fields.items():
            yield from texts(getattr(value, name), (*way, about.alias or name), playbook, fault)
    elif isinstance(value, tuple):
        for position, each in enumerate(value):
            yield from texts(each, (*way, position), playbook, fault)
