"""Status: how one activation stands, all of it in one reading, for every door: command line, API and pages."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import drain, gate, service
from crisis.activations.drain import OpenPermit, Unresolved
from crisis.activations.models import Activation
from crisis.deliveries import items, ledger, promises
from crisis.deliveries.items import Item
from crisis.deliveries.ledger import Line
from crisis.deliveries.promises import Late, Promise
from crisis.deliveries.states import DeliveryState
from crisis.limits.service import Trouble, troubles
from crisis.messages.rendered import CHANNEL_NAMES
from crisis.mode import Mode
from crisis.pointers import summary
from crisis.pointers.summary import Summary

UNDECIDED_MOST = 20
"""How many deliveries that wait for a person are named; ``counts`` has how many there are."""
_ORDER = list(DeliveryState)
"""States are told in the order a delivery goes through them."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is read of one mode, or of one activation that is over. Without an activation, what is its alone is empty."""

    mode: Mode
    is_locked: bool
    """The mode's gate is."""
    activation: Activation | None
    lines: Sequence[Line] = ()
    """Per account and language of every revision, in the order they were approved."""
    undecided: Sequence[Item] = ()
    """Deliveries that may be out and wait for a person, public posts first; at most :data:`UNDECIDED_MOST`."""
    promises: Sequence[Promise] = ()
    late: Sequence[Late] = ()
    troubles: Sequence[Trouble] = ()
    """Accounts that are not as usual, each with a sentence."""
    permits: Sequence[OpenPermit] = ()
    """The units' posts that started before the lock and have not ended."""
    unresolved: Sequence[Unresolved] = ()
    """Those that may be out although nobody heard."""
    pointer: Summary | None = None
    """The text that locked accounts may publish, and how many have."""

    @property
    def counts(self) -> dict[DeliveryState, int]:
        """Every delivery of the activation by its state."""
        return summed(line.counts for line in self.lines)

    @property
    def total(self) -> int:
        """Every delivery of the activation; what ``counts`` adds up to."""
        return sum(line.total for line in self.lines)

    def of_message(self, message_id: int) -> Sequence[Line]:
        """The lines of one message."""
        return [line for line in self.lines if line.message_id == message_id]


async def read(
    session: AsyncSession, mode: Mode, *, warning_seconds: float, activation_id: int | None = None
) -> Status:
    """How the activation in force stands; or ``activation_id``'s, which may be over, in its own mode.

    ``warning_seconds``: how long before a promised update it is called soon. Raises :class:`crisis.errors.NotFound`.
    """
    if activation_id is None:
        activation = await service.find_current(session, mode)
    else:
        activation = await service.get(session, activation_id)
        mode = activation.mode
    found = Status(
        mode,
        is_locked=await gate.is_locked(session, mode),
        activation=activation,
        troubles=await troubles(session, mode, CHANNEL_NAMES),
        permits=await drain.open_permits(session, mode),
        unresolved=await drain.unresolved(session, mode),
    )
    if activation is None:
        return found
    return replace(
        found,
        lines=await ledger.lines(session, activation.id),
        undecided=await items.undecided(session, activation.id, most=UNDECIDED_MOST),
        promises=await promises.standing(session, warning_seconds, activation_id=activation.id),
        late=await promises.late(session, activation_id=activation.id),
        pointer=await summary.read(session, activation.id),
    )


def summed(counts: Iterable[Mapping[DeliveryState, int]]) -> dict[DeliveryState, int]:
    """Counts added up, in the order a delivery goes through its states; nothing of a state that none is in."""
    total: Counter[DeliveryState] = Counter()
    for each in counts:
        total.update(each)
    return {state: total[state] for state in _ORDER if total[state]}
