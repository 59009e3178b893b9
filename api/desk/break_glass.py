"""Break-glass codes: making them, how many are left, and acknowledging that one was used."""

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.confirm import asked_first
from api.desk.login import entrance
from api.desk.route import PageRoute, TheVisit
from api.desk.visit import Visit
from crisis import clock
from crisis.errors import NotFound
from crisis.roles import Act, Role
from crisis.tongue import roles
from crisis.users import break_glass
from crisis.users.break_glass import ROLES, VALID

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/break-glass")
async def show(visit: TheVisit) -> Response:
    """What was used and by whom, and what is left."""
    visit.require(Act.ACKNOWLEDGE_BREAK_GLASS)
    return await _page(visit)


@router.post("/break-glass")
async def make(visit: TheVisit) -> Response:
    """Ten new codes, to print: shown this once."""
    actor = visit.require(Act.MANAGE_USERS)
    if asked := await asked_first(visit):
        return asked
    said = str((await visit.form()).get("role", ""))
    role = next((each for each in ROLES if each.value == said), None)
    if role is None:
        return await _page(visit)
    codes = await break_glass.make(visit.crisis.db, entrance(visit).passwords, actor, role)
    return await _page(visit, role, codes)


@router.post("/break-glass/{code_id:int}/acknowledge")
async def acknowledge(visit: TheVisit, code_id: int) -> Response:
    """Seen, and quiet again. Twice is no error: somebody else was first."""
    visit.require(Act.ACKNOWLEDGE_BREAK_GLASS)
    try:
        await break_glass.acknowledge(visit.crisis.db, visit.actor, code_id, how=visit.signed_in.how)
    except NotFound:
        return visit.to("/break-glass")
    return visit.to("/break-glass", said=visit.gettext("Det er notert at du har sett det."))


async def _page(visit: Visit, role: Role | None = None, codes: Sequence[str] = ()) -> Response:
    async with visit.crisis.db.transaction() as session:
        alarms, left = await break_glass.alarms(session), await break_glass.left(session)
    return await visit.page(
        "break-glass",
        alarms=alarms,
        left=left,
        roles=ROLES,
        role_names=roles.NAMES,
        made_for=role,
        codes=codes,
        until=clock.now() + VALID,
    )
