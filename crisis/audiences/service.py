"""Audiences: list them, count them, and let people go: those who ask, and those whom no list holds any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audiences import numbers
from crisis.audiences.models import Audience, Membership
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotFound
from crisis.roles import Act, Actor, require
from crisis.said import Said
from crisis.sealing import Sealer

NAME_MOST = 100  # characters

_HOLD = text("LOCK TABLE recipients, memberships IN SHARE ROW EXCLUSIVE MODE")
_IN_FORCE = text("SELECT title FROM activations WHERE mode = 'actual' AND state <> 'stood_down'")
# A recipient that deliveries speak of is emptied and not deleted, so that every delivery's counts go on adding up. What is
# left leads to nobody: no number, no last digits, and a fingerprint of nothing.
_ERASE = """
    WITH emptied AS (
        UPDATE recipients r SET number = '', last_two = '', language = NULL,
               fingerprint = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
        WHERE {which} AND EXISTS (SELECT 1 FROM deliveries d WHERE d.recipient_id = r.id)
        RETURNING r.id
    ), left_lists AS (
        DELETE FROM memberships m USING emptied WHERE m.recipient_id = emptied.id
    ), left_contacts AS (
        UPDATE contacts c SET recipient_id = NULL FROM recipients r WHERE c.recipient_id = r.id AND {which}
    ), deleted AS (
        DELETE FROM recipients r
        WHERE {which} AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.recipient_id = r.id)
        RETURNING r.id
    )
    SELECT (SELECT count(*) FROM emptied) + (SELECT count(*) FROM deleted)
"""
_FORGET = text(_ERASE.format(which="r.fingerprint = :fingerprint"))
_ORPHAN = """
    r.created_at < now() - :age AND r.number <> ''
    AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.recipient_id = r.id)
    AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.recipient_id = r.id)
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.recipient_id = r.id AND d.changed_at >= now() - :age)
"""
_ERASE_ORPHANS = text(_ERASE.format(which=_ORPHAN))


@dataclass(frozen=True, slots=True)
class AudienceSize:
    """An audience, and how many recipients are on it."""

    id: int
    name: str
    created_at: datetime
    recipients: int


async def list_audiences(session: AsyncSession) -> Sequence[AudienceSize]:
    """Every audience with its size, by name."""
    size = select(Membership.audience_id, func.count().label("n")).group_by(Membership.audience_id).subquery()
    rows = await session.execute(
        select(Audience.id, Audience.name, Audience.created_at, func.coalesce(size.c.n, 0))
        .outerjoin(size, size.c.audience_id == Audience.id)
        .order_by(Audience.name)
    )
    return [AudienceSize(*row) for row in rows]


async def get_by_name(session: AsyncSession, name: str) -> Audience:
    """One audience. Raises :class:`NotFound`, naming those there are."""
    audience = await find_by_name(session, name)
    if audience is None:
        known = ", ".join(await session.scalars(select(Audience.name).order_by(Audience.name).limit(20)))
        raise NotFound("audience", name, f"There are: {known}." if known else "Import one first.")
    return audience


async def find_by_name(session: AsyncSession, name: str) -> Audience | None:
    """One audience, or ``None``."""
    return (await session.scalars(select(Audience).where(Audience.name == _squeezed(name)))).one_or_none()


async def count(session: AsyncSession, audience_id: int) -> int:
    """How many recipients are on an audience."""
    rows = select(func.count()).select_from(Membership).where(Membership.audience_id == audience_id)
    return (await session.execute(rows)).scalar_one()


async def forget_number(db: Database, actor: Actor, number: str, *, sealer: Sealer, region: str) -> None:
    """Erase one person, from every list and as a contact's number: what they may ask for. What was sent to them stays counted,
    without the number.

    Raises :class:`~crisis.audiences.numbers.BadNumber`, and :class:`NotFound` when the number is on record nowhere. The
    audit log says that a number was erased and by whom, not which.
    """
    require(actor, Act.MANAGE_AUDIENCES)
    e164 = numbers.parse(number, region)
    async with db.transaction() as session:
        await hold_recipients(session)
        erased = (await session.execute(_FORGET, {"fingerprint": sealer.fingerprint(e164)})).scalar_one()
        if not erased:
            raise NotFound("recipient", numbers.masked(e164), "The number is on no list, in whatever notation.")
        await chain.append(session, actor, "forget_number", "recipients", erased=erased)


async def erase_orphans(db: Database, actor: Actor | None, *, days: int) -> int:
    """Erase the recipients on no list, and no unit's contact, who came in, and were last written to, more than ``days`` days ago.

    ``actor`` is ``None`` when the engine does it by itself. Returns how many. Raises :class:`Conflict` while an activation
    is in force: its updates and all-clear still have to find everyone who got the message.
    """
    if actor is not None:
        require(actor, Act.MANAGE_AUDIENCES)
    if days < 1:
        raise Invalid(f"Recipients are kept for 1 day at least; {days} was asked for.")
    async with db.transaction() as session:
        await hold_recipients(session)
        if (title := (await session.execute(_IN_FORCE)).scalar_one_or_none()) is not None:
            raise Conflict(
                Said(
                    "“{title}” is in force, and its updates go to everyone who got it. Erase after standing down.",
                    title=title,
                )
            )
        erased = int((await session.execute(_ERASE_ORPHANS, {"age": timedelta(days=days)})).scalar_one())
        if erased:
            await chain.append(session, actor, "erase_orphans", "recipients", erased=erased, days=days)
    return erased


async def hold_recipients(session: AsyncSession) -> None:
    """Wait for whoever else is changing recipients, and keep others from it until the transaction ends. Readers go on."""
    await session.execute(_HOLD)


def clean_name(name: str) -> str:
    """An audience's name with its spaces squeezed. Raises :class:`Invalid` for none, or more than 100 characters."""
    squeezed = _squeezed(name)
    if not 0 < len(squeezed) <= NAME_MOST or not squeezed.isprintable():
        raise Invalid(Said("An audience needs a name of 1 to {most} printable characters.", most=NAME_MOST))
    return squeezed


def _squeezed(name: str) -> str:
    return " ".join(name.split())
