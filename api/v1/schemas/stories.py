"""What becomes of a message as a whole, as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from api.v1.schemas.messages import PreviewOut, RevisionOut
from api.v1.schemas.promises import LateOut, PromiseOut
from api.v1.schemas.shape import Shape
from crisis.deliveries.delivery_withdrawal import Outcome
from crisis.deliveries.promises import Late, Promise
from crisis.messages.models import Message, Revision
from crisis.messages.outcome import Retracted
from crisis.messages.plan import Plan
from crisis.mode import Mode

REASON_MOST = 500


class MessageOut(Shape):
    """One message, from the alert to its end."""

    id: int
    mode: Mode
    activation_id: int
    created_at: datetime
    retracted_at: datetime | None
    retracted_by: str | None
    withdrawn_at: datetime | None = Field(description="When its newest approved revision was withdrawn.")
    withdrawn_by: str | None
    revisions: list[RevisionOut]
    promise: PromiseOut | None = Field(description="Null where nothing is promised, or not any more.")
    late: list[LateOut]

    @classmethod
    def of(
        cls, message: Message, revisions: Sequence[Revision], promised: Sequence[Promise], late: Sequence[Late]
    ) -> Self:
        """From the domain's parts; ``revisions`` oldest first."""
        newest = next((each for each in reversed(revisions) if each.approved_at is not None), None)
        return cls(
            id=message.id,
            mode=message.mode,
            activation_id=message.activation_id,
            created_at=message.created_at,
            retracted_at=message.retracted_at,
            retracted_by=message.retracted_by,
            withdrawn_at=None if newest is None else newest.withdrawn_at,
            withdrawn_by=None if newest is None else newest.withdrawn_by,
            revisions=[RevisionOut.model_validate(each) for each in revisions],
            promise=PromiseOut.of(promised[0]) if promised else None,
            late=[LateOut.model_validate(each) for each in late],
        )


class RetractIn(Shape):
    """Why it is taken back: for the record, and in no text that goes out."""

    reason: str = Field(default="", max_length=REASON_MOST, examples=["Feil mal ble sendt under test."])


class RetractionPlanOut(Shape):
    """What a retraction would say now, and to how many. Both are empty where nobody had been sent anything."""

    previews: list[PreviewOut]
    deliveries: dict[str, int]
    problems: list[str]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """From the desk's."""
        return cls(
            previews=[PreviewOut.of(preview) for preview in plan.previews],
            deliveries=dict(plan.deliveries),
            problems=list(plan.problems),
        )


class RetractedOut(Shape):
    """What a retraction did. Nothing follows the message any more."""

    message_id: int
    outcome: Literal["retracted", "cancelled"] = Field(
        description="`cancelled`: nobody had been sent anything, so nothing is sent; what waited never goes out."
    )
    retracted_at: datetime | None
    retracted_by: str | None
    revision: RevisionOut | None = Field(description="The retraction that is on its way.")
    deliveries: dict[str, int]
    cancelled: int = Field(description="Deliveries that had not gone out and now never will.")

    @classmethod
    def of(cls, done: Retracted) -> Self:
        """From the desk's."""
        return cls(
            message_id=done.message.id,
            outcome="cancelled" if done.revision is None else "retracted",
            retracted_at=done.message.retracted_at,
            retracted_by=done.message.retracted_by,
            revision=None if done.revision is None else RevisionOut.model_validate(done.revision),
            deliveries=dict(done.deliveries),
            cancelled=done.cancelled,
        )


class WithdrawnOut(Shape):
    """What withdrawing a message did, in deliveries by channel."""

    message_id: int
    cancelled: dict[str, int] = Field(description="Had not gone out, and never will.")
    taking_down: dict[str, int] = Field(description="Out in public, or perhaps: being taken down.")
    waited_for: int = Field(description="Of taking_down: taken down when it is known where they are.")
    beyond_recall: dict[str, int] = Field(
        description="Begun, and no one can call them back. A correction or the retraction goes to exactly those."
    )
    advice: str = Field(description="What is left for a person to do; empty where there is nothing.")


class TriedAgainOut(Shape):
    """What is tried at once."""

    message_id: int
    deliveries: int = Field(description="Had failed and waited, and are tried now. 0: nothing waited.")


class WithdrawnDeliveryOut(Shape):
    """What asking to take one delivery down did."""

    id: int
    channel: str
    account: str
    outcome: Outcome
    answer: str = Field(description="What happens now, and what is left for a person to do, in plain words.")
    url: str | None
