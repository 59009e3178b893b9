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
    audience_id: Number | None = Field(default=None, description="Who gets it by SMS.")


class RevisionIn(DraftIn):
    """A new draft. An alert begins a message; every other kind names the message it goes on with."""

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


class PlanOut(Shape):
    """What approving would do: every text, how many deliveries per channel, and everything that stops it."""

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
