"""The ways a unit's post can start, what there is of each to start, and what became of it.

``now``, ``scheduled`` come out of a stock; what is tried again after "surely not processed" is a ``retry``, and after "nobody
knows" and a look a ``reconcile``. ``api``, ``cli`` and ``desk`` came through that door, and ``pointer`` is the web editors' own text,
which no permit holds back and which is counted apart.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

STOCK = 120
"""Deliveries kept ready of each account's, so that senders never starve."""
SPREAD = 6.0
"""Seconds over which a stock of scheduled posts comes due."""
AGAIN_SPREAD = 0.2
"""The same for those that run again after a lock."""


class Way(StrEnum):
    """How a post came to start."""

    NOW = "now"
    SCHEDULED = "scheduled"
    RETRY = "retry"
    RECONCILE = "reconcile"
    API = "api"
    CLI = "cli"
    DESK = "desk"
    POINTER = "pointer"


IN_STOCK = (Way.NOW, Way.SCHEDULED, Way.RETRY)
"""An account each. What the one called ``retry`` starts with counts as ``now``."""
THROUGH_DOORS = (Way.API, Way.CLI, Way.DESK)

_ACCOUNT = text(
    """
    INSERT INTO accounts (channel, name, unit, address) VALUES ('facebook', :way, 'lageret', '1')
    ON CONFLICT (channel, name, unit) DO UPDATE SET address = '1' RETURNING id
    """
)
_STOCK = text(
    """
    WITH post AS (
        INSERT INTO posts (mode, account_id, text, language, publish_at, created_by)
        VALUES ('actual', :account, :way, 'nb', now(), 'race') RETURNING id
    ), rendition AS (
        INSERT INTO renditions (mode, post_id, channel, language, kind, title, text, length, thread, issued_at)
        SELECT 'actual', post.id, 'facebook', 'nb', 'post', '', :way, 4, '', now()
        FROM post, generate_series(1, :count) RETURNING id
    )
    INSERT INTO deliveries (mode, lane, gated, rendition_id, account_id, due_at)
    SELECT 'actual', 'unit', true, id, :account, now() + CASE WHEN :way = 'scheduled' THEN random() * :spread ELSE 0 END * interval '1 second'
    FROM rendition
    """
)
_LEFT = text("SELECT count(*) FROM deliveries WHERE account_id = :account AND state IN ('ready', 'blocked')")
# What was blocked runs again, at its time where it has one: the race does what an owner would, for every post at once.
_AGAIN = text(
    """
    UPDATE deliveries SET state = 'ready', due_at = now() + CASE WHEN account_id = :scheduled THEN :spread * random() ELSE 0 END * interval '1 second'
    WHERE state = 'blocked' AND lane = 'unit'
    """
)
# How an attempt came about: the outcome of the one before it, or where the post came from.
_WAY = """
    CASE WHEN d.lane = 'public' THEN 'pointer'
         WHEN last.outcome = 'unknown' THEN 'reconcile' WHEN last.outcome = 'retry_wait' THEN 'retry'
         WHEN split_part(r.text, ' ', 1) = 'retry' THEN 'now' ELSE split_part(r.text, ' ', 1) END
"""
_STARTED = text(
    f"""
    SELECT a.delivery_id, a.number, {_WAY} AS way FROM attempts a
    JOIN deliveries d ON d.id = a.delivery_id JOIN renditions r ON r.id = d.rendition_id
    LEFT JOIN attempts last ON last.delivery_id = a.delivery_id AND last.number = a.number - 1
    """
)
_STANDING = text(
    f"""
    SELECT {_WAY} AS way, count(*) FROM deliveries d JOIN renditions r ON r.id = d.rendition_id
    LEFT JOIN attempts last ON last.delivery_id = d.id AND last.number = d.attempts
    WHERE d.state = ANY(:states) GROUP BY 1
    """
)


@dataclass
class Tally:
    """Posts of each way: calls that were started, posts that met the lock, and posts that a confirmation listed."""

    started: Counter[str] = field(default_factory=Counter)
    blocked: Counter[str] = field(default_factory=Counter)
    unresolved: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterable[str]:
        """A line for each way."""
        for way in Way:
            yield (
                f"  {way:10} started {self.started[way]:8,}   blocked {self.blocked[way]:8,}   "
                f"unresolved {self.unresolved[way]:6,}"
            )


async def accounts(session: AsyncSession) -> dict[Way, int]:
    """The stock's accounts, made where they are not there."""
    return {way: int((await session.execute(_ACCOUNT, {"way": way.value})).scalar_one()) for way in IN_STOCK}


async def fill(session: AsyncSession, stock: dict[Way, int]) -> None:
    """See that there is enough of everything."""
    for way, account in stock.items():
        if (await session.execute(_LEFT, {"account": account})).scalar_one() < STOCK // 2:
            values = {"account": account, "way": way.value, "count": STOCK, "spread": SPREAD}
            await session.execute(_STOCK, values)


async def run_again(session: AsyncSession, stock: dict[Way, int]) -> None:
    """Let what was blocked run again."""
    await session.execute(_AGAIN, {"scheduled": stock[Way.SCHEDULED], "spread": AGAIN_SPREAD})


async def standing(session: AsyncSession, *states: str) -> Counter[str]:
    """How many posts of each way are in these states."""
    return Counter({row[0]: row[1] for row in await session.execute(_STANDING, {"states": list(states)})})


async def of_attempts(session: AsyncSession) -> dict[tuple[int, int], str]:
    """``{(delivery, attempt): way}`` of every attempt on record."""
    return {(row[0], row[1]): row[2] for row in await session.execute(_STARTED)}
