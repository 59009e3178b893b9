"""Reading back: what a look at who can publish says, beside what was so before. Pure functions, and the sentences about them."""

from collections.abc import Sequence

from crisis.channel_access import Access, Right
from crisis.levers.states import LeverState

_NAMED = 10
"""People who are named in a sentence; all of them are in what was found."""


def removable(seen: Access) -> Sequence[Right]:
    """Those who can publish, and from whom it can be taken."""
    return [each for each in seen.open_to if each.is_removable]


def state_of(seen: Access) -> LeverState:
    """What a lever has come to when it was pulled and this is what the platform shows."""
    if not seen.open_to:
        return LeverState.PULLED
    return LeverState.FAILED if removable(seen) else LeverState.INCOMPLETE


def with_newcomers(saved: Access | None, seen: Access) -> Access:
    """What is to be given back: what was saved, and whoever has got the right to publish since, as they are now.

    Whoever is in it already stays as they are in it: what is seen of them may be what a lever has left.
    """
    if saved is None:
        return seen
    known = {each.id for each in saved.rights}
    newcomers = [each for each in seen.open_to if each.id not in known]
    return Access((*saved.rights, *newcomers), saved.facts) if newcomers else saved


def lacking(saved: Access, seen: Access) -> Sequence[Right]:
    """Those who do not have all that they had. Who has got more meanwhile lacks nothing."""
    now = {each.id: each for each in seen.rights}
    return [each for each in saved.rights if not _has_all(now.get(each.id), each)]


def _has_all(now: Right | None, before: Right) -> bool:
    if now is None:
        return not (before.can_publish or before.rights)
    return set(before.rights) <= set(now.rights) and (now.can_publish or not before.can_publish)


def names(rights: Sequence[Right]) -> str:
    """``Kari Nordmann, Per Hansen and 3 more``."""
    named = ", ".join(each.name or each.id for each in rights[:_NAMED])
    return named if len(rights) <= _NAMED else f"{named} and {len(rights) - _NAMED} more"


def still_open(seen: Access, said: str | None) -> str | None:
    """Why a lever has not been pulled, or not whole; ``None`` where it is. ``said``: what the platform answered, if that was not
    yes.
    """
    if not seen.open_to:
        return None
    if not removable(seen):
        return f"No interface of the platform takes the right to publish from {names(seen.open_to)}. Call them."
    if said is None:
        return f"The platform said yes, and reading back shows that {names(seen.open_to)} can still publish."
    return f"{said} Reading back shows that {names(seen.open_to)} can still publish."


def by_hand(rights: Sequence[Right], said: str) -> str:
    """What a person has to give back, to whom, and why it was not done."""
    what = "; ".join(f"{each.name or each.id}: {', '.join(each.rights) or 'publish'}" for each in rights)
    return f"Give it back at the platform by hand. {what}. {said}" if what else f"Look at the platform by hand. {said}"
