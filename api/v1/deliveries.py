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
from crisis import status as statuses
from crisis.bootstrap import Crisis, outside_of
from crisis.deliveries import items
from crisis.deliveries.checks import check
from crisis.deliveries.decisions import decide
from crisis.deliveries.states import DeliveryState
from crisis.messages import drafts
from crisis.mode import Mode

router = APIRouter(tags=["deliveries"], route_class=Door, responses=problems(404))


@router.get("/status", summary="How it stands now, counted")
async def status_now(crisis: TheCrisis, _: CrisisReader, mode: Annotated[Mode, Query()] = Mode.ACTUAL) -> StatusOut:
    """Of the activation in force, per account and language, per channel, and in all. The counts always add up to the
    deliveries. ``troubles`` says which providers do not answer now, in sentences to show.
    """
    return await _status(crisis, mode, None)


@router.get("/activations/{activation_id}/status", summary="How an activation's messages stand, counted")
async def status(activation_id: Id, crisis: TheCrisis, _: CrisisReader) -> StatusOut:
    """The same of one that may be over."""
    return await _status(crisis, Mode.ACTUAL, activation_id)


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
        rows = await items.of_revision(session, revision_id, after=at.after, most=at.most, state=state, channel=channel)
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


async def _status(crisis: Crisis, mode: Mode, activation_id: int | None) -> StatusOut:
    warning = crisis.settings.promise_warning_seconds
    async with crisis.db.transaction() as session:
        return StatusOut.of(await statuses.read(session, mode, warning_seconds=warning, activation_id=activation_id))
