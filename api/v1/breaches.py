"""Breaches: posts that came out during a lock and are not ours, and the three acts on each; what is watched, and what was planned."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import CrisisReader, TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.breaches import AcceptIn, BreachOut, ContactIn, CoveredOut, PlannedOut, TakenDownOut
from api.v1.schemas.shape import Id
from crisis.activations import service as activations
from crisis.bootstrap import outside_of
from crisis.mode import Mode
from crisis.schedules.planned import list_planned
from crisis.watch import breaches, coverage, service

router = APIRouter(tags=["breaches"], route_class=Door, responses=problems(404, 409))
OfMode = Annotated[Mode, Query()]


@router.get("/breaches", summary="List breaches, oldest first")
async def list_breaches(
    crisis: TheCrisis,
    _: CrisisReader,
    at: At,
    *,
    mode: OfMode = Mode.ACTUAL,
    is_open: Annotated[bool, Query(description="Only those that nobody has dealt with.")] = False,
) -> Page[BreachOut]:
    """Of every activation of this mode."""
    async with crisis.db.transaction() as session:
        rows = await breaches.list_breaches(session, mode, only_open=is_open, after=at.after, most=at.most)
    return at.page(rows, BreachOut.of, lambda row: row.id)


@router.get("/breaches/{breach_id}", summary="One breach")
async def get(breach_id: Id, crisis: TheCrisis, _: CrisisReader) -> BreachOut:
    """As it stands."""
    async with crisis.db.transaction() as session:
        return BreachOut.of(await breaches.get(session, breach_id))


@router.post("/breaches/{breach_id}/contact", summary="Write down that its owner was reached, and what was said")
async def contact(breach_id: Id, wanted: ContactIn, crisis: TheCrisis, actor: Who) -> BreachOut:
    """The breach is not open any more. The post is still there: it may still be taken down, or accepted."""
    done = await service.contact(crisis.db, actor, breach_id, reached=wanted.reached, said=wanted.said)
    return BreachOut.of(done)


@router.post("/breaches/{breach_id}/take-down", summary="Take the post down at its platform")
async def take_down(breach_id: Id, crisis: TheCrisis, actor: Who) -> TakenDownOut:
    """With the credentials that we publish with, then read back. 200 also where the platform refuses: `is_gone` says which."""
    done = await service.take_down(crisis.db, actor, breach_id, outside_of(crisis.settings))
    return TakenDownOut(is_gone=done.is_gone, answer=done.answer, breach=BreachOut.of(done.breach))


@router.post("/breaches/{breach_id}/accept", summary="Let the post stand")
async def accept(breach_id: Id, wanted: AcceptIn, crisis: TheCrisis, actor: Who) -> BreachOut:
    """With a reason, which is on record."""
    return BreachOut.of(await service.accept(crisis.db, actor, breach_id, reason=wanted.reason))


@router.get("/activations/{activation_id}/watch", summary="How well every account is watched")
async def watch(activation_id: Id, crisis: TheCrisis, _: CrisisReader) -> list[CoveredOut]:
    """What needs a person first; also what cannot be watched, and why."""
    async with crisis.db.transaction() as session:
        await activations.get(session, activation_id)
        found = await coverage.read(session, activation_id, crisis.watched)
    return [CoveredOut.model_validate(each) for each in found]


@router.get("/activations/{activation_id}/planned-posts", summary="What was scheduled inside the platforms")
async def planned_posts(activation_id: Id, crisis: TheCrisis, _: CrisisReader, at: At) -> Page[PlannedOut]:
    """Our copy of each post, and what became of it there."""
    async with crisis.db.transaction() as session:
        activation = await activations.get(session, activation_id)
        rows = await list_planned(session, activation.mode, activation_id=activation_id, after=at.after, most=at.most)
    return at.page(rows, PlannedOut.model_validate, lambda row: row.id)
