"""Coverage: which accounts are watched in an activation, how freshly each was seen, and what cannot be watched and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

FEED: Final = "feed"
"""Among the intervals, beside the channels' names: that of feeds."""
LATE: Final = timedelta(minutes=2)
"""A look that is this late means that nobody looks."""

_READ = text(
    """
    SELECT x.id, x.channel, x.name, x.unit, x.address IS NOT NULL AND x.address <> '' AS is_connected,
           x.feed_url IS NOT NULL AND x.feed_url <> '' AS has_feed, w.id IS NOT NULL AS has_watch, w.looked_at, w.next_at,
           coalesce(w.failures, 0) AS failures, w.error, coalesce(w.is_absent, FALSE) AS is_absent, a.activated_at, now() AS now
    FROM accounts x JOIN activations a ON a.id = :activation
    LEFT JOIN watches w ON w.account_id = x.id AND w.activation_id = a.id
    WHERE x.state = 'active' AND (CAST(:account AS int) IS NULL OR x.id = :account)
    ORDER BY x.unit, x.channel, x.name
    """
)


class Sight(StrEnum):
    """How well an account is seen."""

    FAILING = "failing"
    """The last looks showed nothing, because something went wrong."""
    LATE = "late"
    """Its turn has passed and nobody looks: no standby of this mode is running."""
    ABSENT = "absent"
    """It is not at the platform any more."""
    SEEN = "seen"
    WAITING = "waiting"
    """Nobody has looked yet."""
    NOT_CONNECTED = "not_connected"
    """The platform would show it, and the account is not connected; nor has it a feed."""
    NO_WAY = "no_way"
    """This service sees nothing on the platform, and the account has no feed."""

    @property
    def is_watched(self) -> bool:
        """Somebody looks, or would if it went well."""
        return self not in {Sight.NOT_CONNECTED, Sight.NO_WAY}


WORST_FIRST: Final = tuple(Sight)


@dataclass(frozen=True, slots=True)
class Covered:
    """One account."""

    account_id: int
    channel: str
    account: str
    unit: str
    sight: Sight
    by_feed: bool
    """Looked at by its feed instead of through the platform."""
    every: float | None
    """Seconds between two looks, where it is watched."""
    looked_at: datetime | None
    """The last look that showed something, or that there was nothing."""
    next_at: datetime | None
    failing_since: datetime | None
    """From when nothing was seen, while looks fail: the last that showed something, or the lock."""
    error: str | None


async def read(
    session: AsyncSession, activation_id: int, intervals: Mapping[str, float], *, account_id: int | None = None
) -> list[Covered]:
    """Every account in use, what needs a person first. ``intervals``: seconds by channel that can be watched, and by :data:`FEED`."""
    rows = await session.execute(_READ, {"activation": activation_id, "account": account_id})
    found = [_covered(row, intervals) for row in rows]
    return sorted(found, key=lambda each: WORST_FIRST.index(each.sight))


def _covered(row: Row[Any], intervals: Mapping[str, float]) -> Covered:
    by_channel = row.is_connected and row.channel in intervals
    by_feed = not by_channel and row.has_feed and FEED in intervals
    every = intervals[row.channel] if by_channel else intervals[FEED] if by_feed else None
    sight = _sight(row, intervals, is_watched=every is not None)
    failing = row.failures > 0 and not row.is_absent and every is not None
    return Covered(
        *(row.id, row.channel, row.name, row.unit, sight, by_feed, every, row.looked_at, row.next_at),
        failing_since=(row.looked_at or row.activated_at) if failing else None,
        error=row.error if failing else None,
    )


def _sight(row: Row[Any], intervals: Mapping[str, float], *, is_watched: bool) -> Sight:
    if not is_watched:
        return Sight.NOT_CONNECTED if row.channel in intervals else Sight.NO_WAY
    if not row.has_watch:
        return Sight.LATE if row.activated_at < row.now - LATE else Sight.WAITING
    if row.is_absent:
        return Sight.ABSENT
    if row.next_at < row.now - LATE:
        return Sight.LATE
    if row.failures:
        return Sight.FAILING
    return Sight.SEEN if row.looked_at else Sight.WAITING
