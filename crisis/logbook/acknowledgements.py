"""Acknowledgements: who has read a message, and what the crisis staff still owes: the switchboard and the employees know as soon
as the public does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict
from crisis.logbook.models import Acknowledgement, Party
from crisis.messages import drafts
from crisis.messages.models import Message, Revision, RevisionState
from crisis.roles import Act, Actor, require
from crisis.targets import TARGETS, Measure

TOLD: Final[Mapping[Party, Measure]] = {
    Party.SWITCHBOARD: Measure.SWITCHBOARD,
    Party.EMPLOYEES: Measure.EMPLOYEES,
}
"""Who must know of a message, and by which target after it was approved. Whoever answers the telephone is asked within minutes."""


@dataclass(frozen=True, slots=True)
class Task:
    """Somebody who must know of the newest message."""

    party: Party
    revision_id: int
    message_id: int
    due_at: datetime
    done: Acknowledgement | None
    """Who said first that they know."""


async def acknowledge(db: Database, actor: Actor, revision_id: int, party: Party | None = None) -> Acknowledgement:
    """Say that one has read a revision; or, naming a ``party``, that those others have been told. Saying it again is harmless.

    Speaking for others takes the right to write in the log. Raises :class:`crisis.errors.NotFound`, and :class:`Conflict` for
    what was never sent.
    """
    require(actor, Act.ACKNOWLEDGE)
    own = Party.of(actor)
    if party not in {None, own}:
        require(actor, Act.WRITE_LOG)
    async with db.transaction() as session:
        revision = await drafts.get(session, revision_id)
        if revision.state is not RevisionState.APPROVED:
            raise Conflict(f"Revision {revision_id} has not been sent, so there is nothing to have read yet.")
        message = await session.get_one(Message, revision.message_id)
        values = {
            "mode": message.mode,
            "revision_id": revision_id,
            "party": party or own,
            "by": actor.name,
            "role": actor.role,
            "unit": actor.unit,
        }
        same = ["revision_id", "party", "by"]
        new = insert(Acknowledgement).values(values).on_conflict_do_nothing(index_elements=same)
        made = (await session.scalars(new.returning(Acknowledgement))).one_or_none()
        if made is None:
            known = select(Acknowledgement).filter_by(revision_id=revision_id, party=party or own, by=actor.name)
            return (await session.scalars(known)).one()
        subject = f"revision:{revision_id}"
        await chain.append(session, actor, "acknowledge", subject, mode=message.mode, party=made.party.value)
    return made


async def of_activation(session: AsyncSession, activation_id: int) -> Mapping[int, Sequence[Acknowledgement]]:
    """``{revision: who has read it}``, the first one first."""
    rows = await session.scalars(
        select(Acknowledgement)
        .join(Revision, Revision.id == Acknowledgement.revision_id)
        .join(Message, Message.id == Revision.message_id)
        .where(Message.activation_id == activation_id)
        .order_by(Acknowledgement.id)
    )
    found: dict[int, list[Acknowledgement]] = {}
    for row in rows:
        found.setdefault(row.revision_id, []).append(row)
    return found


async def tasks(
    session: AsyncSession, activation_id: int, targets: Mapping[Measure, timedelta] = TARGETS
) -> Sequence[Task]:
    """Who must know of the newest message of an activation, by these targets; nobody before the first one is sent."""
    newest = await session.scalars(
        select(Revision)
        .join(Message, Message.id == Revision.message_id)
        .where(Message.activation_id == activation_id, Revision.state == RevisionState.APPROVED)
        .order_by(Revision.approved_at.desc(), Revision.id.desc())
        .limit(1)
    )
    revision = newest.one_or_none()
    if revision is None or revision.approved_at is None:
        return ()
    read = (await of_activation(session, activation_id)).get(revision.id, ())
    return [
        Task(
            party,
            revision.id,
            revision.message_id,
            revision.approved_at + targets[measure],
            next((each for each in read if each.party is party), None),
        )
        for party, measure in TOLD.items()
    ]
