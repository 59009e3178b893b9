"""Playing a part: who acts where somebody has joined a drill.

A part is a role of the playbook. Whoever plays it acts as that role on the pages of the exercise, whatever their own role is: the
secretary may be the director for an hour. Two things keep that inside. It is asked for each page by itself and given in mode
``exercise`` alone; and whoever plays carries ``Actor.only``, with which nothing of another mode, or of none, can be put on record
(:func:`crisis.audit.chain.append`), and so nothing of it can be done.
"""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.drills import players, reading
from crisis.drills.models import Drill
from crisis.drills.snapshot import playbook_of
from crisis.mode import Mode
from crisis.playbooks.models import PlaybookRole
from crisis.roles import Actor
from crisis.users.service import unit_for


async def acting(session: AsyncSession, actor: Actor, mode: Mode, *, editors_unit: str) -> Actor:
    """Who the actor is on a page of this mode: in an exercise the part they play now, if they play one; else who they are."""
    if mode is not Mode.EXERCISE or (drill := await reading.current(session)) is None:
        return actor
    return await acting_in(session, actor, drill, editors_unit=editors_unit)


async def acting_in(session: AsyncSession, actor: Actor, drill: Drill, *, editors_unit: str) -> Actor:
    """Who the actor is in this drill."""
    row = await players.playing(session, drill.id, actor.name)
    part = playbook_of(drill).role_of(row.part) if row is not None else None
    return actor if part is None else as_part(actor, part, editors_unit=editors_unit)


def as_part(actor: Actor, part: PlaybookRole, *, editors_unit: str) -> Actor:
    """The actor as a part of the playbook. A part of the exercise's own leadership changes nobody: who leads must be allowed to."""
    if part.role is None:
        return actor
    unit = unit_for(part.role, part.unit, editors_unit)
    return replace(actor, role=part.role, unit=unit, only=Mode.EXERCISE)
