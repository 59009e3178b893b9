"""Appointments: who was given the right to send, or another way to sign in with it; shown to the directors until one has seen it.

The administrator cannot send, and makes those who can. So that nobody becomes a director unnoticed, each such act stands at the
top of every director's pages, and on record, until a director other than the one it is about has acknowledged it. It stops
nobody meanwhile: a deputy who is appointed at three in the night can act.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Invalid, NotFound
from crisis.roles import MAY, Act, Actor, Role, require
from crisis.users.models import Appointment, Given, How, User
from crisis.users.sessions import SignedIn

WEIGHTY: Final = (Act.APPROVE_MESSAGE, Act.ACTIVATE)
"""What reaches the public, and what locks everybody else."""


def is_weighty(role: Role, before: Role | None = None) -> bool:
    """Whether this role may do something weighty that ``before`` could not."""
    return any(role in MAY[act] and before not in MAY[act] for act in WEIGHTY)


async def note(session: AsyncSession, user: User, given: Given, by: str, before: Role | None = None) -> None:
    """Show it to the directors if it is about a weighty role; in the transaction of the act, which puts it on record itself.

    ``by``: who did it, as the record has it. ``before``: the role until now, where that is what was changed.
    """
    if is_weighty(user.role, before):
        session.add(Appointment(user_id=user.id, name=user.name, role=user.role, given=given, by=by))
        await session.flush()


async def waiting(session: AsyncSession, signed_in: SignedIn) -> Sequence[Appointment]:
    """What this person is to acknowledge, oldest first: never what is about themself."""
    if signed_in.actor.role not in MAY[Act.ACKNOWLEDGE_APPOINTMENT] or signed_in.how is How.BREAK_GLASS:
        return ()
    theirs = Appointment.user_id.is_distinct_from(signed_in.user_id)
    rows = select(Appointment).where(Appointment.acknowledged_at.is_(None), theirs).order_by(Appointment.id)
    return (await session.scalars(rows)).all()


async def list_waiting(session: AsyncSession) -> Sequence[Appointment]:
    """All that nobody has acknowledged, oldest first."""
    rows = select(Appointment).where(Appointment.acknowledged_at.is_(None)).order_by(Appointment.id)
    return (await session.scalars(rows)).all()


async def acknowledge(db: Database, actor: Actor, appointment_id: int, *, signed_in: SignedIn | None = None) -> None:
    """A director has seen it. ``signed_in`` is None at the server's shell.

    Raises :class:`Invalid` for one's own and by break-glass code, :class:`NotFound` when there is nothing to acknowledge.
    """
    require(actor, Act.ACKNOWLEDGE_APPOINTMENT)
    if signed_in is not None and signed_in.how is How.BREAK_GLASS:
        raise Invalid("A break-glass session acknowledges nothing. A director with a login of their own does.")
    async with db.transaction() as session:
        row = await session.get(Appointment, appointment_id)
        if row is not None and signed_in is not None and row.user_id == signed_in.user_id:
            raise Invalid("Nobody acknowledges their own appointment. Another director does, or the operator.")
        seen = update(Appointment).where(Appointment.id == appointment_id, Appointment.acknowledged_at.is_(None))
        values = {"acknowledged_at": func.now(), "acknowledged_by": actor.name}
        if (await session.execute(seen.values(values).returning(Appointment.id))).scalar_one_or_none() is None:
            raise NotFound("appointment to acknowledge", appointment_id, "Somebody else may have done it.")
        await chain.append(session, actor, "acknowledge_appointment", f"appointment:{appointment_id}")
