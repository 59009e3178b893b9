"""Parts: a draft saved one part at a time, so that two editors who write in different languages never collide.

A part is one language's text, or the terms (when the next message comes, who gets it, through which channels). Each has its own
count of saves. A save names the count it builds on; if somebody saved the same part in between, both are given back and
nothing is lost: theirs is saved, yours is in your hands, and :func:`merged` puts together what only one of the two changed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crisis.db import Database
from crisis.errors import Conflict, Invalid
from crisis.messages import drafts, promised, unfinished
from crisis.messages.content import FIELDS, is_untouched
from crisis.messages.models import Revision
from crisis.messages.saves import TERMS, saves_of, stamp
from crisis.roles import Act, Actor, require


class StalePart(Conflict):
    """Somebody saved this part of the draft in the meantime."""

    def __init__(self, revision: Revision, part: str, built_on: int, yours: Mapping[str, Any]) -> None:
        saves, by = saves_of(revision, part), revision.part_saves.get(part, {}).get("by", revision.written_by)
        super().__init__(
            f"{by} has saved {part} of this revision since you opened it (save {saves}, you built on {built_on}). Nothing of "
            f"yours was saved yet: compare the two and save again on top of {saves}."
        )
        self.revision, self.part, self.by, self.saves = revision, part, by, saves
        self.theirs: Mapping[str, Any] = terms(revision) if part == TERMS else revision.contents.get(part, {})
        self.yours = yours


async def save_text(
    db: Database,
    actor: Actor,
    revision_id: int,
    language: str,
    built_on: int,
    fields: Mapping[str, Any],
    languages: Sequence[str],
) -> Revision:
    """Keep one language of a draft as typed so far; blank, it is taken out. A save that changes nothing counts as none.

    Raises :class:`Invalid` as :func:`unfinished.typed`, :class:`StalePart`, :class:`drafts.AlreadyApproved` and
    :class:`drafts.HeldForApproval`.
    """
    require(actor, Act.WRITE_MESSAGE)
    if language not in languages:
        raise Invalid(f"{language} is not one of the message languages here: {', '.join(languages)}.")
    held = unfinished.typed_text(fields)
    async with db.transaction() as session:
        revision = await drafts.draft(session, actor, revision_id)
        before = revision.contents.get(language, {})
        if same(before, held):
            return revision
        if saves_of(revision, language) != built_on:
            session.expunge(revision)  # else the rollback takes its text away from whoever catches this
            raise StalePart(revision, language, built_on, held)
        rest = {each: text for each, text in revision.contents.items() if each != language}
        revision.contents = rest if is_untouched(held) else {**rest, language: held}
        stamp(revision, [language], actor)
    return revision


async def save_terms(
    db: Database,
    actor: Actor,
    revision_id: int,
    built_on: int,
    *,
    next_update_at: datetime | None,
    audience_id: int | None,
    channels: Sequence[str] | None,
) -> Revision:
    """Keep when the next message comes, who gets it, and through which channels (``None``: every one).

    Raises as :func:`save_text`, and :class:`crisis.errors.NotFound` for an audience there is none of.
    """
    require(actor, Act.WRITE_MESSAGE)
    if fault := promised.zone_fault(next_update_at):
        raise Invalid(fault.said)
    chosen = None if channels is None else sorted(set(channels))
    async with db.transaction() as session:
        revision = await drafts.draft(session, actor, revision_id)
        wanted = {
            "next_update_at": next_update_at,
            "audience_id": await drafts.audience_of(session, revision, audience_id),
            "channels": chosen,
        }
        if terms(revision) == wanted:
            return revision
        if saves_of(revision, TERMS) != built_on:
            session.expunge(revision)
            raise StalePart(revision, TERMS, built_on, wanted)
        for name, value in wanted.items():
            setattr(revision, name, value)
        stamp(revision, [TERMS], actor)
    return revision


def terms(revision: Revision) -> dict[str, Any]:
    """The part of a draft that is no text."""
    return {
        "next_update_at": revision.next_update_at,
        "audience_id": revision.audience_id,
        "channels": sorted(revision.channels) if revision.channels is not None else None,
    }


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two texts say the same; a field that is missing says as much as an empty one."""
    return all((one.get(name) or None) == (other.get(name) or None) for name in FIELDS)


def merged(
    base: Mapping[str, Any], theirs: Mapping[str, Any], yours: Mapping[str, Any]
) -> tuple[dict[str, Any], Sequence[str]]:
    """Both editors' changes to one text, field by field, and the fields that both changed: there ``yours`` stands, and a
    person decides. ``base`` is what both began from.
    """
    text: dict[str, Any] = {}
    both: list[str] = []
    for name in FIELDS:
        mine, other, before = (each.get(name) or None for each in (yours, theirs, base))
        if mine == before:
            value = other
        else:
            value = mine
            if other not in (before, mine):
                both.append(name)
        if value is not None:
            text[name] = value
    return text, both
