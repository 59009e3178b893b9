"""Parties: what the desk calls those who have read a message."""

from collections.abc import Mapping
from typing import Final

from crisis.logbook.models import Party
from crisis.tongue.texts import lazily as N_

PARTIES: Final[Mapping[Party, str]] = {
    Party.SWITCHBOARD: N_("Sentralbordet"),
    Party.EMPLOYEES: N_("De ansatte"),
    Party.SPOKESPERSON: N_("Talspersonen"),
    Party.UNIT: N_("En enhet"),
    Party.STAFF: N_("Krisestaben"),
}
