"""The board: how it stands, on one page; and in ordinary times, the way to set the crisis staff."""

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.improvements import offered
from api.desk.live import Look, watched
from api.desk.route import AnyVisit, PageRoute, TheVisit
from api.desk.setup import TARGET_WORDS
from api.desk.situation import PAGE, BoardTopic, context
from api.desk.stream import over
from crisis.activations import service as activations
from crisis.mode import Mode
from crisis.playbooks.plan import of_activation
from crisis.roles import Act, Role, can

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
async def show(visit: TheVisit) -> Response:
    """What somebody meets first. A unit's editor meets the unit's own desk."""
    if visit.actor.role is Role.UNIT:
        return visit.to("/posts")
    if visit.actor.role is Role.ADMIN:
        return visit.to("/accounts")
    visit.require(Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        look = Look(visit.crisis, session)
        found = await look.status(visit.mode)
        if found.activation is None:
            drill = await activations.find_latest(session, Mode.EXERCISE)
            last = await activations.find_latest(session, Mode.ACTUAL)
            return await visit.page(
                "start", status=200, drill=drill, last=last, troubles=found.troubles, improvements=await offered(visit)
            )
        topic = BoardTopic(found.activation.id, visit.mode, can(visit.actor, Act.READ_LOG))
        situation = await topic.read(look)
        plan = await of_activation(session, found.activation.id)
    values = context(situation, visit)
    if visit.is_partial:
        return await visit.block(PAGE, "standing", **values)
    targets = [] if plan is None else [(TARGET_WORDS[measure], length) for measure, length in plan.within.items()]
    return await visit.page(PAGE, activation=found.activation, plan=plan, targets=targets, **values)


@router.get("/board/{activation_id:int}/live")
async def watch(activation_id: int, visit: AnyVisit) -> Response:
    """The same, for as long as somebody looks."""
    if not visit.is_signed_in:
        return over()
    async with visit.crisis.db.transaction() as session:
        activation = await activations.get(session, activation_id)
    return watched(visit, BoardTopic(activation.id, activation.mode, can(visit.actor, Act.READ_LOG)))
