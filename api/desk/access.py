"""Access: what was taken at the platforms during the lock, given back unit by unit, or to all, when it is over."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.channels import channel_name
from api.desk.route import PageRoute, TheVisit
from crisis.activations import service as activations
from crisis.activations.states import ActivationState
from crisis.levers import handover
from crisis.levers import service as levers
from crisis.levers.states import LeverState
from crisis.roles import Act
from crisis.tongue.texts import lazily as N_

router = APIRouter(route_class=PageRoute, include_in_schema=False)
STATES = {
    LeverState.WANTED: N_("ikke rørt"),
    LeverState.PULLING: N_("tilgangen fjernes nå"),
    LeverState.PULLED: N_("tilgangen er fjernet"),
    LeverState.INCOMPLETE: N_("tilgangen er delvis fjernet"),
    LeverState.FAILED: N_("tilgangen er kanskje fjernet"),
    LeverState.ABSENT: N_("kontoen finnes ikke lenger hos plattformen"),
    LeverState.RESTORING: N_("tilgangen gis tilbake nå"),
    LeverState.RESTORED: N_("tilgangen er gitt tilbake"),
    LeverState.BY_HAND: N_("må gis tilbake for hånd hos plattformen"),
}


@router.get("/activations/{activation_id:int}/access")
async def show(activation_id: int, visit: TheVisit) -> Response:
    """By unit, what was taken, and whether it is given back."""
    visit.require(Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        activation = await activations.get(session, activation_id)
        visit.mode = activation.mode
        units = await handover.read(session, activation.mode, activation.id)
    values: dict[str, Any] = {
        "activation": activation,
        "units": units,
        "states": STATES,
        "is_over": activation.state is ActivationState.STOOD_DOWN,
        "channel_name": lambda channel: channel_name(visit, channel),
    }
    if visit.is_partial:
        return await visit.block("access", "units", **values)
    return await visit.page("access", **values)


@router.post("/activations/{activation_id:int}/access")
async def give_back(activation_id: int, visit: TheVisit) -> Response:
    """Give back to one unit, or to all."""
    form, _ = await visit.form(), visit.gettext
    unit = str(form.get("unit", "")) or None
    async with visit.crisis.db.transaction() as session:
        visit.mode = (await activations.get(session, activation_id)).mode
    await levers.restore(visit.crisis.db, visit.actor, activation_id, unit)
    said = (
        _("Tilgangen gis tilbake til alle nå. Det tar noen sekunder.")
        if unit is None
        else _("Tilgangen gis tilbake til %(unit)s nå. Det tar noen sekunder.", unit=unit)
    )
    return visit.to(f"/activations/{activation_id}/access", said=said)
