"""Tally: how the expectations of several drills came out, counted."""

from collections import Counter
from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.drills.models import DrillExpectation
from crisis.drills.states import ExpectationState


async def tallies(session: AsyncSession, drill_ids: Collection[int]) -> Mapping[int, Counter[ExpectationState]]:
    """``{drill: how many expectations are in each state}``, in one query; a drill without any is there, and empty."""
    found: dict[int, Counter[ExpectationState]] = {each: Counter() for each in drill_ids}
    counted = (
        select(DrillExpectation.drill_id, DrillExpectation.state, func.count())
        .where(DrillExpectation.drill_id.in_(drill_ids))
        .group_by(DrillExpectation.drill_id, DrillExpectation.state)
    )
    for drill_id, state, count in await session.execute(counted):
        found[drill_id][state] = count
    return found
