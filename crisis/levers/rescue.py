"""Rescue: giving back what was taken with no worker running, from the database and the platforms alone.

It does what the duty does, in the process that asks, for some levers, and tells what each has come to. A worker that runs all the
same is no trouble: each lever is in one pair of hands at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

from crisis.db import Database
from crisis.levers import kept
from crisis.levers.duty import Levers
from crisis.levers.kept import Kept
from crisis.levers.states import LeverState
from crisis.mode import Mode

_PAUSE = 0.2  # seconds between looks for what is due
_ENDS = frozenset({LeverState.RESTORED, LeverState.ABSENT, LeverState.BY_HAND})


async def rescue(db: Database, levers: Levers, mode: Mode, ids: Sequence[int], patience: float) -> AsyncIterator[Kept]:
    """Give these levers back; each of them as it ends, and after ``patience`` seconds those that have not, as they are then.

    They must have been marked to be given back (:func:`crisis.levers.service.restore`).
    """
    loop = asyncio.get_running_loop()
    end, left = loop.time() + patience, set(ids)
    while left:
        await levers.give_back(sorted(left))
        async with db.transaction() as session:
            now = [each for each in await kept.read(session, mode) if each.id in left]
        is_over = loop.time() >= end
        for each in now:
            if is_over or each.is_given_back or each.state in _ENDS:
                left.discard(each.id)
                yield each
        left &= {each.id for each in now}
        if left:
            await asyncio.sleep(_PAUSE)
