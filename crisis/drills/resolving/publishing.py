"""Publishing: a message of the wanted kind is out, on the wanted channels, in the wanted languages, saying what it must."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from crisis.drills.resolving import reached
from crisis.drills.resolving.shown import Asked, Lacking, Shown
from crisis.drills.resolving.story import Entry, Story
from crisis.messages.models import Kind, Revision
from crisis.playbooks.models import Match

GRACE: Final = timedelta(minutes=5)
"""A promised message that comes later than this after its time was missed."""


async def publish(asked: Asked, story: Story) -> Shown | Lacking | None:
    """A message that matches is out on every channel it was to go through. Without channels in the match, on any.

    A channel that has only what replaced it has it. An alert counts from the beginning: whoever is ahead has done it. Anything
    else answers what was asked, so it comes after.
    """
    match, lacking = asked.expectation.match, None
    since = 0 if match is not None and match.kind == Kind.ALERT.value else asked.since
    async for entry, revision in _approved(story, since):
        if match is not None and match.kind is not None and match.kind != revision.kind:
            continue
        missing = _unsaid(match, entry, revision)
        at: datetime | None = None
        if match is None or not match.channels:
            at = await reached.first(story.session, revision)
        else:
            not_yet, found = await reached.missing(story.session, revision, match.channels, match.languages)
            missing += not_yet
            if not missing and (both := await reached.first_and_last(story.session, found)) is not None:
                at = both[1]
        if at is not None and not missing:
            return Shown(at, entry.evidence(revision=revision.id, message=revision.message_id))
        lacking = Lacking({"revision": revision.id, "lacks": missing})
    return lacking


async def retract(asked: Asked, story: Story) -> Shown | None:
    """Somebody took a message back as a false alarm."""
    for entry in story.of("retract", since=asked.since):
        return Shown(entry.at, entry.evidence(message=entry.number))
    return None


async def update_due(asked: Asked, story: Story) -> Shown | None:
    """A next message came out, and not later than :data:`GRACE` after the time that the one before promised.

    What was promised is counted in drill time: an hour promised is an hour of the drill, however fast its clock goes.
    """
    before: Revision | None = None
    async for entry, revision in _approved(story, 0):
        at = None if before is None or entry.seq <= asked.since else await reached.first(story.session, revision)
        if before is not None and at is not None:
            late = _past_promise(story, before, at)
            evidence = entry.evidence(revision=revision.id, message=revision.message_id)
            if late > 0:
                evidence["past_promise"] = round(late, 3)
            return Shown(at, evidence, in_time=late <= GRACE.total_seconds())
        before = revision
    return None


async def _approved(story: Story, since: int) -> AsyncIterator[tuple[Entry, Revision]]:
    """What was let out after entry ``since``, in that order."""
    for entry in story.of("approve", "retract", since=since):
        wanted = select(Revision).filter_by(id=entry.revision_id)
        if entry.action == "retract":  # names its message; there is no revision where nobody had to be told
            wanted = select(Revision).filter_by(message_id=entry.number, kind=Kind.RETRACTION)
        revision = (await story.session.scalars(wanted)).one_or_none()
        if revision is not None:
            yield entry, revision


def _unsaid(match: Match | None, entry: Entry, revision: Revision) -> list[str]:
    """The languages it lacks, and what it should have said and did not: the hints that were left when it was approved tell."""
    if match is None:
        return []
    lacking = [language for language in match.languages if language not in revision.contents]
    left = {hint.get("id") for hint in entry.detail.get("hints", ())}
    return lacking + [str(element) for element in match.elements if str(element) in left]


def _past_promise(story: Story, before: Revision, at: datetime) -> float:
    """Seconds of drill time after the time that a revision promised; below zero before it, and zero without a promise."""
    if before.next_update_at is None or before.approved_at is None:
        return 0.0
    clock = story.look.clock
    promised = clock.elapsed(before.approved_at) + (before.next_update_at - before.approved_at).total_seconds()
    return clock.elapsed(at) - promised
