"""How posts stand: each with its states and their counts, read from its deliveries, and with where it came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.mode import Mode

# The limit is on posts, not on their states: a post that goes to an audience has several.
_STANDING = """
    WITH page AS (
        SELECT p.* FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.mode = :mode AND (CAST(:unit AS text) IS NULL OR a.unit = :unit) AND p.id > :after
          AND (CAST(:before AS int) IS NULL OR p.id < :before)
          AND (CAST(:posts AS int[]) IS NULL OR p.id = ANY(CAST(:posts AS int[])))
          AND (NOT :blocked OR EXISTS (SELECT 1 FROM renditions r JOIN deliveries d ON d.rendition_id = r.id
                                       WHERE r.post_id = p.id AND d.state = 'blocked'))
        ORDER BY p.id {way} LIMIT :most
    ), counted AS (
        SELECT p.id, d.state, count(*) AS deliveries, min(d.error) AS error, min(d.url) AS url,
               max(d.changed_at) AS since, min(d.id) AS first
        FROM page p JOIN renditions r ON r.post_id = p.id JOIN deliveries d ON d.rendition_id = r.id
        GROUP BY p.id, d.state
    )
    SELECT p.id, p.account_id, a.channel, a.name AS account, a.unit, p.title, p.text, p.publish_at, p.created_by,
           p.created_at, p.release_at, p.pointer_id, p.instead_of, p.audience_id,
           (SELECT max(n.id) FROM posts n WHERE n.instead_of = p.id) AS rewritten_as,
           c.state, c.deliveries, c.error, c.url, c.since, c.first,
           o.id AS planned_id, o.url AS planned_url, o.author AS planned_author, o.state AS planned_state
    FROM page p JOIN accounts a ON a.id = p.account_id JOIN counted c ON c.id = p.id
    LEFT JOIN LATERAL (SELECT * FROM planned_posts x WHERE x.post_id = p.id ORDER BY x.id DESC LIMIT 1) o ON true
    ORDER BY p.id {way}, c.state
"""
_OLDEST_FIRST = text(_STANDING.format(way=""))
_NEWEST_FIRST = text(_STANDING.format(way="DESC"))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a post was scheduled inside its platform before the lock took it out of there."""

    planned_id: int
    url: str | None
    author: str | None
    state: str
    """As of :class:`crisis.schedules.models.PlannedState`: whether it lies there as a draft, or may still go out."""


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
    """When its owner first wanted it out."""
    created_by: str
    created_at: datetime
    counts: Mapping[str, int]
    error: str | None
    url: str | None
    since: datetime
    """The last time that anything about it changed: when it was blocked, or went out."""
    delivery_id: int
    """The first of its deliveries: the one that a person checks and decides about."""
    audience_id: int | None = None
    release_at: datetime | None = None
    """When it goes out, or went, because its owner published it after it had been blocked."""
    pointer_id: int | None = None
    """The web editors' text that it publishes, if it does."""
    instead_of: int | None = None
    """The blocked post that it was written from."""
    rewritten_as: int | None = None
    """The post that took its place."""
    origin: Origin | None = None

    @property
    def state(self) -> str:
        """The one state, or the states of several deliveries with a plus between."""
        return "+".join(self.counts)

    @property
    def is_blocked(self) -> bool:
        """Somebody must decide about it."""
        return "blocked" in self.counts

    @property
    def goes_at(self) -> datetime:
        """When it goes out, where it waits for its time."""
        return self.release_at or self.publish_at


async def read(
    session: AsyncSession,
    mode: Mode,
    *,
    unit: str | None,
    after: int = 0,
    before: int | None = None,
    most: int = 100,
    posts: Sequence[int] | None = None,
    blocked: bool = False,
    newest_first: bool = False,
) -> Sequence[Standing]:
    """Posts of one unit, or of all: those with numbers after ``after`` and before ``before``; ``posts``: of these; ``blocked``:
    only such.
    """
    values: dict[str, Any] = {"mode": mode.value, "unit": unit, "after": after, "before": before, "most": most}
    values |= {"posts": None if posts is None else list(posts), "blocked": blocked}
    found: dict[int, Standing] = {}
    for row in await session.execute(_NEWEST_FIRST if newest_first else _OLDEST_FIRST, values):
        found[row.id] = _standing(row, found.get(row.id))
    return list(found.values())


def _standing(row: Row[Any], known: Standing | None) -> Standing:
    """One row is one state of a post; ``known`` is what the rows before it said."""
    origin = None
    if row.planned_id is not None:
        origin = Origin(row.planned_id, row.planned_url, row.planned_author, row.planned_state)
    return Standing(
        *(
            row.id,
            row.account_id,
            row.channel,
            row.account,
            row.unit,
            row.title,
            row.text,
            row.publish_at,
            row.created_by,
        ),
        created_at=row.created_at,
        counts={**(known.counts if known else {}), row.state: row.deliveries},
        error=row.error or (known.error if known else None),
        url=row.url or (known.url if known else None),
        since=max(row.since, known.since) if known else row.since,
        delivery_id=min(row.first, known.delivery_id) if known else row.first,
        audience_id=row.audience_id,
        release_at=row.release_at,
        pointer_id=row.pointer_id,
        instead_of=row.instead_of,
        rewritten_as=row.rewritten_as,
        origin=origin,
    )
