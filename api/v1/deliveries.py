"""Deliveries: how an activation stands, and every delivery of a revision."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import CrisisReader, TheCrisis
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.deliveries import DeliveryOut, StatusOut
from api.v1.schemas.shape import Id
from crisis.activations import service
from crisis.deliveries import ledger
from crisis.deliveries.states import DeliveryState
from crisis.messages import drafts

router = APIRouter(tags=["deliveries"], route_class=Door, responses=problems(404))


@router.get("/activations/{activation_id}/status", summary="How an activation's messages stand, counted")
async def status(activation_id: Id, crisis: TheCrisis, _: CrisisReader) -> StatusOut:
    """Per account and language, per channel, and in all. The counts always add up to the deliveries."""
    async with crisis.db.transaction() as session:
        activation = await service.get(session, activation_id)
        return StatusOut.of(activation, await ledger.lines(session, activation_id))


@router.get("/revisions/{revision_id}/deliveries", summary="List a revision's deliveries")
async def list_deliveries(
    revision_id: Id,
    crisis: TheCrisis,
    _: CrisisReader,
    at: At,
    state: Annotated[DeliveryState | None, Query()] = None,
    channel: Annotated[str | None, Query(max_length=50)] = None,
) -> Page[DeliveryOut]:
    """Of a recipient's number at most the last two digits are shown."""
    async with crisis.db.transaction() as session:
        await drafts.get(session, revision_id)
        rows = await ledger.items(session, revision_id, after=at.after, most=at.most, state=state, channel=channel)
    return at.page(rows, DeliveryOut.of, lambda row: row.id)
