"""Fate: what became of a unit's post, told to whoever wrote it. Most of all of what was under way when the lock fell.

Nothing is said to be out that is not: what may be out is "in doubt" until the provider or a person has said.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from crisis.activations.models import Activation
from crisis.deliveries.states import DeliveryState as S
from crisis.posts.standing import Standing


class Fate(StrEnum):
    """One word for each; those that ask most of a person first."""

    NEEDS_PERSON = "needs_person"
    """It may be out, and looking did not tell: its owner looks at the account and decides."""
    IN_DOUBT = "in_doubt"
    """It was on its way, and whether it is out is being looked into."""
    BLOCKED = "blocked"
    """The lock stopped it. It waits for its owner, and never goes out by itself."""
    STOPPING = "stopping"
    """It was due, or was to be tried again, and the lock holds: it is blocked as soon as its sender comes to it."""
    WILL_BE_BLOCKED = "will_be_blocked"
    """Its time has not come. Should it come while the lock holds, it is blocked."""
    ON_ITS_WAY = "on_its_way"
    """It goes out now."""
    SCHEDULED = "scheduled"
    """It goes out at its time."""
    FAILED = "failed"
    """It did not come out, or did not arrive, and is not tried again."""
    OUT_ACROSS = "out_across"
    """It had begun when the lock fell, and came out."""
    OUT_BEFORE = "out_before"
    """It was out before the lock."""
    OUT = "out"
    REWRITTEN = "rewritten"
    """Dropped: another took its place."""
    DROPPED = "dropped"
    """It was dropped or taken back, and never goes out."""


TOLD: Final[Mapping[Fate, str]] = {
    Fate.NEEDS_PERSON: "It may be out, and nobody can tell. Look at the account, and decide: crisis delivery check.",
    Fate.IN_DOUBT: "It was on its way, and it is being looked into whether it came out. It is not sent again meanwhile.",
    Fate.BLOCKED: "The lock stopped it. It is kept, and goes out only when its owner publishes it after the lock.",
    Fate.STOPPING: "The lock stops it before it begins. It is kept.",
    Fate.WILL_BE_BLOCKED: "It is scheduled. Should its time come while the lock holds, it is blocked and kept.",
    Fate.ON_ITS_WAY: "It is on its way.",
    Fate.SCHEDULED: "It is scheduled.",
    Fate.FAILED: "It did not come out, and is not tried again.",
    Fate.OUT_ACROSS: "It had begun when the lock fell, and came out.",
    Fate.OUT_BEFORE: "It went out before the lock.",
    Fate.OUT: "It is out.",
    Fate.REWRITTEN: "It was rewritten: another post took its place.",
    Fate.DROPPED: "It was dropped, and never goes out.",
}
"""Each in a sentence."""

_OUT: Final = frozenset({S.ACCEPTED, S.SENT, S.DELIVERED})
_FAILED: Final = frozenset({S.REJECTED, S.DEAD, S.UNDELIVERED, S.EXPIRED})
_WAITS: Final = frozenset({S.READY, S.LEASED, S.RETRY_WAIT})


def fate_of(post: Standing, lock: Activation | None, now: datetime) -> Fate:
    """What became of a post. ``lock``: the activation that holds its account at ``now``, if one does.

    Of a post to many people, what asks most. The lock is nothing to a pointer, which is the web editors' text.
    """
    held = None if post.pointer_id is not None else lock
    found = {_of_state(S(state), post, held, now) for state in post.counts}
    return min(found, key=list(Fate).index)


def _of_state(state: S, post: Standing, lock: Activation | None, now: datetime) -> Fate:  # noqa: PLR0911 - one line per state
    if state is S.UNKNOWN_FINAL:
        return Fate.NEEDS_PERSON
    if state is S.UNKNOWN or (state is S.IN_FLIGHT and lock is not None):
        return Fate.IN_DOUBT
    if state is S.BLOCKED:
        return Fate.BLOCKED
    if state is S.CANCELLED:
        return Fate.DROPPED if post.rewritten_as is None else Fate.REWRITTEN
    if state in _FAILED:
        return Fate.FAILED
    if state in _OUT:
        return _of_what_is_out(post, lock)
    waits = state is S.READY and post.goes_at > now
    if lock is not None and state in _WAITS:
        return Fate.WILL_BE_BLOCKED if waits else Fate.STOPPING
    return Fate.SCHEDULED if waits else Fate.ON_ITS_WAY


def _of_what_is_out(post: Standing, lock: Activation | None) -> Fate:
    if lock is None:
        return Fate.OUT
    return Fate.OUT_BEFORE if post.since <= lock.activated_at else Fate.OUT_ACROSS
