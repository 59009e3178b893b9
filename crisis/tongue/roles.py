"""Roles: what people call them."""

from collections.abc import Mapping
from typing import Final

from crisis.roles import Role
from crisis.tongue.texts import lazily as N_

NAMES: Final[Mapping[Role, str]] = {
    Role.DIRECTOR: N_("Kommunedirektør eller stedfortreder"),
    Role.EDITOR: N_("Nettredaksjonen"),
    Role.UNIT: N_("Enhetsredaktør"),
    Role.SWITCHBOARD: N_("Sentralbord"),
    Role.SPOKESPERSON: N_("Talsperson"),
    Role.LOGKEEPER: N_("Loggfører"),
    Role.PREPAREDNESS: N_("Beredskapskoordinator"),
    Role.AUDITOR: N_("Revisjon"),
    Role.ADMIN: N_("Administrator"),
}
"""Everything a person may be. The operator is no person at the desk."""
