"""The crisis staff: set, everything locked, and stood down."""

from crisis.drills.resolving.shown import Asked, Shown
from crisis.drills.resolving.story import Story


async def activate(_asked: Asked, story: Story) -> Shown | None:
    """Somebody has set the crisis staff. Also before they were asked to: whoever is ahead has done it."""
    for entry in story.of("activate"):
        return Shown(entry.at, entry.evidence(activation=entry.number))
    return None


async def lock_all(_asked: Asked, story: Story) -> Shown | None:
    """The lock is confirmed: no unit's post starts, and none is in flight but those that are named."""
    for entry in story.of("confirm"):
        unresolved = len(entry.detail.get("unresolved", ()))
        return Shown(entry.at, entry.evidence(activation=entry.number, unresolved=unresolved))
    return None


async def deactivate(asked: Asked, story: Story) -> Shown | None:
    """Somebody has stood the crisis staff down, since that was asked for. Before, it was too early."""
    for entry in story.of("stand_down", since=asked.since):
        if entry.is_by_a_person:
            return Shown(entry.at, entry.evidence(activation=entry.number))
    return None
