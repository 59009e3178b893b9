"""Handover: how what was taken at the platforms is given back when an activation is over: to all at once, or unit by unit.

Unit by unit is for the morning after: the director calls each unit leader, hears that they are ready, and gives theirs back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.db import Database
from crisis.levers import kept, service
from crisis.levers.kept import Kept
from crisis.levers.states import LeverState
from crisis.mode import Mode
from crisis.roles import Actor


class Access(StrEnum):
    """To whom access is given back at the stand-down."""

    ALL = "all"
    UNIT_BY_UNIT = "unit_by_unit"
    """What was taken stays taken until somebody gives it back to a unit, or to all. Publishing through this service is open."""


@dataclass(frozen=True, slots=True)
class UnitAccess:
    """One unit's accounts that something was taken on."""

    unit: str
    accounts: Sequence[Kept]

    @property
    def is_held_back(self) -> bool:
        """Something waits for somebody to give it back."""
        return any(each.held_back for each in self.accounts)

    @property
    def by_hand(self) -> Sequence[Kept]:
        """What a person has to give back at the platform."""
        return [each for each in self.accounts if each.state is LeverState.BY_HAND]

    @property
    def is_done(self) -> bool:
        """Everything is given back."""
        return all(each.state in {LeverState.RESTORED, LeverState.ABSENT} for each in self.accounts)


async def stand_down(db: Database, actor: Actor, activation_id: int, access: Access = Access.ALL) -> Activation:
    """End an activation, and say to whom access is given back: one act, in one transaction. Raises as
    :func:`crisis.activations.service.stand_down`.
    """
    async with db.together():
        if access is Access.UNIT_BY_UNIT:
            await service.hold_back(db, actor, activation_id)
        return await activations.stand_down(db, actor, activation_id)


async def read(session: AsyncSession, mode: Mode, activation_id: int) -> list[UnitAccess]:
    """By unit, the accounts that something was taken on. Those where nothing was ever changed are left out."""
    found = [each for each in await kept.read(session, mode, activation_id) if each.saved is not None]
    return [UnitAccess(unit, list(rows)) for unit, rows in groupby(found, key=lambda each: each.unit)]
