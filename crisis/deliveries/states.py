"""A delivery's states, the moves between them, and the rank by which receipts merge. Nothing else says these things.

::

    ready -> leased -> in_flight -> accepted -> sent -> delivered | undelivered | expired
      ^        |          +-> rejected                    final: the provider said no
      |        v          +-> retry_wait -> leased        surely not processed
      |     (expired lease)  +-> unknown -> accepted | retry_wait | unknown_final
    ready | leased | retry_wait -> blocked | cancelled | dead
    ready -> in_flight           claimed and started at once
    in_flight -> ready           its sender says that it did not call
    leased -> unknown_final      its sender was lost too often
"""

from collections.abc import Mapping
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery is."""

    READY = "ready"
    """Waiting for a sender, or for its time."""
    LEASED = "leased"
    """A sender has taken it and has not begun. An expired lease makes it ready again; the third, a person's to decide."""
    IN_FLIGHT = "in_flight"
    """Committed before the first byte leaves. If its sender vanishes it becomes unknown; only the sender itself, when it has not
    called yet and had better not, makes it ready again."""
    RETRY_WAIT = "retry_wait"
    """Surely not processed by the provider; will be tried again."""
    UNKNOWN = "unknown"
    """May have gone out. Being looked into; nothing is sent again before that is answered."""
    UNKNOWN_FINAL = "unknown_final"
    """Looking did not tell. A person decides: check, send again, or mark as sent by hand."""
    ACCEPTED = "accepted"
    """The provider took it. For channels without receipts this is the end."""
    SENT = "sent"
    """The provider passed it on."""
    DELIVERED = "delivered"
    """The provider reported that it arrived."""
    UNDELIVERED = "undelivered"
    """The provider reported that it will not arrive."""
    EXPIRED = "expired"
    """The provider could not deliver it within its validity."""
    REJECTED = "rejected"
    """The provider said no."""
    BLOCKED = "blocked"
    """A unit's post that met a locked gate. Kept until its owner publishes or drops it."""
    CANCELLED = "cancelled"
    """Superseded, withdrawn or dropped before it was sent."""
    DEAD = "dead"
    """Given up before it was sent: too late, or tried too often."""


_S = DeliveryState
_BY_RECEIPT = {_S.ACCEPTED, _S.SENT, _S.DELIVERED, _S.UNDELIVERED, _S.EXPIRED}
_WAITING = {_S.BLOCKED, _S.CANCELLED, _S.DEAD}

MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    _S.READY: frozenset({_S.LEASED, _S.IN_FLIGHT, *_WAITING, *_BY_RECEIPT}),
    _S.LEASED: frozenset({_S.IN_FLIGHT, _S.READY, _S.UNKNOWN_FINAL, *_WAITING, *_BY_RECEIPT}),
    _S.RETRY_WAIT: frozenset({_S.LEASED, *_WAITING, *_BY_RECEIPT}),
    _S.IN_FLIGHT: frozenset({_S.READY, _S.REJECTED, _S.RETRY_WAIT, _S.UNKNOWN, _S.DEAD, *_BY_RECEIPT}),
    _S.UNKNOWN: frozenset({_S.RETRY_WAIT, _S.UNKNOWN_FINAL, *_BY_RECEIPT}),
    _S.UNKNOWN_FINAL: frozenset({_S.READY, _S.CANCELLED, *_BY_RECEIPT}),
    _S.BLOCKED: frozenset({_S.READY, _S.CANCELLED}),
    _S.ACCEPTED: frozenset({_S.SENT, _S.DELIVERED, _S.UNDELIVERED, _S.EXPIRED}),
    _S.SENT: frozenset({_S.DELIVERED, _S.UNDELIVERED, _S.EXPIRED}),
    _S.DELIVERED: frozenset(),
    _S.UNDELIVERED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.DEAD: frozenset(),
}

FINAL = frozenset(state for state, moves in MOVES.items() if not moves)
"""Nothing moves a delivery out of these."""

DUE = frozenset({_S.READY, _S.RETRY_WAIT})
"""What a sender may take when its time has come."""

UNSENT = frozenset({_S.READY, _S.LEASED, _S.RETRY_WAIT})
"""What has surely not gone out in this attempt: may be blocked, cancelled or given up."""

RANK: Mapping[DeliveryState, int] = {_S.ACCEPTED: 1, _S.SENT: 2, _S.DELIVERED: 3, _S.UNDELIVERED: 3, _S.EXPIRED: 3}
"""A receipt moves a delivery only to a higher rank. States without a rank have rank 0; final ones are never moved."""


def before(state: DeliveryState) -> list[str]:
    """The states from which a delivery may move to this one, as the guard in a ``WHERE`` wants them."""
    return [old.value for old, moves in MOVES.items() if state in moves]


def mergeable(state: DeliveryState) -> list[str]:
    """The states that a receipt saying ``state`` may move: allowed by ``MOVES`` and of lower rank."""
    return [old for old in before(state) if RANK.get(DeliveryState(old), 0) < RANK[state]]


class WithdrawalState(StrEnum):
    """Where the taking down of a delivery is. Taking down twice is harmless, so what is unknown is looked at and tried again."""

    WAITING = "waiting"
    """To be taken down; while the delivery itself is in flight or unknown, when it is known where it is."""
    CALLING = "calling"
    """Committed before the provider is asked. If its worker vanishes, or the answer does not come, it is checked."""
    CHECKING = "checking"
    """It may be gone. Read back before anything else."""
    DONE = "done"
    """The provider says it is gone."""
    REFUSED = "refused"
    """It is still there, or may be, and a person must take it down on the channel itself."""
