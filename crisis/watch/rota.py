"""A rota: which account's turn it is next, and what came of the last. Rows under leases, for any number of processes.

The watch has one, and so has the search for planned posts: the same columns in two tables.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import ChannelError, Gone
from crisis.deliveries.cleaned import cleaned
from crisis.mode import Mode
from crisis.watch import pace

LEASE_SECONDS = 60.0
"""Longer than any look may take. Whoever dies while looking is missed for so long."""

_PLAN = """
    INSERT INTO {table} (mode, activation_id, account_id)
    SELECT :mode, :activation, planned.id FROM unnest(CAST(:accounts AS int[])) AS planned(id)
    WHERE NOT EXISTS (SELECT 1 FROM {table} w WHERE w.activation_id = :activation AND w.account_id = planned.id)
    ON CONFLICT DO NOTHING
"""
_CLAIM = """
    WITH due AS (
        SELECT w.id FROM {table} w JOIN accounts x ON x.id = w.account_id AND x.state = 'active'
        WHERE w.activation_id = :activation AND w.next_at <= now() AND (w.lease_until IS NULL OR w.lease_until < now())
          AND (CAST(:unseen_since AS timestamptz) IS NULL OR w.{seen} IS NULL OR w.{seen} < :unseen_since)
        ORDER BY w.next_at, w.id LIMIT :most FOR UPDATE OF w SKIP LOCKED
    )
    UPDATE {table} w
    SET lease = :lease, lease_until = now() + :seconds * interval '1 second', next_at = now() + :seconds * interval '1 second'
    FROM due WHERE w.id = due.id
    RETURNING w.id, w.account_id, w.failures, w.is_absent,
              CAST(extract(epoch FROM clock_timestamp() - w.{seen}) AS float8) AS since_look
"""
# What rang meanwhile has moved ``next_at``, and has its turn again.
_WRITE = """
    UPDATE {table} w
    SET lease = NULL, lease_until = NULL, failures = n.failures, error = n.error, is_absent = n.is_absent,
        {seen} = CASE WHEN n.has_looked THEN clock_timestamp() - n.ago * interval '1 second' ELSE w.{seen} END,
        next_at = CASE WHEN w.next_at = w.lease_until THEN now() + n.wait * interval '1 second' ELSE w.next_at END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:failures AS int[]), CAST(:errors AS text[]), CAST(:absents AS bool[]),
                CAST(:looked AS bool[]), CAST(:agos AS float8[]), CAST(:waits AS float8[]))
         AS n(id, failures, error, is_absent, has_looked, ago, wait)
    WHERE w.id = n.id AND w.lease = :lease
    RETURNING w.id
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look came to, for its row."""

    id: int
    failures: int
    wait: float
    """Seconds to the next one."""
    error: str | None = None
    is_absent: bool = False
    has_looked: bool = False
    """It showed something, or that there was nothing."""
    ago: float = 0.0
    """Seconds since it was answered."""


def came_to(row: Row[Any], error: ChannelError | None, *, every: float, ago: float, chance: random.Random) -> Look:
    """What a look at a claimed row came to. ``every``: seconds between looks that go well; ``ago``: since it was answered."""
    if error is None:
        return Look(row.id, 0, pace.interval(every, chance), has_looked=True, ago=ago)
    failures, is_gone = min(row.failures + 1, 1_000), isinstance(error, Gone)
    wait = pace.backoff(error, failures, every, chance)
    return Look(row.id, failures, wait, error.reason, is_gone or row.is_absent, has_looked=is_gone, ago=ago)


class Rota:
    """The turns of one table: ``seen`` is its column for the last look that showed something."""

    def __init__(self, table: str, seen: str) -> None:
        self._plan, self._claim, self._write = (
            text(each.format(table=table, seen=seen)) for each in (_PLAN, _CLAIM, _WRITE)
        )

    async def plan(self, session: AsyncSession, mode: Mode, activation_id: int, accounts: Sequence[int]) -> int:
        """A row for each account that has none yet; return how many."""
        values = {"mode": mode.value, "activation": activation_id, "accounts": list(accounts)}
        return int((await session.execute(self._plan, values)).rowcount)  # type: ignore[attr-defined]

    async def claim(
        self, session: AsyncSession, activation_id: int, lease: UUID, most: int, *, unseen_since: datetime | None = None
    ) -> Sequence[Row[Any]]:
        """Take at most ``most`` of what is due: id, account_id, failures, is_absent and since_look of each.

        ``unseen_since``: only of those where no look since then has shown anything.
        """
        values = {"activation": activation_id, "lease": lease, "most": most, "seconds": LEASE_SECONDS}
        values["unseen_since"] = unseen_since
        return (await session.execute(self._claim, values)).all()

    async def write(self, session: AsyncSession, lease: UUID, looks: Sequence[Look]) -> set[int]:
        """Write what came of looks, each where the lease is still ours; return which those were."""
        values = {
            "lease": lease,
            "ids": [each.id for each in looks],
            "failures": [each.failures for each in looks],
            "errors": [cleaned(each.error) for each in looks],
            "absents": [each.is_absent for each in looks],
            "looked": [each.has_looked for each in looks],
            "agos": [each.ago for each in looks],
            "waits": [each.wait for each in looks],
        }
        return set((await session.execute(self._write, values)).scalars())
