"""Failover: while an account's breaker is open, its standby carries what has surely not been sent.

The traffic goes over at most once in :data:`crisis.limits.breaker.WELL_SECONDS`, in either direction, and each time is on
record in the audit log. What was in flight stays with the account that carried it, and is looked into there.
"""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.limits.breaker import WELL_SECONDS
from crisis.limits.models import BreakerState, Flow
from crisis.limits.standing import Standing


def is_wanted(flow: Flow, standby: int | None, now: datetime, *, standby_broken: bool) -> bool:
    """Whether the standby should carry the traffic now, given who carries it and since when.

    Nothing goes over to a standby that does not answer either: then both wait, and the first to be well carries it.
    """
    if standby is None:
        return False
    if flow.switched_at is not None and (now - flow.switched_at).total_seconds() < WELL_SECONDS:
        return flow.diverted
    broken = flow.state is not BreakerState.CLOSED
    return broken and (flow.diverted or not standby_broken)


async def settle_direction(session: AsyncSession, standing: Standing, *, standby_broken: bool) -> None:
    """Let the traffic go over, or return, if it should; one of the processes that see it does it, and puts it on record."""
    flow = standing.flow
    wanted = is_wanted(flow, standing.standby, standing.now, standby_broken=standby_broken)
    if wanted == flow.diverted:
        return
    switched = await session.execute(
        update(Flow)
        .where(Flow.mode == flow.mode, Flow.account_id == flow.account_id, Flow.diverted != wanted)
        .where(Flow.switched_at.is_not_distinct_from(flow.switched_at))
        .values(diverted=wanted, switched_at=standing.now)
        .returning(Flow.account_id)
        .execution_options(synchronize_session=False)
    )
    if switched.first() is not None:
        subject = f"account:{flow.account_id}"
        action = "divert_account" if wanted else "return_account"
        await chain.append(session, None, action, subject, mode=flow.mode, standby=standing.standby, why=flow.reason)
    await session.refresh(flow, ["diverted", "switched_at"])
