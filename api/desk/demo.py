"""The demo's entrance: in as any role with one press. It exists where ``crisis up --demo`` plays a municipality, and nowhere else."""

from fastapi import APIRouter
from starlette.responses import Response

from api.desk import cookies
from api.desk.route import AnyVisit, PageRoute
from api.desk.visit import Visit
from crisis.errors import NotFound
from crisis.roles import Actor, Role
from crisis.tongue import roles
from crisis.users import sessions
from crisis.users.models import How

router = APIRouter(route_class=PageRoute, include_in_schema=False)
UNIT = "biblioteket"
"""The unit of the demo's unit editor: Fjordvik's library has accounts."""


@router.get("/demo")
async def ask(visit: AnyVisit) -> Response:
    """Every role there is, as a button."""
    _only_in_the_demo(visit)
    return await visit.page("demo", role_names=roles.NAMES)


@router.post("/demo")
async def enter(visit: AnyVisit) -> Response:
    """In."""
    _only_in_the_demo(visit)
    said = str((await visit.form()).get("role", ""))
    role = next((each for each in roles.NAMES if each.value == said), None)
    if role is None:
        return await visit.page("demo", role_names=roles.NAMES)
    unit = {Role.UNIT: UNIT, Role.EDITOR: visit.crisis.settings.editors_unit}.get(role)
    actor, browser = Actor(visit.gettext(roles.NAMES[role]), role, unit), cookies.browser_of(visit)
    secret = await sessions.begin(
        visit.crisis.db, actor, How.DEMO, agent=browser.agent, address=browser.address, language=visit.language
    )
    return cookies.let_in(visit, visit.to("/"), secret)


def _only_in_the_demo(visit: Visit) -> None:
    if not visit.crisis.settings.demo:
        raise NotFound("page", visit.request.url.path)
