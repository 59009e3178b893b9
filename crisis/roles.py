"""Who may do what. One table; every act asks it, whatever door it came through.

The administrator cannot send, and the director can act alone: small municipalities have one person at 03.00.
"""

from dataclasses import dataclass
from enum import StrEnum

from crisis.errors import NotAllowed
from crisis.mode import Mode


class Role(StrEnum):
    """A person's part. ``operator`` is whoever holds the server's shell and so the database's keys."""

    DIRECTOR = "director"  # the municipal director or a deputy
    EDITOR = "editor"  # the web editors
    UNIT = "unit"  # a unit's own editor
    SWITCHBOARD = "switchboard"  # answers the telephone: reads, and says that it has read
    SPOKESPERSON = "spokesperson"
    LOGKEEPER = "logkeeper"
    PREPAREDNESS = "preparedness"  # the preparedness coordinator, who runs drills
    AUDITOR = "auditor"
    ADMIN = "admin"
    OPERATOR = "operator"


class Act(StrEnum):
    """Everything that is asked about."""

    ACTIVATE = "activate"
    STAND_DOWN = "stand down"
    WRITE_MESSAGE = "write a message"
    APPROVE_MESSAGE = "approve a message"
    DECIDE_DELIVERY = "decide about a delivery"
    POST = "publish a unit's post"
    MANAGE_ACCOUNTS = "change the register of accounts"
    MANAGE_AUDIENCES = "change audiences"
    MANAGE_TOKENS = "make or revoke tokens"
    MANAGE_USERS = "change users, or make break-glass codes"
    ACKNOWLEDGE_BREAK_GLASS = "acknowledge that a break-glass code was used"
    ACKNOWLEDGE_APPOINTMENT = "acknowledge that somebody was given the right to send"
    RUN_DRILL = "run a drill"
    CONFIRM_SILENCE = "confirm that a unit's account is silent"
    HANDLE_BREACH = "deal with a post that is not ours"
    ACKNOWLEDGE = "acknowledge a message"
    WRITE_LOG = "write in the log"
    READ_LOG = "read the log"
    EXPORT_LOG = "export the log"
    READ_CRISIS = "read activations and messages"
    READ_AUDIT = "read the audit log"


_EVERYONE = frozenset(Role)
_DESK = frozenset({Role.DIRECTOR, Role.EDITOR, Role.OPERATOR})
_STAFF = _DESK | {Role.SWITCHBOARD, Role.SPOKESPERSON, Role.LOGKEEPER, Role.PREPAREDNESS}
_LOG_READERS = _DESK | {Role.LOGKEEPER, Role.PREPAREDNESS, Role.AUDITOR}

MAY: dict[Act, frozenset[Role]] = {
    Act.ACTIVATE: frozenset({Role.DIRECTOR, Role.OPERATOR}),
    Act.STAND_DOWN: frozenset({Role.DIRECTOR, Role.OPERATOR}),
    Act.WRITE_MESSAGE: _DESK,
    Act.APPROVE_MESSAGE: _DESK,
    Act.DECIDE_DELIVERY: _DESK,
    Act.POST: frozenset({Role.UNIT, Role.EDITOR, Role.OPERATOR}),
    Act.MANAGE_ACCOUNTS: frozenset({Role.ADMIN, Role.OPERATOR}),
    Act.MANAGE_AUDIENCES: frozenset({Role.ADMIN, Role.EDITOR, Role.OPERATOR}),
    Act.MANAGE_TOKENS: frozenset({Role.ADMIN, Role.OPERATOR}),
    Act.MANAGE_USERS: frozenset({Role.ADMIN, Role.OPERATOR}),
    Act.ACKNOWLEDGE_BREAK_GLASS: frozenset({Role.DIRECTOR, Role.ADMIN, Role.OPERATOR}),
    Act.ACKNOWLEDGE_APPOINTMENT: frozenset({Role.DIRECTOR, Role.OPERATOR}),
    Act.RUN_DRILL: _DESK | {Role.PREPAREDNESS},
    Act.CONFIRM_SILENCE: frozenset({Role.EDITOR, Role.UNIT, Role.OPERATOR}),
    Act.HANDLE_BREACH: _DESK,
    Act.ACKNOWLEDGE: _STAFF | {Role.UNIT},
    Act.WRITE_LOG: _STAFF,
    Act.READ_LOG: _LOG_READERS,
    Act.EXPORT_LOG: _LOG_READERS,
    Act.READ_CRISIS: _EVERYONE - {Role.UNIT},
    Act.READ_AUDIT: frozenset({Role.AUDITOR, Role.DIRECTOR, Role.ADMIN, Role.OPERATOR}),
}


PLAYED: frozenset[Act] = frozenset(
    {
        Act.ACTIVATE,
        Act.STAND_DOWN,
        Act.WRITE_MESSAGE,
        Act.APPROVE_MESSAGE,
        Act.DECIDE_DELIVERY,
        Act.POST,
        Act.HANDLE_BREACH,
        Act.ACKNOWLEDGE,
        Act.CONFIRM_SILENCE,
        Act.WRITE_LOG,
        Act.READ_LOG,
        Act.EXPORT_LOG,
        Act.READ_CRISIS,
    }
)
"""What can be done as a part in a drill: whatever is done in a crisis. All else is about the service itself, in no mode, or is the
exercise leader's, and nobody gets that by taking a part.
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is acting: the name that goes on record, the role, and for unit editors their unit."""

    name: str
    role: Role
    unit: str | None = None
    only: Mode | None = None
    """The one mode that they act in: of whoever plays a part in a drill. See :mod:`crisis.drills.playing`."""


def can(actor: Actor, act: Act) -> bool:
    """Whether the actor's role may do this: what a page shows. The act itself asks again, by :func:`require`."""
    return actor.role in MAY[act] and (actor.only is None or act in PLAYED)


def require(actor: Actor, act: Act) -> None:
    """Raise :class:`NotAllowed` unless the actor's role may do this."""
    if actor.only is not None and act not in PLAYED:
        raise NotAllowed(f"{actor.name} plays a part in a drill, and no part may {act.value}. Nothing was changed.")
    if not can(actor, act):
        who = ", ".join(sorted(role.value for role in MAY[act] - {Role.OPERATOR}))
        raise NotAllowed(f"{actor.name} has the role {actor.role.value} and may not {act.value}. It takes: {who}.")


def require_unit(actor: Actor, unit: str) -> None:
    """Raise :class:`NotAllowed` unless the actor may act for this unit's accounts."""
    require(actor, Act.POST)
    if actor.role is not Role.OPERATOR and actor.unit != unit:
        raise NotAllowed(f"{actor.name} belongs to {actor.unit or 'no unit'} and may not publish for {unit}.")


def require_mode(actor: Actor, mode: Mode | None) -> None:
    """Raise :class:`NotAllowed` where the actor acts in one mode only, and this is about another, or about none."""
    if actor.only is not None and mode is not actor.only:
        raise NotAllowed(
            f"{actor.name} plays a part in a drill. This is about {_WORLDS[mode]}, where no part counts. Nothing was changed: sign "
            "in to it as yourself, outside the drill."
        )


_WORLDS = {None: "the service itself", Mode.ACTUAL: "what is real", Mode.EXERCISE: "an exercise"}
