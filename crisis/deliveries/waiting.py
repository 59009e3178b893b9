"""Waiting: what a lane will have before long, though nothing can be claimed now. A sender with so little to wait for stays."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text

from crisis.db import Line
from crisis.lanes import Lane
from crisis.mode import Mode

# Ready, and for no other reason than its time: what is to be tried again has had its turn.
_SOON = text(
    """
    SELECT (SELECT CAST(extract(epoch FROM min(due_at) - clock_timestamp()) AS float8) FROM deliveries
            WHERE mode = :mode AND lane = :lane AND state IN ('ready', 'retry_wait') AND state = 'ready'
              AND due_at > now()),
           EXISTS (SELECT 1 FROM deliveries
            WHERE mode = :mode AND lane = :lane AND state IN ('ready', 'retry_wait') AND due_at <= now()
              AND (deadline_at IS NULL OR deadline_at > now()) AND account_id = ANY(CAST(:held AS int[]))),
           EXISTS (SELECT 1 FROM deliveries
            WHERE mode = :mode AND lane = :lane AND state IN ('ready', 'retry_wait') AND due_at <= now()
              AND crashes > 0)
    """
)


class Soon(NamedTuple):
    """What a lane waits for."""

    ready_in: float | None
    """Seconds until the next row that waits for its time alone; ``None`` when there is none."""
    held: bool
    """Rows are due of accounts that are held back."""
    frail: bool
    """Rows are due that have lost their sender before."""


async def soon(through: Line, mode: Mode, lane: Lane, held: Sequence[int]) -> Soon:
    """What will be due before long, though nothing can be claimed now."""
    values = {"mode": mode.value, "lane": lane.value, "held": list(held)}
    ((seconds, waits, lost),) = await through.rows(_SOON, values)
    return Soon(None if seconds is None else max(0.0, seconds), waits, lost)
