"""Improvements: what is to be better next time, who sees to it, and by when. Open until it is done or dropped, and shown until then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.audit import chain
from crisis.db import Database
from crisis.drills.models import Improvement, ImprovementState
from crisis.drills.subject import Subject, mode_of
from crisis.errors import Conflict, Invalid, NotFound
from crisis.messages.content import clean, is_blank, unusable
from crisis.roles import Act, Actor, require

TEXT_MOST: Final = 1_000
OWNER_MOST: Final = 200
OUTCOME_MOST: Final = 1_000
"""Characters."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody typed."""

    text: str
    owner: str
    due: date


def is_overdue(improvement: Improvement, today: date | None = None) -> bool:
    """It is still open, and its day has passed where the municipality is."""
    today = today or clock.now().astimezone(clock.OSLO).date()
    return improvement.state is ImprovementState.OPEN and improvement.due < today


async def add(db: Database, actor: Actor, subject: Subject, wanted: Wanted) -> Improvement:
    """Write one down, on record. The same text for the same owner again, while it is open, is the first one.

    Raises :class:`Invalid` with everything that is missing or too long, and :class:`NotFound` for what it is about.
    """
    require(actor, Act.WRITE_LOG)
    text, owner = clean(wanted.text), " ".join(clean(wanted.owner).split())
    _check([("The improvement", text, TEXT_MOST), ("Who sees to it", owner, OWNER_MOST)])
    async with db.transaction() as session:
        mode = await mode_of(session, subject)
        known = select(Improvement).where(
            subject.of(Improvement),
            Improvement.text == text,
            Improvement.owner == owner,
            Improvement.state == ImprovementState.OPEN,
        )
        if (same := (await session.scalars(known.limit(1))).one_or_none()) is not None:
            return same
        made = Improvement(
            mode=mode,
            activation_id=subject.activation_id,
            drill_id=subject.drill_id,
            text=text,
            owner=owner,
            due=wanted.due,
            written_by=actor.name,
        )
        session.add(made)
        await session.flush()
        await session.refresh(made)
        due = wanted.due.isoformat()
        about = f"improvement:{made.id}"
        await chain.append(
            session, actor, "add_improvement", about, mode=mode, about=subject.name, text=text, owner=owner, due=due
        )
    return made


async def close(db: Database, actor: Actor, improvement_id: int, state: ImprovementState, outcome: str) -> Improvement:
    """Say that it is done, with what was done; or that it is dropped, with the reason. On record.

    Raises :class:`NotFound`, :class:`Conflict` for one that is closed already, and :class:`Invalid` without a word of why.
    """
    require(actor, Act.WRITE_LOG)
    outcome = clean(outcome)
    if state is ImprovementState.OPEN:
        raise Invalid("An improvement is closed as done or as dropped.")
    _check([("What became of it", outcome, OUTCOME_MOST)])
    async with db.transaction() as session:
        found = await session.get(Improvement, improvement_id, with_for_update=True)
        if found is None:
            raise NotFound("improvement", improvement_id)
        if found.state is not ImprovementState.OPEN:
            raise Conflict(
                f"Improvement {improvement_id} was closed already, by {found.closed_by}. Nothing was changed."
            )
        found.state, found.outcome, found.closed_by, found.closed_at = state, outcome, actor.name, clock.now()
        about = f"improvement:{improvement_id}"
        await chain.append(
            session, actor, "close_improvement", about, mode=found.mode, state=state.value, outcome=outcome
        )
    return found


async def list_open(session: AsyncSession) -> Sequence[Improvement]:
    """Those that wait for somebody, of drills and of real crises, the one due first first."""
    wanted = select(Improvement).where(Improvement.state == ImprovementState.OPEN)
    return (await session.scalars(wanted.order_by(Improvement.due, Improvement.id))).all()


async def list_closed(session: AsyncSession, most: int = 50) -> Sequence[Improvement]:
    """The last ones that were done or dropped, the newest first."""
    wanted = select(Improvement).where(Improvement.state != ImprovementState.OPEN)
    return (await session.scalars(wanted.order_by(Improvement.closed_at.desc()).limit(most))).all()


def _check(texts: Sequence[tuple[str, str, int]]) -> None:
    problems: list[str] = []
    for name, said, most in texts:
        if is_blank(said):
            problems.append(f"{name} is missing.")
        if len(said) > most:
            problems.append(f"{name} has {len(said):,} characters, and {most:,} fit.")
        if unusable(said):
            problems.append(f"{name} has a character that shows nothing. Type it again.")
    if problems:
        raise Invalid("Nothing was written down. Mend this:", problems)
