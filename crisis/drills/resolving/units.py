"""The units' posts: what the lock stopped."""

from sqlalchemy import text

from crisis.drills.resolving.shown import Asked, Shown
from crisis.drills.resolving.story import Story
from crisis.drills.snapshot import naming

# What met a locked gate at its time is on no record of its own: its delivery says so, and since when.
_BLOCKED = text(
    """
    SELECT r.post_id, min(d.changed_at) AS at FROM deliveries d JOIN renditions r ON r.id = d.rendition_id
    WHERE r.post_id = ANY(:posts) AND d.state = 'blocked' GROUP BY r.post_id ORDER BY 2 LIMIT 1
    """
)


async def publish_blocked(asked: Asked, story: Story) -> Shown | None:
    """A unit's post met the lock: the one that the inject made, or one that a player tried to publish since it was asked for."""
    names = {inject.id for inject in naming(story.look.playbook, asked.expectation.id)}
    posts = [row.post_id for key, row in story.look.injects.items() if key in names and row.post_id is not None]
    if posts and (found := (await story.session.execute(_BLOCKED, {"posts": posts})).one_or_none()) is not None:
        return Shown(found.at, {"post": found.post_id})
    for entry in story.of("post", since=asked.since):
        if entry.detail.get("blocked"):
            return Shown(entry.at, entry.evidence(post=entry.number))
    return None
