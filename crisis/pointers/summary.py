"""Summary: an activation's pointer in a few figures, for whoever shows how it all stands."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_READ = text(
    """
    SELECT p.id, p.text, p.written_by, p.approved_at, count(d.id) AS posts,
           count(d.id) FILTER (WHERE d.state IN ('accepted', 'sent', 'delivered')) AS out
    FROM pointers p LEFT JOIN posts q ON q.pointer_id = p.id LEFT JOIN renditions r ON r.post_id = q.id
    LEFT JOIN deliveries d ON d.rendition_id = r.id AND d.lane = 'public'
    WHERE p.activation_id = :activation AND p.withdrawn_at IS NULL GROUP BY p.id
    """
)


@dataclass(frozen=True, slots=True)
class Summary:
    """The pointer that is not withdrawn; ``approved_at`` of ``None`` waits for a second person."""

    id: int
    text: str
    written_by: str
    approved_at: datetime | None
    posts: int
    """Accounts that have published it."""
    out: int
    """Those where it is out."""


async def read(session: AsyncSession, activation_id: int) -> Summary | None:
    """An activation's; ``None`` where none was written, or it was withdrawn."""
    row = (await session.execute(_READ, {"activation": activation_id})).one_or_none()
    return None if row is None else Summary(*row)
