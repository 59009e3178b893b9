"""Inboxes: what has come to somebody who plays in a drill, for the parts that they play."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.drills.faults import FAULTY
from crisis.drills.models import Drill, DrillInject, DrillPlayer, InjectSight
from crisis.drills.picture import Picture
from crisis.drills.snapshot import playbook_of
from crisis.drills.states import InjectState
from crisis.playbooks.models import Inject, PlaybookRole, Via
from crisis.playbooks.texts import LText


@dataclass(frozen=True, slots=True)
class Letter:
    """An inject that has come to one of somebody's parts."""

    key: str
    via: Via
    who: LText | str
    to: LText
    """The part that it came to."""
    text: LText
    came: timedelta
    """In drill time."""
    is_seen: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """One person's. What is out of order in a channel or a system is no letter: that is theirs to find out."""

    drill_id: int
    title: LText
    primary: str
    background: LText
    roles: Sequence[PlaybookRole]
    """All that can be played: the players' side, and after it the exercise's leadership."""
    mine: Sequence[PlaybookRole]
    playing: PlaybookRole | None
    """The part that they play now."""
    letters: Sequence[Letter]
    """The newest first."""

    @classmethod
    def of(cls, picture: Picture, name: str) -> Self:
        """Somebody's inbox in a drill."""
        playbook, rows = picture.playbook, picture.parts_of(name)
        parts = {row.part for row in rows}
        titles = {each.id: each.title for each in playbook.roles}
        come = [each for each in picture.injects if each.state is InjectState.FIRED and _is_letter(each.inject, parts)]
        letters = [
            Letter(
                each.key,
                each.inject.via,
                each.inject.from_,
                titles[each.inject.to],
                each.inject.text,
                timedelta(seconds=each.row.decided_elapsed or 0.0),
                is_seen=any(sight.by == name for sight in each.seen),
            )
            for each in sorted(
                come, key=lambda each: (each.row.decided_elapsed or 0.0, each.row.position), reverse=True
            )
        ]
        now = next((row.part for row in reversed(rows) if row.playing), None)
        return cls(
            picture.drill.id,
            playbook.title,
            playbook.languages.primary,
            playbook.scenario.background,
            tuple(sorted(playbook.roles, key=lambda each: each.side.value, reverse=True)),
            tuple(each for each in playbook.roles if each.id in parts),
            playbook.role_of(now) if now else None,
            tuple(letters),
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a page says of somebody's inbox elsewhere than in it."""

    parts: int
    """How many they have."""
    playing: PlaybookRole | None
    unseen: int
    """How many letters they have not said they have seen."""


async def waiting(session: AsyncSession, drill: Drill, name: str) -> Waiting:
    """The same in two queries, for every page that somebody opens while they play."""
    playbook = playbook_of(drill)
    mine = select(DrillPlayer).filter_by(drill_id=drill.id, name=name, left_at=None).order_by(DrillPlayer.id.desc())
    rows = (await session.scalars(mine)).all()
    if not rows:
        return Waiting(0, None, 0)
    parts = {row.part for row in rows}
    letters = [each.id for each in playbook.injects if _is_letter(each, parts)]
    seen = select(InjectSight.key).filter_by(drill_id=drill.id, by=name)
    come = select(func.count()).where(
        DrillInject.drill_id == drill.id,
        DrillInject.key.in_(letters),
        DrillInject.state == InjectState.FIRED,
        DrillInject.key.not_in(seen),
    )
    now = next((row.part for row in rows if row.playing), None)
    unseen = (await session.execute(come)).scalar_one()
    return Waiting(len(parts), playbook.role_of(now) if now else None, unseen)


def _is_letter(inject: Inject, parts: Collection[str]) -> bool:
    return inject.to in parts and inject.via not in FAULTY
