"""Accounts: every outlet the municipality has, what the lock is worth on each, and what needs a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.channels import channel_name
from api.desk.lock_view import Shown, shown
from api.desk.route import PageRoute, TheVisit
from api.desk.visit import Visit
from crisis.accounts import service
from crisis.activations.service import find_current
from crisis.limits import overview
from crisis.limits.overview import Need, Standing
from crisis.messages.rendered import CHANNEL_NAMES
from crisis.roles import Act

router = APIRouter(route_class=PageRoute, include_in_schema=False)
URGENT_MOST = 20
"""Accounts that are named at the top; the lock board has the rest."""
LIST = "list"
"""The part of the page that htmx fetches anew."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's accounts, and who answers for them."""

    name: str
    leaders: Sequence[str]
    rows: Sequence[Standing]


@router.get("/accounts")
async def show(visit: TheVisit) -> Response:
    """What needs a person first, then every account by unit. ``?unit=`` and ``?channel=`` narrow it down."""
    visit.require(Act.READ_CRISIS)
    asked = visit.request.query_params
    unit, channel = asked.get("unit") or None, asked.get("channel") or None
    async with visit.crisis.db.transaction() as session:
        everyone = await service.list_accounts(session)
        activation = await find_current(session, visit.mode)
        proofs = await shown(visit, session, activation, unit)
        found = await overview.read(
            session,
            visit.mode,
            visit.crisis.capabilities,
            CHANNEL_NAMES,
            locked=activation is not None,
            unit=unit,
            channel=channel,
        )
    order = {number: place for place, number in enumerate(proofs)}
    urgent = sorted(
        (each for each in found if _is_urgent(each, proofs)),
        key=lambda each: (each.need is not Need.MEND, order.get(each.account.id, -1)),
    )
    context: dict[str, Any] = {
        "activation": activation,
        "proofs": proofs,
        "urgent": urgent[:URGENT_MOST],
        "more_urgent": len(urgent[URGENT_MOST:]),
        "units": _by_unit(visit, [each for each in found if each.need is not Need.NOT_IN_USE]),
        "closed": [each for each in found if each.need is Need.NOT_IN_USE],
        "count": len(found),
        "total": len(everyone),
        "unit": unit,
        "channel": channel,
        "unit_names": sorted({each.unit for each in everyone}),
        "channels": sorted({each.channel for each in everyone}, key=lambda each: channel_name(visit, each).casefold()),
        "query": visit.request.url.query,
        "editors_unit": visit.crisis.settings.editors_unit,
        "channel_name": lambda each: channel_name(visit, each),
        "Need": Need,
    }
    if visit.is_partial:
        return await visit.block("accounts", LIST, **context)
    return await visit.page("accounts", **context)


def _is_urgent(standing: Standing, proofs: Mapping[int, Shown]) -> bool:
    """Its provider is in trouble, or its lock needs somebody."""
    proof = proofs.get(standing.account.id)
    return standing.trouble is not None or (proof is not None and bool(proof.needs))


def _by_unit(visit: Visit, rows: Sequence[Standing]) -> Sequence[Unit]:
    """The web editors' first: theirs carry the crisis messages."""
    ours = visit.crisis.settings.editors_unit
    ordered = sorted(rows, key=lambda each: (each.account.unit != ours, each.account.unit, each.need))
    return [
        Unit(name, sorted({each.account.leader for each in held if each.account.leader}), held)
        for name, held in ((name, list(group)) for name, group in groupby(ordered, key=lambda each: each.account.unit))
    ]
