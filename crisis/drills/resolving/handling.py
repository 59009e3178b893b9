"""Handling: trouble that somebody saw and did something about."""

from typing import Final

from crisis.drills.resolving.shown import Asked, Shown
from crisis.drills.resolving.story import Story

_TRIED: Final = ("try_again", "check", "send_again", "mark_sent", "drop")
"""What a person does about a delivery that did not go as it should."""


async def retry_or_note(asked: Asked, story: Story) -> Shown | None:
    """Somebody did something about a delivery, or wrote in the log. What the engine tries again by itself is not seen by anybody."""
    return _first(asked, story, *_TRIED, "note")


async def note(asked: Asked, story: Story) -> Shown | None:
    """Somebody wrote in the log."""
    return _first(asked, story, "note")


async def break_glass(asked: Asked, story: Story) -> Shown | None:
    """Somebody came in with the emergency word while signing in "did not answer"."""
    return _first(asked, story, "break_drill_glass")


def _first(asked: Asked, story: Story, *actions: str) -> Shown | None:
    for entry in story.of(*actions, since=asked.since):
        if entry.is_by_a_person:
            return Shown(entry.at, entry.evidence(act=entry.action))
    return None
