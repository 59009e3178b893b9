"""Pointers as JSON."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.v1.schemas.shape import Number, Shape
from crisis.mode import Mode
from crisis.pointers.service import Standing
from crisis.pointers.wording import MOST


class PointerIn(Shape):
    """A text for locked accounts to publish: where people find what is said."""

    text: str = Field(max_length=MOST, examples=["Følg krise.fjordvik.kommune.no for informasjon."])
    mode: Mode = Mode.ACTUAL


class PointerPostOut(Shape):
    """The pointer as one account carries it."""

    id: int
    created_by: str
    created_at: datetime
    delivery_id: int
    state: str
    error: str | None
    url: str | None
    since: datetime


class PlaceOut(Shape):
    """One account that could carry it."""

    account_id: int
    channel: str
    account: str
    unit: str
    post: PointerPostOut | None = Field(description="Where it has published the pointer.")
    problem: str | None = Field(description="Why it cannot, where it cannot.")


class PointerOut(Shape):
    """The pointer of an activation. No account can publish it before it is approved."""

    id: int
    mode: Mode
    activation_id: int
    text: str
    written_by: str
    written_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    alone_from: datetime | None = Field(
        description="When whoever wrote it may approve it alone, where two people are asked for."
    )
    places: list[PlaceOut]

    @classmethod
    def of(cls, found: Standing) -> Self:
        """From the domain's."""
        pointer = found.pointer
        return cls(
            id=pointer.id,
            mode=pointer.mode,
            activation_id=pointer.activation_id,
            text=pointer.text,
            written_by=pointer.written_by,
            written_at=pointer.written_at,
            approved_by=pointer.approved_by,
            approved_at=pointer.approved_at,
            alone_from=found.alone_from,
            places=[PlaceOut.model_validate(place) for place in found.places],
        )


class PublishIn(Shape):
    """The accounts to publish it through."""

    account_ids: list[Number] = Field(min_length=1, max_length=1000)
    mode: Mode = Mode.ACTUAL


class PublishedOut(Shape):
    """What publishing came to."""

    posts: dict[int, int] = Field(description="``{account: post}``.")
    before: list[int] = Field(description="Accounts that had published it before: nothing was done with them.")


class WithdrawnOut(Shape):
    """What withdrawing came to."""

    cancelled: int = Field(description="Posts of it that had not gone out, and never will.")
