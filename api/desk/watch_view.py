"""The watch as it is looked at: breaches, what was planned inside the platforms, and how freshly each account was seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from api.desk.live import Look
from api.desk.pages import Renderer
from api.desk.reasons import reason
from crisis.activations import service as activations
from crisis.mode import Mode
from crisis.roles import Act
from crisis.schedules.models import PlannedState
from crisis.schedules.planned import Standing as Planned
from crisis.schedules.planned import list_planned
from crisis.tongue.texts import lazily as N_
from crisis.tongue.tongue import Tongue
from crisis.watch import coverage
from crisis.watch.breaches import Standing, list_breaches
from crisis.watch.coverage import Covered, Sight
from crisis.watch.models import BreachState

PAGE: Final = "breaches"
SHOWN: Final = 100
"""Accounts, breaches or planned posts in one list."""
MINUTE: Final = 60

STATES: Final[Mapping[BreachState, str]] = {
    BreachState.OPEN: N_("Ingen har tatt seg av det"),
    BreachState.CONTACTED: N_("Eieren er kontaktet"),
    BreachState.TAKEN_DOWN: N_("Tatt ned"),
    BreachState.ACCEPTED: N_("Får stå"),
}
PLANNED: Final[Mapping[PlannedState, str]] = {
    PlannedState.FOUND: N_("Vi tar det ut nå. Teksten er lagret."),
    PlannedState.UNSCHEDULED: N_("Tatt ut. Det går ikke ut av seg selv."),
    PlannedState.LEFT: N_("Plattformen lar oss ikke ta det ut. Eieren må gjøre det."),
    PlannedState.GONE: N_("Det står ikke der lenger: publisert, eller tatt ut av noen."),
}
SIGHTS: Final[Mapping[Sight, str]] = {
    Sight.FAILING: N_("Vi ser den ikke nå"),
    Sight.LATE: N_("Ingen ser etter"),
    Sight.ABSENT: N_("Kontoen finnes ikke lenger på plattformen"),
    Sight.SEEN: N_("Sett"),
    Sight.WAITING: N_("Ikke sett ennå"),
    Sight.NOT_CONNECTED: N_("Ikke koblet til, så vi ser ikke hva som legges ut der"),
    Sight.NO_WAY: N_("Plattformen viser oss ingenting, og kontoen har ingen nyhetsstrøm (Atom eller RSS)"),
}
NEEDING: Final = frozenset({Sight.FAILING, Sight.LATE, Sight.ABSENT})


@dataclass(frozen=True, slots=True)
class View:
    """All of it: values alone, so that what is equal looks the same."""

    activation_id: int | None
    mode: Mode
    title: str
    is_over: bool
    open: tuple[Standing, ...] = ()
    handled: tuple[Standing, ...] = ()
    planned: tuple[Planned, ...] = ()
    needing: tuple[Covered, ...] = ()
    """Accounts that ought to be seen and are not."""
    seen: tuple[Covered, ...] = ()
    unwatched: tuple[Covered, ...] = ()

    @property
    def watched(self) -> int:
        """How many accounts are looked at."""
        return len(self.needing) + len(self.seen)


@dataclass(frozen=True, slots=True)
class WatchTopic:
    """The watch of one world, for whoever looks at it: of the activation in force, or the last one."""

    mode: Mode
    act: Act = Act.READ_CRISIS

    @classmethod
    def of(cls, mode: Mode) -> Self:
        """By the page's mode."""
        return cls(mode)

    async def read(self, look: Look) -> View:
        """How it stands now: read once for everybody."""
        return await look.once((WatchTopic, self.mode), lambda: self._read(look))

    def fragments(self, found: View, render: Renderer) -> Mapping[str, str]:
        """The one block that changes."""
        return {"standing": render(PAGE, "standing", **context(found, render))}

    async def _read(self, look: Look) -> View:
        session = look.session
        activation = await activations.find_latest(session, self.mode)
        if activation is None:
            return View(None, self.mode, "", is_over=True)
        found = await list_breaches(session, self.mode, activation_id=activation.id)
        waiting = await list_planned(session, self.mode, activation_id=activation.id)
        is_over = activation.stood_down_at is not None
        covered = [] if is_over else await coverage.read(session, activation.id, look.crisis.watched)
        return View(
            activation.id,
            self.mode,
            activation.title,
            is_over,
            tuple(each for each in reversed(found) if each.is_open),
            tuple(each for each in reversed(found) if not each.is_open),
            tuple(sorted(waiting, key=lambda each: (each.state is not PlannedState.LEFT, each.due_at))),
            tuple(each for each in covered if each.sight in NEEDING),
            tuple(each for each in covered if each.sight.is_watched and each.sight not in NEEDING),
            tuple(each for each in covered if not each.sight.is_watched),
        )


def context(view: View, tongue: Tongue) -> dict[str, Any]:
    """What the block is rendered from. ``tongue``: a visit, or the renderer of a language."""

    def every(seconds: float) -> str:
        if seconds < MINUTE:
            return tongue.gettext("hvert %(seconds)s. sekund", seconds=round(seconds))
        minutes = round(seconds / MINUTE)
        return (
            tongue.gettext("hvert minutt")
            if minutes == 1
            else tongue.gettext("hvert %(minutes)s. minutt", minutes=minutes)
        )

    return {
        "view": view,
        "mode": view.mode,
        "SHOWN": SHOWN,
        "state_words": lambda each: tongue.gettext(STATES[each]),
        "planned_words": lambda each: tongue.gettext(PLANNED[each]),
        "sight_words": lambda each: tongue.gettext(SIGHTS[each]),
        "why": lambda error: reason(tongue, error, None),
        "every": every,
    }
