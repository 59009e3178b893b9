"""Deliveries: how an activation stands, every delivery of a revision, and what a person decides about one."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import CrisisReader, TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.deliveries import CheckedOut, DecidedOut, DecisionIn, DeliveryOut, StatusOut
from api.v1.schemas.shape import Id
from crisis.activations import service
from crisis.bootstrap import outside_of
from crisis.deliveries import ledger
from crisis.deliveries.checks import check
from crisis.deliveries.decisions import decide
from crisis.deliveries.states import DeliveryState
from crisis.limits.service import troubles
from crisis.messages import drafts
from crisis.messages.rendered import CHANNEL_NAMES

router = APIRouter(tags=["deliveries"], route_class=Door, responses=problems(404))


@router.get("/activations/{activation_id}/status", summary="How an activation's messages stand, counted")
async def status(activation_id: Id, crisis: TheCrisis, _: CrisisReader) -> StatusOut:
    """Per account and language, per channel, and in all. The counts always add up to the deliveries. ``troubles`` says which
    providers do not answer now, in sentences to show.
    """
    async with crisis.db.transaction() as session:
        activation = await service.get(session, activation_id)
        lines = await ledger.lines(session, activation_id)
        return StatusOut.of(activation, lines, await troubles(session, activation.mode, CHANNEL_NAMES))


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


@router.post("/deliveries/{delivery_id}/check", summary="Look at a delivery now", responses=problems(409))
async def check_delivery(delivery_id: Id, crisis: TheCrisis, actor: Who) -> CheckedOut:
    """Reads only. What is unknown_final and found becomes accepted; of a public post it says whether the public sees it."""
    return CheckedOut.model_validate(await check(crisis.db, actor, delivery_id, outside_of(crisis.settings)))


@router.post(
    "/deliveries/{delivery_id}/decide", summary="Decide about an unknown_final delivery", responses=problems(409)
)
async def decide_delivery(delivery_id: Id, wanted: DecisionIn, crisis: TheCrisis, actor: Who) -> DecidedOut:
    """``send_again`` flags it as a repeat; ``mark_sent`` may carry the link to where it can be seen; ``drop`` lets it be."""
    validity = timedelta(seconds=crisis.settings.validity_seconds)
    decided = await decide(crisis.db, actor, delivery_id, wanted.decision, validity=validity, url=wanted.url)
    return DecidedOut.model_validate(decided)
