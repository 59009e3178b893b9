"""Stories: a message as a whole. Seen, taken back as a false alarm in one act, taken down, or what failed of it tried at once."""

from fastapi import APIRouter

from api.deps import CrisisReader, TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.v1.schemas.shape import Id
from api.v1.schemas.stories import (
    MessageOut,
    RetractedOut,
    RetractIn,
    RetractionPlanOut,
    TriedAgainOut,
    WithdrawnDeliveryOut,
    WithdrawnOut,
)
from crisis.deliveries import impatience, promises
from crisis.deliveries.delivery_withdrawal import withdraw_delivery
from crisis.deliveries.withdrawals import withdraw_message
from crisis.messages import drafts

router = APIRouter(tags=["messages"], route_class=Door, responses=problems(404, 409))


@router.get("/messages/{message_id}", summary="One message, with every revision and what it promises")
async def get(message_id: Id, crisis: TheCrisis, _: CrisisReader) -> MessageOut:
    """``promise`` is the next update that people were told to wait for; ``late`` are those that came after their time."""
    async with crisis.db.transaction() as session:
        message, revisions = await drafts.message(session, message_id)
        warning = crisis.settings.promise_warning_seconds
        promised = await promises.standing(session, warning, message_id=message_id)
        return MessageOut.of(message, revisions, promised, await promises.late(session, message_id=message_id))


@router.get("/messages/{message_id}/retraction", summary="See what a retraction would say, and to how many")
async def preview_retraction(message_id: Id, crisis: TheCrisis, actor: Who) -> RetractionPlanOut:
    """It was made ready with the alert. Changes nothing."""
    return RetractionPlanOut.of(await crisis.desk.preview_retraction(actor, message_id))


@router.post("/messages/{message_id}/retract", summary="False alarm: take the message back, everywhere it went")
async def retract(message_id: Id, crisis: TheCrisis, actor: Who, given: RetractIn | None = None) -> RetractedOut:
    """Puts out the texts that were made ready with the alert, to everyone anything of the message was attempted for, and ends
    the message. One request: there is nothing to write and nothing to approve first.
    """
    return RetractedOut.of(await crisis.desk.retract(actor, message_id, (given or RetractIn()).reason))


@router.post("/messages/{message_id}/withdraw", summary="Take the message down, everywhere that can be done")
async def withdraw(message_id: Id, crisis: TheCrisis, actor: Who) -> WithdrawnOut:
    """Cancels what has not gone out, and takes down what is out in public. Text messages cannot be called back: ``advice``
    says what to do about those. Tells nobody anything: a correction or the retraction does.
    """
    return WithdrawnOut.model_validate(await withdraw_message(crisis.db, actor, message_id, crisis.capabilities))


@router.post("/messages/{message_id}/try-again", summary="Try now what failed and waits")
async def try_again(message_id: Id, crisis: TheCrisis, actor: Who) -> TriedAgainOut:
    """Instead of when the engine would. Only what was surely not processed: what is out, or may be, is left alone. Harmless to
    ask twice.
    """
    return TriedAgainOut.model_validate(await impatience.try_again(crisis.db, actor, message_id))


@router.post("/deliveries/{delivery_id}/withdraw", tags=["deliveries"], summary="Take one post down")
async def withdraw_one(delivery_id: Id, crisis: TheCrisis, actor: Who) -> WithdrawnDeliveryOut:
    """Or cancel one delivery that has not gone out. 409 when a newer revision has changed the same post."""
    return WithdrawnDeliveryOut.model_validate(
        await withdraw_delivery(crisis.db, actor, delivery_id, crisis.capabilities)
    )
