"""Platform words: what a platform shows when a lever is tried, in the page's language.

Roles and tasks go by the platform's own names, since that is what a person has to look for there.
"""

from collections.abc import Sequence
from typing import Final

from api.desk.visit import Visit
from crisis.channel_access import Access
from crisis.tongue.texts import lazily as N_

FACTS: Final = {
    "left alone": N_("Røres ikke"),
    "application passwords": N_("Programpassord"),
    "sub-account": N_("Underkonto"),
    "delegates": N_("Delegater"),
    "token": N_("Verktøyets nøkkel"),
}
"""What is told beside who can publish. One that is not here goes by its own name."""
WORDS: Final = {
    "active": N_("i bruk"),
    "suspended": N_("stanset"),
    "revoked": N_("opphevet"),
    "token": N_("nøkkel"),
    "password": N_("passord"),
    "delegates": N_("delegater"),
}
"""What it is said to be."""


def facts(visit: Visit, seen: Access) -> Sequence[tuple[str, str]]:
    """Name and value of each fact."""
    return [(visit.gettext(FACTS.get(name, name)), word(visit, value)) for name, value in seen.facts.items()]


def word(visit: Visit, value: str) -> str:
    """One word of a platform's."""
    return visit.gettext(WORDS.get(value, value))
