"""Script: what happens in the exercise, and what is expected of whom."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from crisis.playbooks.texts import LText
from crisis.playbooks.values import FEW, SOME, Channel, Duration, Id, Kinds, Language, Line, Part
from crisis.playbooks.vocabulary import ChannelFault, Check, Element, SystemFault, Via


class Inject(Part):
    """Something that happens, once, at its time."""

    id: Id
    at: Duration
    """From the start; or, where it has `after`, from when that happened."""
    after: Id | None = None
    """An inject or an expectation that it follows."""
    unless: Id | None = None
    """An expectation: it happens only if that was not met by then (a contingency inject)."""
    via: Via
    from_: Annotated[LText | Line, Field(alias="from")]
    to: Id
    objectives: Annotated[tuple[Id, ...], Field(max_length=SOME)] = ()
    text: LText
    expects: Annotated[tuple[Id, ...], Field(max_length=SOME)] = ()
    contingency: LText | None = None
    """What counterplay does when nothing comes of it."""
    channel: Channel | None = None
    """Of a `unit_post`, a `channel_fault` or a `social` inject."""
    unit: Line | None = None
    """Whose post a `unit_post` is."""
    post: LText | None = None
    """The text that a `unit_post` publishes."""
    due: Duration = timedelta(0)
    """How long after the inject the `unit_post` is planned to go out."""
    fault: ChannelFault | SystemFault | None = None
    for_: Annotated[Duration | None, Field(alias="for")] = None
    """How long the fault lasts."""


class Match(Part):
    """Which message counts."""

    kind: Kinds | None = None
    channels: Annotated[tuple[Channel, ...], Field(max_length=FEW)] = ()
    languages: Annotated[tuple[Language, ...], Field(max_length=FEW)] = ()
    elements: Annotated[tuple[Element, ...], Field(max_length=FEW)] = ()


class Play(Part):
    """What is said when a machine plays: one of the templates, with its blanks filled in."""

    template: Id
    blanks: Annotated[Mapping[str, str], Field(max_length=SOME)] = {}


class Expectation(Part):
    """Something that should be done, within its time."""

    id: Id
    role: Id
    """Who does it; `system` where nobody does."""
    action: Id
    after: Id | None = None
    """The expectation that must be met first; its time runs from then. Else from the inject that names it."""
    within: Annotated[Duration, Field(gt=timedelta(0))]
    check: Check
    match: Match | None = None
    note: LText | None = None
    """What the exercise leader looks for."""
    play: Play | None = None
