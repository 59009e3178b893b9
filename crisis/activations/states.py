"""An activation's states and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum


class ActivationState(StrEnum):
    """Where an activation is."""

    LOCKING = "locking"
    """The gate is locked: no unit post starts. Some that started before may still be in flight. Crisis messages may go."""
    CONFIRMED = "confirmed"
    """Nothing of the units' is in flight, except what is listed by name as unresolved."""
    STOOD_DOWN = "stood_down"
    """Over; the gate is open. Blocked posts stay blocked until their owner decides."""


MOVES: Mapping[ActivationState, frozenset[ActivationState]] = {
    ActivationState.LOCKING: frozenset({ActivationState.CONFIRMED, ActivationState.STOOD_DOWN}),
    ActivationState.CONFIRMED: frozenset({ActivationState.STOOD_DOWN}),
    ActivationState.STOOD_DOWN: frozenset(),
}


class GateState(StrEnum):
    """Whether units' posts of a mode may start."""

    OPEN = "open"
    LOCKED = "locked"
