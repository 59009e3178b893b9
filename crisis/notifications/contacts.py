"""Contacts: who answers for a unit's accounts, and how to reach them. Numbers and addresses go in, and are shown masked.

A number lies with the recipients, sealed, and its owner may have it erased like any other. An address is sealed in its row.
Runbook: a unit without contacts, or whose contacts have neither a number nor an address, is told nothing when the crisis staff is
set: the lock board says so, and somebody has to call. ``crisis contacts list`` shows who there is.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.accounts.models import Account
from crisis.audiences import numbers, people
from crisis.audiences.models import Recipient
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotFound
from crisis.notifications.models import Contact, Part
from crisis.roles import Act, Actor, require
from crisis.said import Said
from crisis.sealing import CannotOpen, Sealer

LANGUAGES = ("nb", "nn", "en")
"""What notifications are written in."""
TEXT_MOST = 100  # characters of a unit's or a person's name
_ADDRESS_MOST = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
# The addresses that browsers take (HTML, "valid e-mail address"), with a domain that has a dot in it. Nothing in it can end a
# line or begin another header.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


@dataclass(frozen=True, slots=True)
class ContactIn:
    """What is said of a contact. ``None`` leaves what is there; an empty phone, email or language takes it away."""

    name: str | None = None
    part: Part | None = None
    phone: str | None = None
    email: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class ContactOut:
    """A contact as it may be shown."""

    id: int
    unit: str
    name: str
    part: Part
    phone: str | None
    """The last two digits: ``…12``."""
    email: str | None
    """The first letter and the domain: ``k…@fjordvik.kommune.no``."""
    language: str | None
    created_at: datetime


async def list_contacts(session: AsyncSession, sealer: Sealer, *, unit: str | None = None) -> list[ContactOut]:
    """Everyone who is to be told, by unit and name, or one unit's."""
    wanted = select(Contact, Recipient.last_two).outerjoin(Recipient, Recipient.id == Contact.recipient_id)
    wanted = wanted.where(Contact.removed_at.is_(None)).order_by(func.lower(Contact.unit), Contact.unit, Contact.name)
    if unit is not None:
        wanted = wanted.where(Contact.unit == unit)
    return [_shown(row, last_two, sealer) for row, last_two in await session.execute(wanted)]


async def get_contact(session: AsyncSession, contact_id: int, sealer: Sealer) -> ContactOut:
    """One of them. Raises :class:`NotFound`."""
    row = await _get(session, contact_id)
    return await _show(session, row, sealer)


async def add_contact(
    db: Database, actor: Actor, unit: str, given: ContactIn, *, sealer: Sealer, region: str, editors_unit: str
) -> ContactOut:
    """Say whom to tell of a unit's accounts. ``region`` is how a number without a country code is read.

    Raises :class:`Invalid` for a unit without accounts, a number or address that cannot be used, or neither of the two; and
    :class:`Conflict` where the unit has a contact of that name.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    cleaned = clean(given, region)
    if cleaned.name is None or cleaned.part is None:
        raise Invalid(Said("A contact needs a name, and whether it is the leader, a deputy or an editor."))
    if not (cleaned.phone or cleaned.email):
        raise Invalid(Said("A contact needs a mobile number or an e-mail address: otherwise nobody can be told."))
    async with db.transaction() as session:
        unit = known_unit(unit, await units(session, editors_unit))
        if await _named(session, unit, cleaned.name) is not None:
            raise Conflict(
                Said("{unit} has a contact called {name} already. Change that one.", unit=unit, name=cleaned.name)
            )
        kept = await people.keep(session, sealer, [cleaned.phone] if cleaned.phone else [])
        row = Contact(unit=unit, name=cleaned.name, part=cleaned.part)
        session.add(row)
        await write(session, row, cleaned, kept, sealer)
        await chain.append(session, actor, "add_contact", f"contact:{row.id}", unit=unit, **_on_record(row))
        return await _show(session, row, sealer)


async def change_contact(
    db: Database, actor: Actor, contact_id: int, given: ContactIn, *, sealer: Sealer, region: str
) -> ContactOut:
    """Change what is said of a contact. Raises :class:`NotFound`, and as :func:`add_contact`."""
    require(actor, Act.MANAGE_ACCOUNTS)
    cleaned = clean(given, region)
    async with db.transaction() as session:
        row = await _get(session, contact_id, hold=True)
        if cleaned.name and cleaned.name != row.name and await _named(session, row.unit, cleaned.name) is not None:
            raise Conflict(
                Said("{unit} has a contact called {name} already. Change that one.", unit=row.unit, name=cleaned.name)
            )
        kept = await people.keep(session, sealer, [cleaned.phone] if cleaned.phone else [])
        await write(session, row, cleaned, kept, sealer)
        if row.recipient_id is None and row.email is None:
            raise Invalid(Said("A contact needs a mobile number or an e-mail address: otherwise nobody can be told."))
        await chain.append(session, actor, "change_contact", f"contact:{row.id}", unit=row.unit, **_on_record(row))
        return await _show(session, row, sealer)


async def remove_contact(db: Database, actor: Actor, contact_id: int) -> None:
    """Tell them nothing any more. What they were told stays on record; their number and address do not. Raises :class:`NotFound`."""
    require(actor, Act.MANAGE_ACCOUNTS)
    async with db.transaction() as session:
        row = await _get(session, contact_id, hold=True)
        row.removed_at, row.recipient_id, row.email = clock.now(), None, None
        await session.flush()
        await chain.append(session, actor, "remove_contact", f"contact:{row.id}", unit=row.unit, name=row.name)


async def units(session: AsyncSession, editors_unit: str) -> list[str]:
    """The units that may have contacts: those with accounts, and the web editors' own."""
    found = await session.scalars(select(Account.unit).distinct())
    return sorted({*found, editors_unit})


def known_unit(unit: str, known: Sequence[str]) -> str:
    """The unit as the register writes it. Raises :class:`Invalid` for one that has no account, with the nearest that has."""
    wanted = " ".join(unit.split())
    if wanted in known:
        return wanted
    nearest = difflib.get_close_matches(wanted, known, n=1, cutoff=0.0)
    raise Invalid(
        Said("No account belongs to a unit {unit!r}; the nearest is {nearest!r}.", unit=wanted[:40], nearest=nearest[0])
    )


def clean(given: ContactIn, region: str) -> ContactIn:
    """The same with the number in E.164 and everything else as it is stored.

    Raises :class:`Invalid`; of a number that no text message reaches :class:`~crisis.audiences.numbers.BadNumber`, without it.
    """
    name = None if given.name is None else " ".join(given.name.split())
    if name is not None and (not 0 < len(name) <= TEXT_MOST or not name.isprintable()):
        raise Invalid(Said("A contact needs a name of 1 to {most} printable characters.", most=TEXT_MOST))
    email = None if given.email is None else given.email.strip()
    if email and (len(email) > _ADDRESS_MOST or not _ADDRESS.fullmatch(email)):
        raise Invalid(Said("The e-mail address cannot be used. Write it like kari@fjordvik.kommune.no."))
    language = None if given.language is None else given.language.strip().casefold()
    if language and language not in LANGUAGES:
        raise Invalid(
            Said("Notifications are written in nb, nn and en; {language!r} is none of them.", language=language[:20])
        )
    phone = given.phone if not (given.phone or "").strip() else numbers.parse(str(given.phone), region)
    return ContactIn(name, given.part, phone.strip() if phone is not None else None, email, language)


async def write(
    session: AsyncSession, row: Contact, cleaned: ContactIn, kept: Mapping[str, int], sealer: Sealer
) -> None:
    """Bring a row to what was said of it; ``kept`` has the recipient of each number."""
    row.name, row.part = cleaned.name or row.name, cleaned.part or row.part
    if cleaned.phone is not None:
        row.recipient_id = kept[cleaned.phone] if cleaned.phone else None
    if cleaned.language is not None:
        row.language = cleaned.language or None
    await session.flush()  # the seal's context is the row's number
    if cleaned.email is not None:
        row.email = sealer.seal(cleaned.email, f"contact:{row.id}".encode()) if cleaned.email else None
    await session.flush()


def masked(address: str) -> str:
    """The most that may be shown of an e-mail address: ``k…@fjordvik.kommune.no``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _on_record(row: Contact) -> dict[str, Any]:
    ways = [way for way, held in (("phone", row.recipient_id), ("email", row.email)) if held is not None]
    return {"name": row.name, "part": row.part.value, "ways": ways}


async def _show(session: AsyncSession, row: Contact, sealer: Sealer) -> ContactOut:
    last_two = await session.scalar(select(Recipient.last_two).where(Recipient.id == row.recipient_id))
    if row.created_at is None:
        await session.refresh(row)
    return _shown(row, last_two, sealer)


def _shown(row: Contact, last_two: str | None, sealer: Sealer) -> ContactOut:
    email = None
    if row.email is not None:
        try:
            email = masked(sealer.open(row.email, f"contact:{row.id}".encode()))
        except CannotOpen:
            email = "…"
    phone = f"…{last_two}" if last_two is not None else None
    return ContactOut(row.id, row.unit, row.name, row.part, phone, email, row.language, row.created_at)


async def _get(session: AsyncSession, contact_id: int, *, hold: bool = False) -> Contact:
    row = await session.get(Contact, contact_id, with_for_update=hold or None)
    if row is None or row.removed_at is not None:
        raise NotFound("contact", contact_id, "See: crisis contacts list.")
    return row


async def _named(session: AsyncSession, unit: str, name: str) -> Contact | None:
    wanted = select(Contact).where(Contact.unit == unit, Contact.name == name, Contact.removed_at.is_(None))
    return (await session.scalars(wanted)).one_or_none()
