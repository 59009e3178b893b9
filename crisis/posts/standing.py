"""How posts stand: each with its states and their counts, read from its deliveries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.mode import Mode

# The limit is on posts, not on their states: a post that goes to an audience has several.
_STANDING = """
    WITH page AS (
        SELECT p.* FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.mode = :mode AND (CAST(:unit AS text) IS NULL OR a.unit = :unit) AND p.id > :after
          AND (CAST(:before AS int) IS NULL OR p.id < :before) AND (CAST(:post AS int) IS NULL OR p.id = :post)
          AND (NOT :blocked OR EXISTS (SELECT 1 FROM renditions r JOIN deliveries d ON d.rendition_id = r.id
                                       WHERE r.post_id = p.id AND d.state = 'blocked'))
        ORDER BY p.id {way} LIMIT :most
    )
    SELECT p.id, p.account_id, a.channel, a.name AS account, a.unit, p.title, p.text, p.publish_at, p.created_by,
           p.created_at, d.state, count(*) AS deliveries, min(d.error) AS error, min(d.url) AS url, max(d.changed_at) AS since
    FROM page p JOIN accounts a ON a.id = p.account_id
    JOIN renditions r ON r.post_id = p.id JOIN deliveries d ON d.rendition_id = r.id
    GROUP BY p.id, p.account_id, p.title, p.text, p.publish_at, p.created_by, p.created_at, a.id, d.state
    ORDER BY p.id {way}, d.state
"""
_OLDEST_FIRST = text(_STANDING.format(way=""))
_NEWEST_FIRST = text(_STANDING.format(way="DESC"))


@dataclass(frozen=True, slots=True)
class Standing:
    """A post and how it stands: ``counts`` is ``{state: deliveries}``, one delivery unless it goes to an audience."""

    id: int
    account_id: int
    channel: str
    account: str
    unit: str
    title: str
    text: str
    publish_at: datetime
    created_by: str
    created_at: datetime
    counts: Mapping[str, int]
    error: str | None
    url: str | None
    since: datetime
    """The last time that anything about it changed: when it was blocked, or went out."""

    @property
    def state(self) -> str:
        """The one state, or the states of several deliveries with a plus between."""
        return "+".join(self.counts)

    @property
    def is_blocked(self) -> bool:
        """Somebody must decide about it."""
        return "blocked" in self.counts


async def read(
    session: AsyncSession,
    mode: Mode,
    *,
    unit: str | None,
    after: int = 0,
    before: int | None = None,
    most: int = 100,
    post_id: int | None = None,
    blocked: bool = False,
    newest_first: bool = False,
) -> Sequence[Standing]:
    """Posts of one unit, or of all: those with numbers after ``after`` and before ``before``; ``blocked``: only such."""
    values = {"mode": mode.value, "unit": unit, "after": after, "before": before, "post": post_id, "most": most}
    statement = _NEWEST_FIRST if newest_first else _OLDEST_FIRST
    found: dict[int, Standing] = {}
    for r in await session.execute(statement, values | {"blocked": blocked}):
        known = found.get(r.id)
        found[r.id] = Standing(
            *(r.id, r.account_id, r.channel, r.account, r.unit, r.title, r.text, r.publish_at, r.created_by),
            created_at=r.created_at,
            counts={**(known.counts if known else {}), r.state: r.deliveries},
            error=r.error or (known.error if known else None),
            url=r.url or (known.url if known else None),
            since=max(r.since, known.since) if known else r.since,
        )
    return list(found.values())
