"""Activations as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import Field

from api.v1.schemas.accounts import TroubleOut
from api.v1.schemas.promises import PromiseOut
from api.v1.schemas.shape import Shape
from crisis.activations.drain import OpenPermit, Unresolved
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.deliveries.promises import Promise
from crisis.levers.handover import Access
from crisis.limits.service import Trouble
from crisis.mode import Mode


class ActivationIn(Shape):
    """What is declared. There is no default for ``mode``: an exercise and a crisis must not be taken for each other."""

    mode: Mode
    title: str = Field(max_length=2000, examples=["Kvikkleireskred ved Moen"])
    playbook: str | None = Field(
        default=None,
        max_length=200,
        description="The id of an approved playbook, for its message templates, targets, roles and checklists.",
        examples=["kvikkleireskred"],
    )


class StandDownIn(Shape):
    """How the activation ends."""

    access: Access = Field(
        default=Access.ALL,
        description="To whom what was taken at the platforms is given back now. ``unit_by_unit``: to nobody before it is asked for.",
    )


class RestoreIn(Shape):
    """To whom it is given back."""

    unit: str | None = Field(default=None, max_length=200, description="One unit; without it, everybody.")


class RestoredOut(Shape):
    """What is being given back, within seconds."""

    account_ids: list[int]


class ActivationRow(Shape):
    """One activation."""

    id: int
    mode: Mode
    title: str
    state: ActivationState
    epoch: int
    activated_by: str
    activated_at: datetime
    confirmed_at: datetime | None
    stood_down_by: str | None
    stood_down_at: datetime | None
    playbook_id: str | None = Field(description="The playbook it was set with.")


class Activated(ActivationRow):
    """The answer to an activation: who holds it is ``activated_by``. ``created`` is false when it was in force already."""

    created: bool

    @classmethod
    def of(cls, activation: Activation, *, created: bool) -> Self:
        """From its row."""
        return cls(**ActivationRow.model_validate(activation).model_dump(), created=created)


class PermitOut(Shape):
    """A unit's post that started before the lock and has not ended."""

    id: int
    delivery_id: int
    channel: str
    account: str
    text: str
    opened_at: datetime
    host: str
    pid: int

    @classmethod
    def of(cls, permit: OpenPermit) -> Self:
        """From the drain's."""
        return cls(
            id=permit.id,
            delivery_id=permit.delivery_id,
            channel=permit.channel,
            account=permit.account,
            text=permit.text,
            opened_at=permit.opened_at,
            host=permit.holder.host_name,
            pid=permit.holder.pid,
        )


class UnresolvedOut(Shape):
    """A unit's post that may be out although nobody heard."""

    delivery_id: int
    state: str
    channel: str
    account: str
    text: str
    started_at: datetime | None


class ActivationOut(ActivationRow):
    """An activation, and by name what of the units' may still go out or may be out. All are empty after standing down."""

    open_permits: list[PermitOut]
    unresolved: list[UnresolvedOut]
    troubles: list[TroubleOut] = Field(description="Accounts that are not as usual now, each with a sentence to show.")
    promises: list[PromiseOut] = Field(description="The updates that its messages promise, the most urgent first.")

    @classmethod
    def of(
        cls,
        activation: Activation,
        permits: Sequence[OpenPermit],
        unresolved: Sequence[Unresolved],
        troubles: Sequence[Trouble],
        promised: Sequence[Promise],
    ) -> Self:
        """From the domain's parts."""
        return cls(
            **ActivationRow.model_validate(activation).model_dump(),
            open_permits=[PermitOut.of(permit) for permit in permits],
            unresolved=[UnresolvedOut.model_validate(post) for post in unresolved],
            troubles=[TroubleOut.model_validate(trouble) for trouble in troubles],
            promises=[PromiseOut.of(promise) for promise in promised],
        )
