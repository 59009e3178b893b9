"""Closing: after a stand-down every account is looked at once more, for what came out between the last look and the end.

An account that is looked at every quarter of an hour would otherwise leave the last quarter of the lock unseen.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.mode import Mode

LAG = timedelta(seconds=10)
"""A platform lists a post some seconds after it came out: a look within so long after the end may have missed one."""
CLOSING = timedelta(hours=1)
"""How long after the end an account that fails is tried."""


async def ended(session: AsyncSession, mode: Mode) -> Sequence[Activation]:
    """The activations whose last look may be due: those of a mode that ended lately."""
    since = func.now() - Activation.stood_down_at
    wanted = (
        select(Activation).filter_by(mode=mode, state=ActivationState.STOOD_DOWN).where(since.between(LAG, CLOSING))
    )
    return (await session.scalars(wanted.order_by(Activation.id))).all()
