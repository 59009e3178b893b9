"""Answers: somebody who answers for a unit's accounts says that nothing will be published. By link, at the desk, or by telephone.

Whoever answers is on record by name, with the time, the way and the unit's accounts. The first answer counts; a second one changes
nothing and is told who was first.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, NotFound
from crisis.mode import Mode
from crisis.notifications import links
from crisis.notifications.links import Link, LinkState
from crisis.roles import Act, Actor, Role, require
from crisis.said import Said

LINK = "link"
DESK = "desk"
TELEPHONE = "telephone"

_KINDS = "('lock', 'reminder', 'escalation')"
# Whoever could not be told by any way may be called all the same: the answer is kept where the notification would be.
_MAKE = text(
    """
    INSERT INTO notifications (mode, activation_id, contact_id, kind) VALUES (:mode, :activation, :contact, 'lock')
    ON CONFLICT DO NOTHING
    """
)
_MARK = text(
    f"""
    UPDATE notifications n
    SET acknowledged_at = clock_timestamp(), acknowledged_by = :by, acknowledged_way = :way
    WHERE n.id = coalesce(CAST(:id AS bigint),
                          (SELECT min(o.id) FROM notifications o WHERE o.activation_id = :activation
                           AND o.contact_id = :contact AND o.kind IN {_KINDS}))
      AND NOT EXISTS (SELECT 1 FROM notifications o WHERE o.activation_id = :activation AND o.contact_id = :contact
                      AND o.acknowledged_at IS NOT NULL)
    RETURNING n.id, n.acknowledged_at
    """  # noqa: S608 - our own words
)
_CONTACT = text("SELECT id, unit, name, part FROM contacts WHERE id = :id FOR NO KEY UPDATE")
_OF_UNIT = text(
    """
    SELECT id, name, part FROM contacts WHERE unit = :unit AND removed_at IS NULL
    ORDER BY lower(name) = lower(:name) DESC, part = 'leader' DESC, part = 'deputy' DESC, id LIMIT 1
    """
)
_OF_UNITS = text(
    """
    SELECT n.acknowledged_by AS by, n.acknowledged_at AS at, n.acknowledged_way AS way
    FROM notifications n JOIN contacts c ON c.id = n.contact_id
    WHERE n.activation_id = :activation AND c.unit = :unit AND n.acknowledged_at IS NOT NULL
    ORDER BY c.part IN ('leader', 'deputy') DESC, n.acknowledged_at LIMIT 1
    """
)
_ACCOUNTS = text("SELECT id FROM accounts WHERE unit = :unit AND state = 'active' ORDER BY id")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an answer: ``created`` is false when this contact had answered before."""

    contact_id: int
    unit: str
    name: str
    created: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """Who has answered for a unit, when and by which way."""

    by: str
    at: datetime
    way: str


async def answer_of(session: AsyncSession, activation_id: int, unit: str) -> Answered | None:
    """The answer of a unit, a leader's or deputy's before an editor's; nothing while there is none."""
    row = (await session.execute(_OF_UNITS, {"activation": activation_id, "unit": unit})).one_or_none()
    return None if row is None else Answered(*row)


async def acknowledge_by_link(db: Database, token: str) -> tuple[Link | None, bool]:
    """Answer by a link. Returns the link as it is now, and whether it was this that answered.

    ``None`` for a token there is none of. A link that is expired or over, or whose contact has answered, changes nothing.
    """
    async with db.transaction() as session:
        link = await links.find(session, token)
        if link is None or link.state is not LinkState.OPEN:
            return link, False
        await session.execute(_CONTACT, {"id": link.contact_id})
        actor = Actor(link.name, Role.UNIT, link.unit)
        whose = {"activation": link.activation_id, "contact": link.contact_id}
        created = await _mark(session, actor, link.mode, link.unit, LINK, link.name, whose | {"id": link.id})
        return await links.find(session, token), created


async def acknowledge_by_telephone(db: Database, actor: Actor, activation_id: int, contact_id: int) -> Answer:
    """Write down that a contact has said, on the telephone, that nothing will be published: the web editors' act.

    Works also where no notification could be sent. Raises :class:`NotFound`, and :class:`Conflict` where the activation is over.
    """
    require(actor, Act.CONFIRM_SILENCE)
    async with db.transaction() as session:
        activation = await _in_force(session, activation_id)
        row = (await session.execute(_CONTACT, {"id": contact_id})).one_or_none()
        if row is None or (actor.role is Role.UNIT and actor.unit != row.unit):
            raise NotFound("contact", contact_id, "See: crisis contacts list.")
        created = await _acknowledge(session, actor, activation, row.id, row.unit, TELEPHONE)
    return Answer(row.id, row.unit, row.name, created)


async def acknowledge_at_desk(db: Database, actor: Actor, activation_id: int) -> Answer:
    """A unit's own user says at the desk that nothing will be published.

    It is kept with the contact who bears their name, or else with the unit's leader. Raises :class:`Conflict` where the activation
    is over, or the unit has no contact to keep it with.
    """
    require(actor, Act.CONFIRM_SILENCE)
    async with db.transaction() as session:
        activation = await _in_force(session, activation_id)
        row = (await session.execute(_OF_UNIT, {"unit": actor.unit, "name": actor.name})).one_or_none()
        if row is None:
            raise Conflict(
                Said(
                    "{unit} has no contact on record, so the answer has no place. Ask the web editors to write it down.",
                    unit=actor.unit or "",
                )
            )
        await session.execute(_CONTACT, {"id": row.id})
        created = await _acknowledge(session, actor, activation, row.id, actor.unit or "", DESK)
    return Answer(row.id, actor.unit or "", row.name, created)


async def _in_force(session: AsyncSession, activation_id: int) -> Activation:
    activation = await activations.get(session, activation_id)
    if activation.state is ActivationState.STOOD_DOWN:
        raise Conflict(Said("The crisis staff has been stood down. Nobody needs to answer any more."))
    return activation


async def _acknowledge(
    session: AsyncSession, actor: Actor, activation: Activation, contact_id: int, unit: str, way: str
) -> bool:
    whose = {"activation": activation.id, "contact": contact_id}
    await session.execute(_MAKE, whose | {"mode": activation.mode.value})
    return await _mark(session, actor, activation.mode, unit, way, actor.name, whose | {"id": None})


async def _mark(
    session: AsyncSession, actor: Actor, mode: Mode, unit: str, way: str, by: str, whose: dict[str, Any]
) -> bool:
    marked = (await session.execute(_MARK, whose | {"by": by, "way": way})).one_or_none()
    if marked is None:
        return False
    accounts = list((await session.execute(_ACCOUNTS, {"unit": unit})).scalars())
    subject, contact = f"activation:{whose['activation']}", whose["contact"]
    await chain.append(
        session, actor, "acknowledge_lock", subject, mode=mode, contact=contact, unit=unit, way=way, accounts=accounts
    )
    return True
