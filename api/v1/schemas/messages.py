"""Messages and their revisions as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from api.v1.schemas.shape import Number, Shape
from crisis.channels import Unit
from crisis.messages.desk import Approved
from crisis.messages.models import Kind, RevisionState
from crisis.messages.plan import Plan, Preview

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


class RevisionIn(DraftIn):
    """A new draft. An alert begins a message; every other kind names the message it goes on with. A retraction is not
    written: POST /v1/messages/{message_id}/retract.
    """

    activation_id: Number
    kind: Kind
    message_id: Number | None = None


class SaveIn(DraftIn):
    """A draft's new text."""

    built_on: Number = Field(description="`saves` of the revision as the editor had it before them.")


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
    state: RevisionState
    saves: int
    written_by: str
    written_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    warned_at: datetime | None = Field(description="When the desk was warned that the promised update is soon due.")
    missed_at: datetime | None = Field(description="When it was put on record that it did not come in time.")
    withdrawn_at: datetime | None
    withdrawn_by: str | None


class LengthOut(Shape):
    """How long a text is, in its channel's own unit."""

    unit: Unit
    count: int


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

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """From the desk's."""
        return cls(
            previews=[PreviewOut.of(preview) for preview in plan.previews],
            deliveries=dict(plan.deliveries),
            people=None if plan.people is None else ReachOut.model_validate(plan.people),
            retraction=[PreviewOut.of(preview) for preview in plan.retraction],
            problems=list(plan.problems),
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
