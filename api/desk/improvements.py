"""Improvements: what is to be better, until it is; those that are open stand on the start page too."""

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.route import PageRoute, TheVisit
from api.desk.typed import number
from api.desk.visit import Visit
from crisis.drills import improvements
from crisis.drills.improvements import OUTCOME_MOST, is_overdue
from crisis.drills.models import Improvement, ImprovementState
from crisis.drills.report.words import IMPROVEMENT_STATES
from crisis.errors import Invalid
from crisis.roles import Act

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/improvements")
async def show(visit: TheVisit) -> Response:
    """The open ones first, the one due first on top; then what became of the last ones."""
    return await _page(visit, 0, "", None)


@router.post("/improvements/{improvement_id:int}")
async def close(visit: TheVisit, improvement_id: int) -> Response:
    """It is done, or dropped; with a word of what was done or why not."""
    actor, form, _ = visit.require(Act.WRITE_LOG), await visit.form(), visit.gettext
    state = ImprovementState.DROPPED if form.get("state") == ImprovementState.DROPPED.value else ImprovementState.DONE
    outcome = str(form.get(f"outcome-{improvement_id}", ""))
    try:
        await improvements.close(visit.crisis.db, actor, improvement_id, state, outcome)
    except Invalid:
        problem = _("Skriv hva som ble gjort, eller hvorfor det droppes. Høyst %(most)s tegn.", most=OUTCOME_MOST)
        return await _page(visit, improvement_id, outcome, problem)
    return visit.to("/improvements", said=_("Notert."))


async def offered(visit: Visit) -> list[tuple[Improvement, bool]]:
    """The open ones, each with whether it is overdue: for the start page, and for whoever starts a drill."""
    async with visit.crisis.db.transaction() as session:
        return [(each, is_overdue(each)) for each in await improvements.list_open(session)]


async def _page(visit: Visit, wrong: int, typed: str, problem: str | None) -> Response:
    visit.require(Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        closed = await improvements.list_closed(session)
    return await visit.page(
        "improvements",
        status=422 if problem else 200,
        open=await offered(visit),
        closed=closed,
        states=IMPROVEMENT_STATES,
        wrong=number(wrong),
        typed=typed,
        problem=problem,
    )
