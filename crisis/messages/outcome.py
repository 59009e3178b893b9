"""Outcome: what approving and retracting did, and why a message cannot go out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crisis.errors import Invalid
from crisis.messages.faults import Fault
from crisis.messages.hints.hint import Hint
from crisis.messages.models import Message, Revision


@dataclass(frozen=True, slots=True)
class Approved:
    """What approving did: the frozen revision, and how many deliveries per channel are on their way."""

    revision: Revision
    deliveries: Mapping[str, int]
    cancelled: int
    """Deliveries of earlier revisions that had not gone out and now never will."""
    hints: Sequence[Hint] = ()
    """Those that were left."""


@dataclass(frozen=True, slots=True)
class Retracted:
    """What a retraction did. Nothing follows the message any more."""

    message: Message
    revision: Revision | None
    """The retraction that is on its way; nothing where nobody had been sent anything, so that nobody needs to be told."""
    deliveries: Mapping[str, int]
    cancelled: int
    """Deliveries that had not gone out and now never will."""


class Faulty(Invalid):
    """The message cannot go out as it is. ``faults`` says where to mend it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("The message cannot go out as it is. Nothing was sent.", [fault.said for fault in faults])
        self.faults = tuple(faults)
