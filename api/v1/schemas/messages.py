"""Messages and their revisions as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from api.v1.schemas.shape import LARGEST_INT, Number, Shape
from crisis.channels import Unit
from crisis.messages.faults import Fault
from crisis.messages.hints.hint import Hint
from crisis.messages.models import Kind, RevisionState
from crisis.messages.outcome import Approved
from crisis.messages.plan import Plan, Preview
from crisis.messages.release import REASON_MOST

CONTENTS: Mapping[str, Any] = {
    "nb": {
        "headline": "Skred ved Moen: Gå ut av området nå",
        "what_happened": "Det har gått et kvikkleireskred ved Moen. Det er fare for flere skred.",
        "where": "Moen og Elvesletta",
        "what_to_do": ["Gå ut av området.", "Møt på Fjordhallen."],
        "leads": "Politiet",
        "contact": "Sentralbordet 74 00 00 00",
    }
}


class DraftIn(Shape):
    """The text of a draft: ``contents`` is ``{language: fields}``, the primary language always among them."""

    contents: dict[str, Any] = Field(examples=[CONTENTS])
    next_update_at: datetime | None = Field(default=None, description="Needed for every kind but all_clear.")
    audience_id: Number | None = Field(
        default=None,
        description=(
            "Who gets it by SMS: of an alert, all of it; of an update, all of it and everyone an earlier revision was attempted "
            "for; a correction or an all_clear goes to the latter alone."
        ),
    )
    finished: bool = Field(
        default=True,
        description=(
            "False keeps what is typed so far, with empty fields and placeholders. What is missing then stops the approval, and the "
            "preview names it."
        ),
    )


class RevisionIn(DraftIn):
    """A new draft. An alert begins a message; every other kind names the message it goes on with. A retraction is not
    written: POST /v1/messages/{message_id}/retract.
    """

    activation_id: Number
    kind: Kind
    message_id: Number | None = None
    hazard: str | None = Field(
        default=None, max_length=40, description="Of an alert: what has happened, such as landslide or flood."
    )
    channels: list[str] | None = Field(
        default=None, max_length=20, description="Where it goes, beside the crisis page; everywhere when null."
    )


class SaveIn(DraftIn):
    """A draft's new text."""

    built_on: Number = Field(description="`saves` of the revision as the editor had it before them.")


class TextIn(Shape):
    """One language of a draft as typed so far."""

    fields: dict[str, Any] = Field(examples=[CONTENTS["nb"]])
    built_on: int = Field(
        ge=0, le=LARGEST_INT, description="`saves` of this part as the editor had it; 0 of a new one."
    )


class ReasonIn(Shape):
    """Why it is sent back."""

    reason: str = Field(min_length=1, max_length=REASON_MOST)


class ApproveIn(Shape):
    """How to approve."""

    leave_out: list[str] = Field(
        default_factory=list,
        max_length=50,
        description="Translations that are not finished and wait; kept for what follows. Never the primary language.",
    )


class RevisionOut(Shape):
    """One numbered version of a message."""

    id: int
    message_id: int
    number: int
    kind: Kind
    supersedes_id: int | None
    contents: dict[str, Any]
    next_update_at: datetime | None
    audience_id: int | None
    channels: list[str] | None
    state: RevisionState
    saves: int
    part_saves: dict[str, Any] = Field(
        description="The same of each language, and of `terms` (audience, channels, next update), by itself."
    )
    authors: list[str]
    written_by: str
    written_at: datetime
    submitted_by: str | None
    submitted_at: datetime | None
    returned_by: str | None
    returned_at: datetime | None
    returned_for: str | None
    left_out: dict[str, Any] = Field(description="Translations that were not finished when it went out, as typed.")
    approved_by: str | None
    approved_at: datetime | None
    warned_at: datetime | None = Field(description="When the desk was warned that the promised update is soon due.")
    missed_at: datetime | None = Field(description="When it was put on record that it did not come in time.")
    withdrawn_at: datetime | None
    withdrawn_by: str | None


class OffenderOut(Shape):
    """A character that costs, and where it stands (from 0)."""

    character: str
    position: int


class LengthOut(Shape):
    """How long a text is, in its channel's own unit."""

    unit: Unit
    count: int
    used: int = Field(description="Septets or UTF-16 units of an SMS; elsewhere the same as count.")
    encoding: str | None = Field(description="GSM-7 or UCS-2 of an SMS.")
    offenders: list[OffenderOut] = Field(description="Characters that make an SMS UCS-2, or that X refuses.")


class PreviewOut(Shape):
    """One channel and language of a revision exactly as it would go out, with what stops it."""

    channel: str
    language: str
    accounts: list[str]
    title: str
    text: str
    html: str | None
    length: LengthOut
    problems: list[str]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        """From the desk's."""
        rendered = preview.rendered
        return cls(
            channel=preview.channel,
            language=preview.language,
            accounts=list(preview.accounts),
            title=rendered.title,
            text=rendered.text,
            html=rendered.html,
            length=LengthOut.model_validate(rendered.length),
            problems=list(preview.problems),
        )


class ReachOut(Shape):
    """Whom a revision goes to by SMS, counted by what will write it."""

    people: int
    attempted: int = Field(description="Of people: an earlier revision was attempted for them.")
    left_out: int = Field(
        description="Were to get an earlier revision, were never attempted, and get nothing of this one either."
    )
    erased: int = Field(description="Earlier attempts at people who are not in the register any more.")


class FaultOut(Shape):
    """One reason why it cannot go out, and where to mend it."""

    code: str
    language: str | None
    field: str | None
    item: int | None
    said: str

    @classmethod
    def of(cls, fault: Fault) -> Self:
        """From the desk's."""
        return cls.model_validate(fault)


class CostOut(Shape):
    """About what its text messages cost."""

    parts: int
    kroner: float


class HintOut(Shape):
    """Something to look at before sending. Stops nothing."""

    id: str
    language: str
    field: str
    item: int | None
    start: int
    end: int
    found: str
    fix: str | None = Field(description="The whole new text of the field, where one is offered.")

    @classmethod
    def of(cls, hint: Hint) -> Self:
        """From the desk's."""
        place = hint.place
        return cls(
            id=hint.id,
            language=place.language,
            field=place.field,
            item=place.item,
            start=place.start,
            end=place.end,
            found=hint.found,
            fix=hint.fix.text if hint.fix else None,
        )


class PlanOut(Shape):
    """What approving would do: every text, how many deliveries per channel, and everything that stops it."""

    previews: list[PreviewOut]
    deliveries: dict[str, int]
    people: ReachOut | None = Field(description="Null where it goes to no people.")
    retraction: list[PreviewOut] = Field(
        description="What would be said if it proved a false alarm: one POST away once this is approved."
    )
    problems: list[str] = Field(
        description="The retraction's too: an alert that could not be taken back does not go out."
    )
    faults: list[FaultOut] = Field(description="The same, with the place of each.")
    cost: CostOut | None = Field(description="Null where there are no text messages.")

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """From the desk's."""
        return cls(
            previews=[PreviewOut.of(preview) for preview in plan.previews],
            deliveries=dict(plan.deliveries),
            people=None if plan.people is None else ReachOut.model_validate(plan.people),
            retraction=[PreviewOut.of(preview) for preview in plan.retraction],
            problems=list(plan.problems),
            faults=[FaultOut.of(fault) for fault in plan.faults],
            cost=None if plan.cost is None else CostOut.model_validate(plan.cost),
        )


class ApprovedOut(Shape):
    """What approving did."""

    revision: RevisionOut
    deliveries: dict[str, int]
    cancelled: int = Field(description="Deliveries of earlier revisions that had not gone out and now never will.")

    @classmethod
    def of(cls, approved: Approved) -> Self:
        """From the desk's."""
        return cls(
            revision=RevisionOut.model_validate(approved.revision),
            deliveries=dict(approved.deliveries),
            cancelled=approved.cancelled,
        )
