"""Takes: one claim after the other, each for some accounts, so that what holds one back holds no other back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crisis.limits.standing import Standing


@dataclass(frozen=True, slots=True)
class Take:
    """One claim: for these accounts only, or for all but those to skip; at most so many rows."""

    only: tuple[int, ...] | None = None
    skip: tuple[int, ...] = ()
    most: int | None = None
    divert: Mapping[int, int] = field(default_factory=dict)
    """Rows of the first account are claimed for the second."""


ALL = Take()
"""Of every account, as many as there are."""


@dataclass(frozen=True, slots=True)
class Takes:
    """What to claim now."""

    takes: tuple[Take, ...] = (ALL,)
    held: tuple[int, ...] = ()
    """Accounts that are held back altogether now."""
    wait: float = 0.0
    """Seconds until the first of those may have room."""


def planned(held: Mapping[int, Standing], in_flight: Mapping[int, int]) -> Takes:
    """The claims while something holds these accounts back, whose calls in flight are given: probes first, then of each slow
    account as many as it has room for, then everybody else.
    """
    diverted = {account: each.standby for account, each in held.items() if each.flow.diverted and each.standby}
    takes: list[Take] = []
    waits: dict[int, float] = {}
    for account, each in held.items():
        room = each.room(in_flight.get(account, 0))
        if room.calls < 1:
            if account not in diverted:
                waits[account] = room.wait
        elif account in diverted:
            takes.insert(0, Take(only=(account,), most=1))
        else:
            through = {first: standby for first, standby in diverted.items() if standby == account}
            takes.append(Take(only=(account, *through), most=_count(room.calls), divert=through))
    free = {first: standby for first, standby in diverted.items() if standby not in held}
    takes.append(Take(skip=tuple(account for account in held if account not in free), divert=free))
    return Takes(tuple(takes), tuple(waits), min(waits.values(), default=0.0))


def _count(calls: float) -> int | None:
    return None if calls == float("inf") else int(calls)
