"""Appointments: who was given the right to send, and by whom; for the directors, until one of them has seen it."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.route import PageRoute, TheVisit
from crisis.errors import NotFound
from crisis.roles import Act
from crisis.tongue import roles
from crisis.tongue.texts import lazily as N_
from crisis.users import appointments
from crisis.users.models import Given

router = APIRouter(route_class=PageRoute, include_in_schema=False)
HOW: Final[Mapping[Given, str]] = {
    Given.ADDED: N_("%(by)s la til %(name)s."),
    Given.CHANGED: N_("%(by)s ga %(name)s en annen rolle."),
    Given.RESET: N_("%(by)s laget en ny innloggingslenke for %(name)s."),
    Given.ENABLED: N_("%(by)s slapp inn %(name)s igjen."),
    Given.PROVIDER: N_("Kommunens innlogging ga %(name)s rollen."),
}
"""What was done."""


@router.get("/appointments")
async def show(visit: TheVisit) -> Response:
    """What nobody has seen yet, and what to do where it is not in order."""
    visit.require(Act.ACKNOWLEDGE_APPOINTMENT)
    async with visit.crisis.db.transaction() as session:
        rows = await appointments.waiting(session, visit.signed_in)
    return await visit.page("appointments", rows=rows, how=HOW, role_names=roles.NAMES)


@router.post("/appointments/{appointment_id:int}/acknowledge")
async def acknowledge(visit: TheVisit, appointment_id: int) -> Response:
    """Seen, and quiet again. Twice is no error: somebody else was first."""
    actor = visit.require(Act.ACKNOWLEDGE_APPOINTMENT)
    try:
        await appointments.acknowledge(visit.crisis.db, actor, appointment_id, signed_in=visit.signed_in)
    except NotFound:
        return visit.to("/appointments")
    return visit.to("/appointments", said=visit.gettext("Det er notert at du har sett det."))
