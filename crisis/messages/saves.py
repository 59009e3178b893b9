"""Saves: how often each part of a draft was saved, by whom and when, so that a save can name the one it builds on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from crisis import clock
from crisis.messages.models import Revision
from crisis.roles import Actor

TERMS: Final = "terms"
"""The part of a draft that is no text: when the next message comes, who gets it, and through which channels."""


def saves_of(revision: Revision, part: str) -> int:
    """How often a part was saved: what the next save of it must build on."""
    return int(revision.part_saves.get(part, {}).get("saves", 0))


def saved(saves: int, actor: Actor, at: datetime) -> dict[str, Any]:
    """What is kept of a part's newest save."""
    return {"saves": saves, "by": actor.name, "at": at.isoformat(timespec="milliseconds")}


def stamp(revision: Revision, parts: Sequence[str], actor: Actor) -> None:
    """Count a save of these parts, by this actor, now."""
    at = clock.now()
    revision.saves += 1
    news = {part: saved(saves_of(revision, part) + 1, actor, at) for part in parts}
    revision.part_saves = {**revision.part_saves, **news}
    if actor.name not in revision.authors:
        revision.authors = [*revision.authors, actor.name]
    revision.written_by, revision.written_at = actor.name, at
