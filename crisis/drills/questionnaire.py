"""Questionnaire: what the players answer when it is over, without signing in and without a name, by a link that is good for this alone.

The link is signed with the drill's own secret and says when it ends. It lets somebody answer, and see nothing. How many answers a
drill takes, and how many in a minute, is capped: who has the link could otherwise fill the table.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.db import Database
from crisis.drills.models import Drill, DrillAnswer
from crisis.drills.script import Script
from crisis.errors import Conflict, Invalid, NotFound
from crisis.messages.content import clean, unusable

ANSWERS_MOST: Final = 500
"""Of one drill."""
IN_A_MINUTE: Final = 60
"""Of one drill: a whole room at once."""
TEXT_MOST: Final = 2_000
"""Characters of one answer in words."""
OPEN_FOR: Final = timedelta(days=14)
"""After the drill began, where the playbook does not say when the report is due."""
_TOKEN: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,10})-([0-9a-f]{32})")


class LinkOver(NotFound):
    """The link is none of ours, or its time is out. Which, is not said."""

    def __init__(self) -> None:
        super().__init__(
            "questionnaire", "of this link", "The link is wrong, or its time is out. Ask the exercise leader."
        )


class TooMany(Conflict):
    """More answers than there can be players."""

    def __init__(self) -> None:
        super().__init__("Very many are answering right now. Nothing was stored. Wait a minute, and send it again.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A drill's questionnaire."""

    drill_id: int
    script: Script


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody typed: ``{question: text}``, and which part they had, if they say so."""

    given: Mapping[str, str]
    once: UUID
    part: str = ""


def token_of(drill: Drill) -> str:
    """What the link to a drill's questionnaire ends with. The same every time."""
    ends = (drill.started_at + (Script(drill.playbook).report_due or OPEN_FOR)).astimezone(UTC)
    until = int(ends.timestamp())
    return f"{drill.id}-{until}-{_signature(drill.secret, drill.id, until)}"


async def open_by(session: AsyncSession, token: str, now: datetime | None = None) -> Asked:
    """The questionnaire that a link is for. Raises :class:`LinkOver`."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise LinkOver
    drill_id, until = int(found[1]), int(found[2])
    drill = await session.get(Drill, drill_id)
    # The signature is made also where there is no such drill, so that the time it takes tells nothing.
    secret = drill.secret if drill is not None else bytes(32)
    is_ours = hmac.compare_digest(_signature(secret, drill_id, until), found[3])
    if drill is None or not is_ours or until < (now or clock.now()).timestamp():
        raise LinkOver
    return Asked(drill_id, Script(drill.playbook))


async def answer(db: Database, token: str, answered: Answered) -> None:
    """Keep somebody's answers. With the same ``once`` again nothing more is kept, and nothing is wrong.

    Raises :class:`LinkOver`, :class:`TooMany`, and :class:`Invalid` for answers that are none.
    """
    async with db.transaction() as session:
        asked = await open_by(session, token)
        kept = _read(asked.script, answered.given)
        # One after the other for each drill, so that the caps hold.
        await session.execute(select(Drill.id).where(Drill.id == asked.drill_id).with_for_update(key_share=True))
        mine = select(func.count()).select_from(DrillAnswer).where(DrillAnswer.drill_id == asked.drill_id)
        lately = mine.where(DrillAnswer.at > func.now() - timedelta(minutes=1))
        total, recent = (await session.scalar(mine)) or 0, (await session.scalar(lately)) or 0
        known = await session.scalar(select(DrillAnswer.id).where(DrillAnswer.once == answered.once))
        if known is None and (total >= ANSWERS_MOST or recent >= IN_A_MINUTE):
            raise TooMany
        part = answered.part if answered.part in {key for key, _, _ in asked.script.roles} else None
        values = {"drill_id": asked.drill_id, "part": part, "answers": kept, "once": answered.once}
        await session.execute(insert(DrillAnswer).values(values).on_conflict_do_nothing(index_elements=["once"]))


def _read(script: Script, given: Mapping[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    problems: list[str] = []
    for question in script.questions:
        key, scale = str(question.get("id")), question.get("scale")
        said = clean(given.get(key, ""))
        if not said:
            continue
        if scale:
            number = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 0  # noqa: PLR2004 - 1 to 100
            if 1 <= number <= int(scale):
                kept[key] = number
            else:
                problems.append(f"Question {key}: choose a number from 1 to {int(scale)}.")
        elif len(said) > TEXT_MOST or unusable(said):
            problems.append(f"Question {key}: write it shorter, at most {TEXT_MOST:,} characters.")
        else:
            kept[key] = said
    if problems:
        raise Invalid("Nothing was stored. Mend this:", problems)
    if not kept:
        raise Invalid("No question was answered, so nothing was stored.")
    return kept


def _signature(secret: bytes, drill_id: int, until: int) -> str:
    return hmac.new(secret, f"questionnaire:{drill_id}:{until}".encode(), hashlib.sha256).hexdigest()[:32]
