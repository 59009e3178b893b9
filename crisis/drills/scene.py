"""Scene: what everybody in a drill can see that is out: what went out in the exercise, and what residents write.

Read from the deliveries and not from the stand-ins for the providers: so it is there when those are away, on however many
machines, and long after.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.drills.picture import Picture
from crisis.drills.states import InjectState
from crisis.playbooks.models import Inject, Via
from crisis.playbooks.texts import LText

MOST: Final = 60
"""Texts that one look finds, the newest ones: a long drill in three languages on four channels."""
SHARES_MOST: Final = 480
_SHARES_SECONDS: Final = 900.0

_OUT = text(
    """
    SELECT r.id, coalesce('post ' || r.post_id, 'revision ' || r.revision_id) AS of_what, v.message_id, r.channel, r.language, r.title, r.text, a.name AS who, count(*) AS reached,
           min(coalesce(d.started_at, d.changed_at)) AS at,
           coalesce(bool_or(w.withdrawn_at IS NOT NULL), false) AS is_gone
    FROM renditions r JOIN deliveries d ON d.rendition_id = r.id JOIN accounts a ON a.id = d.account_id
         LEFT JOIN revisions v ON v.id = r.revision_id LEFT JOIN withdrawals w ON w.delivery_id = d.id
    WHERE r.mode = 'exercise' AND r.notification_id IS NULL AND d.state IN ('accepted', 'sent', 'delivered')
      AND r.issued_at >= :since AND r.issued_at <= coalesce(CAST(:until AS timestamptz), 'infinity')
    GROUP BY r.id, v.id, a.id ORDER BY min(coalesce(d.started_at, d.changed_at)) DESC, r.id DESC LIMIT :most
    """
)


@dataclass(frozen=True, slots=True)
class Out:
    """One message or post on one account, as it stands."""

    id: int
    of_what: str
    """The revision or the post: the same in every language."""
    message_id: int | None
    """The message that it is of; none of a unit's post."""
    channel: str
    language: str
    """Of its text here: the playbook's primary one, where it is out in that."""
    title: str
    text: str
    who: str
    """The account."""
    reached: int
    """How many it went to; 1 where it is a post to everybody."""
    at: datetime
    is_gone: bool
    """Taken back."""
    also: tuple[str, ...] = ()
    """Other languages that it is out in."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a resident writes: a ``social`` inject that has come."""

    key: str
    channel: str
    who: LText | str
    text: LText
    elapsed: float
    """Seconds of drill time at which it came."""
    shares: int


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything of it, the newest first."""

    out: Sequence[Out]
    words: Sequence[Word]


async def scene(session: AsyncSession, picture: Picture) -> Scene:
    """What can be seen in this drill now; of one that is over, at its end."""
    drill = picture.drill
    values = {"since": drill.started_at, "until": drill.ended_at, "most": MOST}
    out = [Out(**row) for row in (await session.execute(_OUT, values)).mappings()]
    words = [
        Word(
            each.key,
            written_on(each.inject),
            each.inject.from_,
            each.inject.text,
            each.row.decided_elapsed or 0.0,
            shares(picture.elapsed - (each.row.decided_elapsed or 0.0)),
        )
        for each in picture.injects
        if each.inject.via is Via.SOCIAL and each.state is InjectState.FIRED
    ]
    return Scene(
        _together(out, picture.playbook.languages.primary),
        tuple(sorted(words, key=lambda each: each.elapsed, reverse=True)),
    )


def _together(found: Sequence[Out], primary: str) -> tuple[Out, ...]:
    """What is the same in several languages stands once, as far up as the newest of them."""
    same: dict[tuple[str, str, str], list[Out]] = {}
    for each in found:
        same.setdefault((each.of_what, each.channel, each.who), []).append(each)
    shown = []
    for versions in same.values():
        first, *others = sorted(versions, key=lambda each: (each.language != primary, each.id))
        is_public = all(each.reached == 1 for each in versions)
        reached = 1 if is_public else sum(each.reached for each in versions)
        shown.append(replace(first, reached=reached, also=tuple(each.language for each in others)))
    return tuple(shown)


def written_on(inject: Inject) -> str:
    """Where a resident writes: on Facebook, where the playbook does not say X."""
    return "twitter" if inject.channel == "twitter" else "facebook"


def shares(age: float) -> int:
    """How many have passed on what a resident wrote, ``age`` seconds of drill time ago: fast at first, then ever slower."""
    return round(SHARES_MOST * (1 - math.exp(-max(0.0, age) / _SHARES_SECONDS)))
