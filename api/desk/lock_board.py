"""The lock board: what the lock is worth on every account, what needs a person first; and the answers that come by telephone."""

from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.live import Look, watched
from api.desk.lock_view import PAGE, LockTopic, Narrowing, context
from api.desk.route import AnyVisit, PageRoute, TheVisit
from api.desk.stream import over
from api.desk.typed import number
from crisis.activations import service as activations
from crisis.errors import Conflict
from crisis.notifications.service import acknowledge_by_telephone
from crisis.roles import Act

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/activations/{activation_id:int}/lock-board")
async def show(visit: TheVisit, activation_id: int) -> Response:
    """One page of it. ``?unit=``, ``?state=`` and ``?page=`` narrow it down."""
    visit.require(Act.READ_CRISIS)
    narrowing = Narrowing.of(visit.request.query_params)
    async with visit.crisis.db.transaction() as session:
        activation = await activations.get(session, activation_id)
        visit.mode = activation.mode
        view = await LockTopic(activation.id, activation.mode, narrowing).read(Look(visit.crisis, session))
    values = context(view, visit)
    if visit.is_partial:
        return await visit.block(PAGE, "standing", **values)
    return await visit.page(PAGE, activation=activation, **values)


@router.get("/activations/{activation_id:int}/lock-board/live")
async def watch(activation_id: int, visit: AnyVisit) -> Response:
    """The same, for as long as somebody looks."""
    if not visit.is_signed_in:
        return over()
    async with visit.crisis.db.transaction() as session:
        activation = await activations.get(session, activation_id)
    return watched(visit, LockTopic(activation.id, activation.mode, Narrowing.of(visit.request.query_params)))


@router.post("/activations/{activation_id:int}/lock-board/answers")
async def answer(visit: TheVisit, activation_id: int) -> Response:
    """Write down that somebody has said on the telephone that nothing will be published."""
    form, _ = await visit.form(), visit.gettext
    async with visit.crisis.db.transaction() as session:
        visit.mode = (await activations.get(session, activation_id)).mode
    actor = visit.require(Act.CONFIRM_SILENCE)
    back = _back(activation_id, str(form.get("back", "")))
    try:
        done = await acknowledge_by_telephone(visit.crisis.db, actor, activation_id, number(form.get("contact")))
    except Conflict:
        return visit.to(back, said=_("Krisestaben er avsluttet, så ingen trenger å svare lenger. Ingenting er endret."))
    if not done.created:
        return visit.to(back, said=_("%(name)s hadde alt svart. Ingenting er endret.", name=done.name))
    return visit.to(back, said=_("Skrevet ned: %(name)s sier at ingenting legges ut.", name=done.name))


def _back(activation_id: int, query: str) -> str:
    """To the part of the board they were looking at."""
    narrowed = Narrowing.of(dict(parse_qsl(query))).query()
    return f"/activations/{activation_id}/lock-board" + (f"?{narrowed}" if narrowed else "")
