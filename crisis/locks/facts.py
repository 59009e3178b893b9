"""Facts: what is known of one account during one activation, as plain values, and what follows from them without judging.

Read by :mod:`crisis.locks.reading`. What they are worth is said in :mod:`crisis.locks.proof`, and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crisis.channel_access import Access, Right
from crisis.levers.states import LeverState
from crisis.notifications.standing import ANSWERING, Person
from crisis.schedules.models import PlannedState
from crisis.watch.models import BreachState

LATE: Final = timedelta(minutes=2)
"""A look that is this late means that nobody looks."""
FAILURES: Final = 3
"""Looks in a row that showed nothing, or tries at giving back that came to nothing, before a person is told."""
_LEFT_TO_GIVE: Final = frozenset(
    {LeverState.PULLING, LeverState.PULLED, LeverState.INCOMPLETE, LeverState.FAILED, LeverState.RESTORING}
)
_GIVING: Final = frozenset({LeverState.RESTORING, LeverState.RESTORED, LeverState.BY_HAND})


@dataclass(frozen=True, slots=True)
class Outlet:
    """The account itself, as the register has it."""

    id: int
    channel: str
    name: str
    unit: str
    leader: str | None = None
    is_connected: bool = True
    """What its unit publishes through this service goes through the gate."""
    is_ours: bool = False
    """By the channel's nature nobody else can publish there: ``capabilities.ours``."""
    only_here: bool = False
    """The register says so."""
    is_editors: bool = False
    """The web editors' own: they know."""


@dataclass(frozen=True, slots=True)
class Loose:
    """A post of the unit's that began before the lock: still in flight, or it may be out although nobody heard."""

    delivery_id: int
    text: str
    is_in_flight: bool
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pull:
    """Its lever."""

    id: int
    state: LeverState
    changed_at: datetime
    saved: Access | None = None
    """Who could publish before anything was changed; ``None`` while nothing has been saved, so that nothing was taken."""
    found: Access | None = None
    """Who can, by the last reading back."""
    attempts: int = 0
    error: str | None = None
    pulled_at: datetime | None = None
    restored_at: datetime | None = None
    is_held_back: bool = False
    """Stays taken after the activation, until somebody gives it back."""

    @property
    def left(self) -> Sequence[Right]:
        """Those who can still publish, as far as reading back has shown."""
        return tuple(self.found.open_to) if self.found is not None else ()

    @property
    def had(self) -> Sequence[Right]:
        """Those who could publish before."""
        return tuple(self.saved.open_to) if self.saved is not None else ()

    @property
    def has_held(self) -> bool:
        """Reading back showed nobody left; of a lever that is given back by now, that it did while it was pulled."""
        if self.state is LeverState.PULLED:
            return self.found is not None and not self.left
        # What could be removed was: one that reads back otherwise is never called pulled.
        return self.state in _GIVING and self.pulled_at is not None and all(each.is_removable for each in self.had)

    @property
    def has_lied(self) -> bool:
        """The platform said yes, and reading back shows no."""
        return bool(self.left) and self.state in {LeverState.PULLED, LeverState.FAILED}

    @property
    def is_still_out(self) -> bool:
        """Something may have been taken, and has not been given back."""
        return self.saved is not None and self.state in _LEFT_TO_GIVE


@dataclass(frozen=True, slots=True)
class Look:
    """Its watch."""

    looked_at: datetime | None
    next_at: datetime
    failures: int = 0
    error: str | None = None
    is_absent: bool = False

    def is_blind(self, now: datetime) -> bool:
        """It does not see the account: something went wrong again and again, or nobody looks."""
        return not self.is_absent and (self.failures >= FAILURES or self.next_at < now - LATE)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A post that is not ours: a breach."""

    id: int
    state: BreachState
    posted_at: datetime
    text: str
    author: str | None = None
    url: str | None = None
    handled_by: str | None = None
    handled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """The looking for what is scheduled inside its platform."""

    listed_at: datetime | None
    failures: int = 0
    error: str | None = None
    is_absent: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A post that is, or was, scheduled inside its platform."""

    id: int
    state: PlannedState
    due_at: datetime
    text: str
    url: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about one account."""

    outlet: Outlet
    loose: Sequence[Loose] = ()
    lever: Pull | None = None
    look: Look | None = None
    breaches: Sequence[Foreign] = ()
    listed: Listed | None = None
    planned: Sequence[Waiting] = ()
    people: Sequence[Person] = ()

    @property
    def is_only_here(self) -> bool:
        """The register's word, for as long as nothing has shown it wrong: a post that is not ours does, whoever dealt with it."""
        return self.outlet.only_here and self.outlet.is_connected and not self.breaches

    @property
    def is_gone(self) -> bool:
        """The account is not at its platform any more."""
        return (
            (self.lever is not None and self.lever.state is LeverState.ABSENT)
            or (self.look is not None and self.look.is_absent)
            or (self.listed is not None and self.listed.is_absent)
        )

    @property
    def open_breaches(self) -> Sequence[Foreign]:
        """Those that nobody has dealt with, the newest first."""
        found = [each for each in self.breaches if each.state is BreachState.OPEN]
        return sorted(found, key=lambda each: each.posted_at, reverse=True)

    @property
    def answering(self) -> Sequence[Person]:
        """Whom to call: its unit's leader and deputies, whose word counts; or where there is neither, whoever there is."""
        return [each for each in self.people if each.part in ANSWERING] or self.people
