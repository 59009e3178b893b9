"""The playbook, ``playbook/1``: what is rehearsed, by whom, and what a drill is measured by.

Every value is text in the file; what it stands for is said here and nowhere else. In a real crisis its templates, targets,
area, roles and checklists are used, and nothing else of it. The vocabulary is that of exercise planning (DSB's guides:
*dreiebok*, *innspill*, *motspill*; HSEEP: inject, objective), the channels and roles are this service's own.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from crisis.messages.library import Blank
from crisis.messages.models import Kind
from crisis.playbooks.script import Expectation, Inject, Match, Play
from crisis.playbooks.texts import LText
from crisis.playbooks.values import (
    FEW,
    MANY,
    SOME,
    Channel,
    Day,
    Duration,
    Fields,
    Id,
    Kinds,
    Language,
    Line,
    Number,
    Part,
    Whole,
    Yes,
)
from crisis.playbooks.vocabulary import Action, ChannelFault, Check, Element, Form, Side, Status, SystemFault, Via
from crisis.roles import Role

__all__ = [
    "SCHEMA", "Action", "Area", "Basis", "Cap", "ChannelFault", "Check", "Element", "Evaluation", "Exercise", "Expectation", "Form", "Id",
    "Inject", "Languages", "Match", "MessageTemplate", "Objective", "Pace", "Part", "Play", "Playbook", "PlaybookRole", "Question",
    "Scenario", "Side", "Status", "SystemFault", "Targets", "Via",
]  # fmt: skip
SCHEMA: Final = "playbook/1"


class Basis(Part):
    """What the playbook rests on, in the municipality's own plans."""

    ros_event: Line | None = None
    plan_ref: Line | None = None


class Cap(Part):
    """The event in the words of CAP 1.2 (OASIS), for whoever compares exercises."""

    category: tuple[
        Literal[
            "Geo",
            "Met",
            "Safety",
            "Security",
            "Rescue",
            "Fire",
            "Health",
            "Env",
            "Transport",
            "Infra",
            "CBRNE",
            "Other",
        ],
        ...,
    ]
    event: LText
    response: tuple[
        Literal["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"],
        ...,
    ]
    urgency: Literal["Immediate", "Expected", "Future", "Past", "Unknown"] = "Unknown"
    severity: Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"] = "Unknown"
    certainty: Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"] = "Unknown"


class Area(Part):
    """Where it happens."""

    description: LText
    municipality: Annotated[str, StringConstraints(pattern=r"^\d{4}$")]
    """Four digits, in quotes."""


class Scenario(Part):
    """What has happened."""

    hazard: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$"), Field(json_schema_extra={"x-of": "hazard"})]
    """By the name that the message templates have it."""
    cap: Cap | None = None
    area: Area
    background: LText
    """What the players know before it begins."""


class Pace(Part):
    """How drill time goes."""

    speed: Annotated[Number, Field(gt=0, le=3600)] = 1.0
    """Seconds of drill time in a second."""
    pause_allowed: Yes = True


class Exercise(Part):
    """The frame of the exercise. It never leaves the sandbox; there is no key that could change that."""

    form: Form
    duration: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(days=7))]
    clock: Pace = Pace()
    stop_word: LText | None = None
    """What anybody says to break the exercise off."""


class Objective(Part):
    """What the exercise is to show."""

    id: Id
    text: LText


class Targets(Part):
    """How fast the work should go; what is left out is as in ordinary crises."""

    activate: Duration | None = None
    accounts_locked: Duration | None = None
    first_message: Duration | None = None
    last_channel: Duration | None = None
    switchboard: Duration | None = None
    employees: Duration | None = None
    next_update: Duration | None = None
    all_clear: Duration | None = None


class PlaybookRole(Part):
    """Somebody's part, in the exercise and in a real crisis."""

    id: Id
    title: LText
    plays: Literal["director", "editor", "switchboard", "spokesperson", "logkeeper", "unit", "preparedness", "control"]
    """What they may do at the desk in the exercise."""
    unit: Line | None = None
    """Which unit they publish for, where they play `unit`."""
    min: Annotated[Whole, Field(ge=0, le=100)] = 1
    """How many are needed."""
    side: Side = Side.PLAYERS
    checklist: Annotated[tuple[LText, ...], Field(max_length=SOME)] = ()

    @property
    def role(self) -> Role | None:
        """The desk's role that they play; nobody's for counterplay."""
        return None if self.plays == "control" else Role(self.plays)


class Languages(Part):
    """What the messages are written in."""

    primary: Language
    """What every text of the playbook has, and what stands where another language is missing."""
    required: Annotated[tuple[Language, ...], Field(max_length=FEW)] = ()
    """What every message template has as well."""
    optional: Annotated[tuple[Language, ...], Field(max_length=FEW)] = ()
    """What a message template may have."""

    @property
    def needed(self) -> tuple[str, ...]:
        """What every message template is to have, the primary language first."""
        return tuple(dict.fromkeys((self.primary, *self.required)))

    @property
    def all(self) -> tuple[str, ...]:
        """Every one of them, the primary language first."""
        return tuple(dict.fromkeys((*self.needed, *self.optional)))


class MessageTemplate(Part):
    """A message written beforehand, with names in braces for what only the day knows."""

    id: Id
    kind: Kinds
    title: LText | None = None
    elements: Annotated[tuple[Element, ...], Field(max_length=FEW)] = ()
    contents: Annotated[Mapping[Language, Fields], Field(max_length=FEW, json_schema_extra={"x-by-language": True})]
    """By language: the fields of a message, with the blanks' names in braces."""


class Question(Part):
    """What the players are asked afterwards; on a scale from 1, or in words."""

    id: Id
    text: LText
    scale: Annotated[Whole, Field(ge=2, le=10)] | None = None


class Evaluation(Part):
    """What comes after."""

    hotwash: Duration = timedelta(minutes=20)
    """How long the talk right after it takes."""
    questions: Annotated[tuple[Question, ...], Field(max_length=SOME)] = ()
    report_due: Duration = timedelta(days=14)


class Playbook(Part):
    """One playbook."""

    schema_: Annotated[Literal["playbook/1"], Field(alias="schema")]
    id: Id
    """Its name everywhere; the file's name too."""
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    title: LText
    status: Status
    owner: Line | None = None
    """Who keeps it up to date, by office."""
    review_by: Day | None = None
    """When it must have been looked through."""
    basis: Basis = Basis()
    scenario: Scenario
    exercise: Exercise
    objectives: Annotated[tuple[Objective, ...], Field(max_length=SOME)] = ()
    targets: Targets = Targets()
    roles: Annotated[tuple[PlaybookRole, ...], Field(min_length=1, max_length=SOME)]
    channels: Annotated[tuple[Channel, ...], Field(max_length=FEW)] = ("website", "facebook", "twitter", "sms")
    languages: Languages
    blanks: Annotated[Mapping[str, Blank], Field(max_length=SOME)] = {}
    templates: Annotated[tuple[MessageTemplate, ...], Field(max_length=SOME)] = ()
    injects: Annotated[tuple[Inject, ...], Field(max_length=MANY)] = ()
    expectations: Annotated[tuple[Expectation, ...], Field(max_length=MANY)] = ()
    evaluation: Evaluation = Evaluation()

    def role_of(self, key: str) -> PlaybookRole | None:
        """One of its roles, if there is one by this id."""
        return next((each for each in self.roles if each.id == key), None)

    def template_of(self, key: str) -> MessageTemplate | None:
        """One of its templates, if there is one by this id."""
        return next((each for each in self.templates if each.id == key), None)

    def templates_of(self, kind: Kind) -> list[MessageTemplate]:
        """Those for one kind of message."""
        return [each for each in self.templates if each.kind == kind.value]
