"""The playbook, ``playbook/1``: what is rehearsed, by whom, and what a drill is measured by.

Every value is text in the file; what it stands for is said here and nowhere else. In a real crisis its templates, targets,
area, roles and checklists are used, and nothing else of it. The vocabulary is that of exercise planning (DSB's guides:
*dreiebok*, *innspill*, *motspill*; HSEEP: inject, objective), the channels and roles are this service's own.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from crisis.messages.content import Content
from crisis.messages.library import Blank
from crisis.messages.models import Kind
from crisis.playbooks.texts import LText
from crisis.roles import Role

SCHEMA: Final = "playbook/1"
FEW: Final = 10
SOME: Final = 50
MANY: Final = 200
"""Items of one list at most, by what it is a list of: more than any playbook needs, and few enough to be looked through at once."""
DURATION: Final = r"^P(?=\d|T\d)(\d{1,4}D)?(T(?=\d)(\d{1,5}H)?(\d{1,6}M)?(\d{1,8}S)?)?$"

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def _duration(said: Any) -> Any:
    if isinstance(said, str) and not re.fullmatch(DURATION, said):
        message = f"“{said}” is no duration. Write it as ISO 8601 does: PT5M for five minutes, PT1H30M, P14D."
        raise ValueError(message)
    return said


def _number(said: Any) -> Any:
    if isinstance(said, str) and not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", said):
        message = f"“{said}” is no number. Write it in digits alone: 60, or 1.5."
        raise ValueError(message)
    return said


def _yes_or_no(said: Any) -> Any:
    if isinstance(said, str) and said not in {"true", "false"}:
        message = f"“{said}” is neither true nor false. Write one of them."
        raise ValueError(message)
    return said


def _day(said: Any) -> Any:
    if isinstance(said, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", said):
        message = f"“{said}” is no date. Write it as year, month and day: 2027-06-01."
        raise ValueError(message)
    return said


Whole = Annotated[int, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number)]
Yes = Annotated[bool, BeforeValidator(_yes_or_no)]
Day = Annotated[date, BeforeValidator(_day)]
"""These four are stricter than the language's own reading: ``1_000`` is no number, and ``no`` is not ``false``."""
Duration = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": DURATION}, mode="validation")
]
"""ISO 8601, in drill time: ``PT5M``, ``PT1H30M``, ``P14D``."""


class Part(BaseModel):
    """What every part of a playbook is: read once, never changed, and without a key that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True)


class Status(StrEnum):
    """Whether a playbook may be used in a real crisis: only what is approved is offered there."""

    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"


class Form(StrEnum):
    """The form of the exercise, by DSB's names."""

    DISKUSJON = "diskusjon"
    FUNKSJON = "funksjon"
    SPILL = "spill"
    FULLSKALA = "fullskala"


class Via(StrEnum):
    """How an inject comes: to a person, or into the exercise's world."""

    PHONE = "phone"
    EMAIL = "email"
    SMS = "sms"
    PRESS = "press"
    SOCIAL = "social"
    IN_PERSON = "in_person"
    NOTE = "note"
    UNIT_POST = "unit_post"
    CHANNEL_FAULT = "channel_fault"
    SYSTEM_FAULT = "system_fault"


class ChannelFault(StrEnum):
    """How a provider behaves in the exercise's world."""

    DOWN = "down"
    SLOW = "slow"
    RATE_LIMITED = "rate_limited"
    GARBAGE = "garbage"


class SystemFault(StrEnum):
    """What of our own is gone in the exercise's world."""

    IDP_DOWN = "idp_down"
    REDIS_GONE = "redis_gone"
    WEBSITE_DOWN = "website_down"


class Action(StrEnum):
    """What an expectation may be that resolves by itself, from the log. What a person judges may be called anything."""

    ACTIVATE = "activate"
    LOCK_ALL = "lock_all"
    PUBLISH = "publish"
    PUBLISH_BLOCKED = "publish_blocked"
    UPDATE_DUE = "update_due"
    RETRY_OR_NOTE = "retry_or_note"
    BRIEF_SWITCHBOARD = "brief_switchboard"
    BRIEF_EMPLOYEES = "brief_employees"
    NOTE = "note"
    BREAK_GLASS = "break_glass"
    RETRACT = "retract"
    DEACTIVATE = "deactivate"


class Element(StrEnum):
    """What a message should have told (Warning Response Model): who says it, what, what it does, where, what to do, when."""

    SOURCE = "source"
    HAZARD = "hazard"
    IMPACT = "impact"
    LOCATION = "location"
    GUIDANCE = "guidance"
    TIME = "time"


class Check(StrEnum):
    """Who says whether an expectation was met."""

    AUTO = "auto"
    MANUAL = "manual"


class Side(StrEnum):
    """Whether a role plays, or leads and plays against."""

    PLAYERS = "players"
    CONTROL = "control"


Channel = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$"), Field(json_schema_extra={"x-of": "channel"})]
"""By the name that the register of accounts has it."""
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$"), Field(json_schema_extra={"x-of": "language"})]
"""ISO 639: ``nb``, ``nn``, ``en``."""
Fields = Annotated[Mapping[str, str | list[str]], WithJsonSchema(Content.model_json_schema(), mode="validation")]
"""The fields of :class:`crisis.messages.content.Content`; :mod:`crisis.playbooks.wording` tries them as the composer would."""
Kinds = Literal["alert", "update", "correction", "all_clear"]


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
