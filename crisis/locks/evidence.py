"""Evidence: what a state of an account's lock rests on, line by line; and needs: what a person must do about it now.

Both are said by a word here and put in sentences by :mod:`crisis.tongue.locks`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any


class Kind(StrEnum):
    """One line of evidence. What fills its sentence's blanks is in :attr:`Evidence.values`."""

    GATE = "gate"
    """What goes through this service is stopped: ``epoch``."""
    GATE_OPENED = "gate_opened"
    """The activation is over: ``by``."""
    NOT_CONNECTED = "not_connected"
    """What is published there does not go through this service, and so the gate stops nothing."""
    IN_FLIGHT = "in_flight"
    """``text`` began before the lock, and has not ended."""
    UNRESOLVED = "unresolved"
    """``text`` may have come out just before the lock."""
    EDITORS = "editors"
    """The web editors' own: it carries the crisis messages."""
    OURS = "ours"
    ONLY_HERE = "only_here"
    ONLY_HERE_DISPROVED = "only_here_disproved"
    """The register says so, and something that is not ours came out."""
    LEVER_WANTED = "lever_wanted"
    LEVER_PULLING = "lever_pulling"
    """``attempts``."""
    LEVER_PULLED = "lever_pulled"
    LEVER_INCOMPLETE = "lever_incomplete"
    """``names`` can still publish, and no interface removes them."""
    LEVER_FAILED = "lever_failed"
    """``error``."""
    LEVER_LIED = "lever_lied"
    """The platform said yes, and ``names`` can still publish."""
    LEVER_RESTORING = "lever_restoring"
    """``attempts``."""
    LEVER_RESTORED = "lever_restored"
    LEVER_BY_HAND = "lever_by_hand"
    """``names`` had access."""
    LEVER_LEFT = "lever_left"
    """The activation is over, and what was taken has not been given back yet."""
    LEVER_HELD_BACK = "lever_held_back"
    """Somebody said before the stand-down that it is not given back until a person does."""
    NOTHING_TAKEN = "nothing_taken"
    GONE = "gone"
    """The account is not at the platform any more."""
    ACKNOWLEDGED_LINK = "acknowledged_link"
    """``name``."""
    ACKNOWLEDGED_DESK = "acknowledged_desk"
    """``name``, ``by``."""
    ACKNOWLEDGED_TELEPHONE = "acknowledged_telephone"
    """``name``, ``by``."""
    DELIVERED = "delivered"
    """The text message to ``name`` arrived."""
    TOLD_SMS = "told_sms"
    """The provider took the text message to ``name``."""
    TOLD_EMAIL = "told_email"
    """The mail server took the e-mail to ``name``."""
    ON_ITS_WAY = "on_its_way"
    """What is to be said to ``name`` has not been taken by anybody yet."""
    NOT_REACHED = "not_reached"
    """``name``, ``error``."""
    NO_WAY = "no_way"
    """Neither a number nor an address of ``name`` is on record."""
    NO_SENDER = "no_sender"
    """There is nothing to send text messages with; ``name`` has a number."""
    NO_MAIL = "no_mail"
    """There is no mail server; ``name`` has an address."""
    ASKED_AGAIN = "asked_again"
    """``name``."""
    NOBODY = "nobody"
    """``unit`` has no contact."""
    BREACH_OPEN = "breach_open"
    """``text``, ``author``."""
    BREACH_CONTACTED = "breach_contacted"
    """``text``, ``by``."""
    BREACH_TAKEN_DOWN = "breach_taken_down"
    BREACH_ACCEPTED = "breach_accepted"
    PLANNED_LEFT = "planned_left"
    """``text`` goes out at its time unless somebody takes it out."""
    PLANNED_FOUND = "planned_found"
    PLANNED_TAKEN_OUT = "planned_taken_out"
    PLANNED_GONE = "planned_gone"
    LISTED = "listed"
    """When its schedule was last read."""
    LIST_UNREAD = "list_unread"
    """``error``: nobody knows what is scheduled there."""
    SEEN = "seen"
    """When the watch last saw it."""
    NOT_SEEN_YET = "not_seen_yet"
    BLIND = "blind"
    """The watch does not see it: ``error``; the time is that of the last look that showed something."""
    NOT_WATCHED = "not_watched"


class Act(StrEnum):
    """Where a need is met: what a door makes a link or a button of."""

    BREACH = "breach"
    PLANNED = "planned"
    DELIVERY = "delivery"
    LEVER = "lever"
    ACKNOWLEDGE = "acknowledge"
    CONTACTS = "contacts"
    ACCOUNT = "account"


class NeedKind(IntEnum):
    """What somebody must do now, the most urgent first."""

    BREACH = 1
    """Deal with a post that is not ours."""
    PLANNED_SOON = 2
    """Take out a post that this service could not take out, before it goes out by itself."""
    UNRESOLVED = 3
    """Find out whether a post came out just before the lock."""
    LEVER_FAILED = 4
    """The lever did not work: try again, or do it at the platform."""
    NOBODY = 5
    """There is nobody to tell, or nobody can be reached."""
    NO_ANSWER = 6
    """They were reminded, and have not answered: call them."""
    STILL_IN = 7
    """Some can still publish, and no interface removes them: call them."""
    BY_HAND = 8
    """Give back by hand what was taken."""
    RESTORE_LATE = 9
    """What was taken cannot be given back so far."""
    CANNOT_ENFORCE = 10
    """Nothing but words holds it, and nobody has been told yet: call."""
    PLANNED_LATER = 11
    """As :attr:`PLANNED_SOON`, but there is time."""
    BLIND = 12
    """Look at it yourself: the watch cannot."""
    GIVE_BACK = 13
    """Give back what is held back, when its time has come."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line. ``at``: when what it says came to be, where that is known."""

    kind: Kind
    at: datetime | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to be done. ``subject`` is the number of what ``act`` is about: a breach, a delivery, a lever, a contact ..."""

    kind: NeedKind
    act: Act
    subject: int
    at: datetime | None = None
    """By when, or since when."""
    values: Mapping[str, Any] = field(default_factory=dict)
    url: str | None = None
    """Where it is at the platform."""
