"""Navigation: the desk's pages, and who finds them in the menu."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from crisis.mode import Mode
from crisis.roles import PLAYED, Act, Actor, can
from crisis.tongue.texts import lazily as N_

MODE: Final = "mode"
"""In an address: whose page it is. A page that does not say shows what is actual."""


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the menu: shown to whoever may do ``act``, or to everybody."""

    path: str
    name: str
    act: Act | None = None


PLACES: Final = (
    Place("/", N_("Tavle")),
    Place("/messages", N_("Meldinger"), Act.READ_CRISIS),
    Place("/accounts", N_("Kontoer"), Act.READ_CRISIS),
    Place("/breaches", N_("Vakthold"), Act.READ_CRISIS),
    Place("/posts", N_("Egne innlegg"), Act.POST),
    Place("/audiences", N_("Mottakere"), Act.MANAGE_AUDIENCES),
    Place("/switchboard", N_("Sentralbord"), Act.READ_CRISIS),
    Place("/log", N_("Logg"), Act.READ_LOG),
    Place("/drills", N_("Øvelser"), Act.RUN_DRILL),
    Place("/users", N_("Brukere"), Act.MANAGE_USERS),
    Place("/contacts", N_("Kontaktpersoner"), Act.MANAGE_ACCOUNTS),
    Place("/settings", N_("Oppsett"), Act.MANAGE_ACCOUNTS),
    Place("/help", N_("Hjelp")),
)


def of(person: Actor, part: Actor | None = None) -> Sequence[Place]:
    """What somebody's menu has: what they may do themselves; and of what is done in a crisis, what the part may that they play."""
    played = part or person
    return [place for place in PLACES if place.act is None or can(played if place.act in PLAYED else person, place.act)]


def mode_of(said: object) -> Mode:
    """The mode that an address or a form says."""
    return Mode.EXERCISE if said == Mode.EXERCISE.value else Mode.ACTUAL


def in_mode(path: str, mode: Mode, **query: object) -> str:
    """The address of a page of this mode. What is empty of ``query`` is left out."""
    given = {MODE: mode.value} if mode is Mode.EXERCISE else {}
    asked = urlencode(given | {name: str(value) for name, value in query.items() if value not in {None, ""}})
    return f"{path}?{asked}" if asked else path
