"""A lever's states and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum


class LeverState(StrEnum):
    """Where one account's lever is, in one activation."""

    WANTED = "wanted"
    """To be pulled. Nothing has been changed, and nothing is saved yet."""
    PULLING = "pulling"
    """What was so is saved. Something may have been changed."""
    PULLED = "pulled"
    """Read back: nobody but this service can publish."""
    INCOMPLETE = "incomplete"
    """Read back: those whom no interface can remove can still publish. They are named; a person calls them."""
    FAILED = "failed"
    """The platform refused, said yes and did nothing, or did not answer: who can still publish is named where that is known."""
    ABSENT = "absent"
    """The account is not at the platform any more: nothing to pull, and nothing to give back."""
    RESTORING = "restoring"
    """To be given back."""
    RESTORED = "restored"
    """Read back: everyone has what they had. Or nothing was ever changed."""
    BY_HAND = "by_hand"
    """It cannot be given back by any interface, or the platform will not: a person does it. What there was is saved."""


_READ = frozenset({LeverState.PULLED, LeverState.INCOMPLETE, LeverState.FAILED, LeverState.ABSENT})
_BACK = frozenset({LeverState.RESTORING, LeverState.RESTORED})

MOVES: Mapping[LeverState, frozenset[LeverState]] = {
    LeverState.WANTED: _READ | {LeverState.PULLING, LeverState.RESTORED},
    LeverState.PULLING: _READ | {LeverState.RESTORING},
    LeverState.PULLED: (_READ - {LeverState.FAILED}) | {LeverState.PULLING, LeverState.RESTORING},
    LeverState.INCOMPLETE: (_READ - {LeverState.FAILED}) | {LeverState.PULLING, LeverState.RESTORING},
    LeverState.FAILED: _READ | _BACK | {LeverState.PULLING},
    LeverState.ABSENT: _READ | _BACK | {LeverState.PULLING},
    LeverState.RESTORING: frozenset({LeverState.RESTORED, LeverState.BY_HAND, LeverState.ABSENT}),
    LeverState.RESTORED: frozenset({LeverState.RESTORING}),
    LeverState.BY_HAND: _BACK | {LeverState.ABSENT},
}
"""A row may stay where it is. What was restored is restored once more where a process that had stood still may have changed
something after it was read back.
"""
