"""Informing: the switchboard and the employees have the message that the public has."""

from crisis.drills.resolving.shown import Asked, Shown
from crisis.drills.resolving.story import Story
from crisis.logbook.models import Party


async def brief_switchboard(asked: Asked, story: Story) -> Shown | None:
    """The switchboard has read the message, or somebody says that they have been told."""
    return _told(asked, story, Party.SWITCHBOARD)


async def brief_employees(asked: Asked, story: Story) -> Shown | None:
    """Somebody says that the employees have been told."""
    return _told(asked, story, Party.EMPLOYEES)


def _told(asked: Asked, story: Story, party: Party) -> Shown | None:
    """Of the message that this follows, or a later one. It counts from when that was approved: nobody waits to read it until the
    slowest channel has it. Where it follows no message, of any one since it was asked for.
    """
    after = story.look.expectations.get(asked.expectation.after or "")
    followed = (after.evidence or {}).get("revision") if after is not None else None
    for entry in story.of("acknowledge", since=0 if followed is not None else asked.since):
        if entry.detail.get("party") != party.value or entry.revision_id is None:
            continue
        if followed is None or entry.revision_id >= followed:
            return Shown(entry.at, entry.evidence(revision=entry.revision_id))
    return None
