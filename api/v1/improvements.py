"""Improvements: what is to be better next time, until it is done or dropped."""

from fastapi import APIRouter

from api.deps import CrisisReader, TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.improvements import ImprovementOut, OutcomeIn
from api.v1.schemas.shape import Id
from crisis.drills import improvements

router = APIRouter(prefix="/improvements", tags=["reports"], route_class=Door, responses=problems(404, 409))


@router.get("", summary="List open improvements, the one due first first")
async def list_open(crisis: TheCrisis, _: CrisisReader, at: At) -> Page[ImprovementOut]:
    """Of drills and of real crises. What became of the others stands in the reports."""
    async with crisis.db.transaction() as session:
        return at.cut(await improvements.list_open(session), ImprovementOut.of, lambda each: each.id)


@router.post("/{improvement_id}/close", summary="Say that an improvement is done or dropped")
async def close(improvement_id: Id, given: OutcomeIn, crisis: TheCrisis, actor: Who) -> ImprovementOut:
    """With what was done, or why not. 409 for one that is closed already."""
    return ImprovementOut.of(await improvements.close(crisis.db, actor, improvement_id, given.state, given.outcome))
