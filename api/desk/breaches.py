"""Breaches: what came out past the lock and is not ours, what somebody does about it, and how well the accounts are watched."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.live import Look, watched
from api.desk.navigation import in_mode
from api.desk.reasons import reason
from api.desk.route import AnyVisit, PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.stream import over
from api.desk.visit import Visit
from api.desk.watch_view import PAGE, STATES, WatchTopic, context
from crisis.bootstrap import outside_of
from crisis.errors import Conflict, Invalid
from crisis.roles import Act
from crisis.watch import breaches, service
from crisis.watch.breaches import Standing
from crisis.watch.models import BreachState
from crisis.watch.service import MOVES

router = APIRouter(route_class=PageRoute, include_in_schema=False)
TYPED: Final = ("reached", "said", "reason")


@router.get("/breaches")
async def show(visit: TheVisit) -> Response:
    """What nobody has dealt with first; then what was planned at the platforms, and who was last seen when."""
    visit.require(Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        view = await WatchTopic(visit.mode).read(Look(visit.crisis, session))
    values = context(view, visit)
    if visit.is_partial:
        return await visit.block(PAGE, "standing", **values)
    return await visit.page(PAGE, **values)


@router.get("/breaches/live")
async def watch(visit: AnyVisit) -> Response:
    """The same, for as long as somebody looks."""
    if not visit.is_signed_in:
        return over()
    return watched(visit, WatchTopic(visit.mode))


@router.get("/breaches/{breach_id:int}")
async def show_one(breach_id: int, visit: TheVisit) -> Response:
    """One breach: what is out, whom to reach, and the three acts."""
    visit.require(Act.READ_CRISIS)
    return await _page(visit, breach_id)


@router.post("/breaches/{breach_id:int}/contact")
async def contact(breach_id: int, visit: TheVisit) -> Response:
    """Write down who was reached, and what was said."""
    actor, form, _ = visit.require(Act.HANDLE_BREACH), await visit.form(), visit.gettext
    typed = {name: str(form.get(name, "")) for name in ("reached", "said")}
    try:
        done = await service.contact(visit.crisis.db, actor, breach_id, **typed)
    except Invalid as error:
        where = "reached" if not typed["reached"].strip() or "reached" in error.summary else "said"
        return await _page(visit, breach_id, typed, {where: told(visit, error.summary)})
    except Conflict as error:
        return await _page(visit, breach_id, typed, changed=told(visit, _first(error)))
    return visit.to(
        in_mode("/breaches", done.mode), said=_("Skrevet ned: %(who)s er kontaktet.", who=typed["reached"].strip())
    )


@router.post("/breaches/{breach_id:int}/take-down")
async def take_down(breach_id: int, visit: TheVisit) -> Response:
    """Ask the platform, and look whether it is gone."""
    actor = visit.require(Act.HANDLE_BREACH)
    try:
        done = await service.take_down(visit.crisis.db, actor, breach_id, outside_of(visit.crisis.settings))
    except Conflict as error:
        return await _page(visit, breach_id, changed=told(visit, _first(error)))
    if not done.is_gone:
        return await _page(visit, breach_id, changed=told(visit, done.answer))
    return visit.to(in_mode("/breaches", done.breach.mode), said=told(visit, done.answer))


@router.post("/breaches/{breach_id:int}/accept")
async def accept(breach_id: int, visit: TheVisit) -> Response:
    """Let it stand, with a reason."""
    actor, form, _ = visit.require(Act.HANDLE_BREACH), await visit.form(), visit.gettext
    typed = {"reason": str(form.get("reason", ""))}
    try:
        done = await service.accept(visit.crisis.db, actor, breach_id, **typed)
    except Invalid as error:
        return await _page(visit, breach_id, typed, {"reason": told(visit, error.summary)})
    except Conflict as error:
        return await _page(visit, breach_id, typed, changed=told(visit, _first(error)))
    return visit.to(in_mode("/breaches", done.mode), said=_("Skrevet ned: innlegget får stå."))


async def _page(
    visit: Visit,
    breach_id: int,
    typed: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    changed: str = "",
) -> Response:
    async with visit.crisis.db.transaction() as session:
        breach = await breaches.get(session, breach_id)
        owners = await service.owners(session, breach, visit.crisis.numbers)
    visit.mode = breach.mode
    return await visit.page(
        "breach",
        status=422 if problems else 409 if changed else 200,
        breach=breach,
        owners=owners,
        word=STATES[breach.state],
        refused=reason(visit, breach.refused, None),
        typed=dict.fromkeys(TYPED, "") | (typed or {}),
        problems=dict.fromkeys(TYPED, "") | (problems or {}),
        changed=changed,
        **_acts(visit, breach),
    )


def _acts(visit: Visit, breach: Standing) -> dict[str, Any]:
    held = visit.crisis.capabilities.get(breach.channel)
    moves = MOVES[breach.state]
    return {
        "may_contact": BreachState.CONTACTED in moves,
        "may_take_down": BreachState.TAKEN_DOWN in moves and held is not None and held.withdraw,
        "may_accept": BreachState.ACCEPTED in moves,
    }


def _first(error: Exception) -> str:
    """Its sentence as it was said: with its blanks, so that it can be said in another language."""
    return str(error) if not error.args else error.args[0]
