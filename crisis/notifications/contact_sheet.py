"""The contacts' sheet: every unit's contacts kept in a CSV file, and imported whole or not at all."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.register import header, on_line, records
from crisis.audiences import people
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Invalid
from crisis.notifications import contacts
from crisis.notifications.contacts import ContactIn
from crisis.notifications.models import Contact, Part
from crisis.roles import Act, Actor, require
from crisis.said import Said
from crisis.sealing import Sealer
from crisis.settings import Settings

REQUIRED = ("unit", "name", "part")
OPTIONAL = ("phone", "email", "language")
PARTS: Mapping[str, Part] = {
    **{part.value: part for part in Part},
    "leder": Part.LEADER,
    "enhetsleder": Part.LEADER,
    "stedfortreder": Part.DEPUTY,
    "redaktør": Part.EDITOR,
}
"""What the column ``part`` may say."""
_HOLD = text("LOCK TABLE contacts IN SHARE ROW EXCLUSIVE MODE")

Key = tuple[str, str]
"""Unit and name: what a line is about."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: so many contacts each."""

    new: int
    changed: int


@dataclass(slots=True)
class Reading:
    """A file as far as it has been read: what is said of each contact, and where."""

    columns: Sequence[str]
    units: Sequence[str]
    region: str
    rows: dict[Key, ContactIn] = field(default_factory=dict)
    lines: dict[Key, int] = field(default_factory=dict)


async def import_contacts(db: Database, actor: Actor, source: Path, *, sealer: Sealer, settings: Settings) -> Imported:
    """Bring the contacts to what the file says. A line about a known unit and name changes that contact.

    A contact that is not in the file stays as it is; so does what an empty cell or a missing column says nothing about.
    Raises :class:`Invalid` with every bad line and its number in ``problems``; then nothing was imported. No error holds a number
    or an address.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    async with db.transaction() as session:
        known_units = await contacts.units(session, settings.editors_unit)
    reading = await asyncio.to_thread(read, source, units=known_units, settings=settings)
    rows = reading.rows
    async with db.transaction() as session:
        await session.execute(_HOLD)
        known = await _known(session)
        kept = await people.keep(session, sealer, sorted({each.phone for each in rows.values() if each.phone}))
        new, changed = [], []
        for (unit, name), given in rows.items():
            row = known.get((unit, name))
            if row is None:
                row = Contact(unit=unit, name=name, part=given.part)
                session.add(row)
                new.append(row)
            else:
                changed.append(row)
            row.part = given.part or row.part
        await session.flush()
        for row in (*new, *changed):
            await contacts.write(session, row, rows[row.unit, row.name], kept, sealer)
        _check_reachable(source, reading, new)
        await chain.append(
            session,
            actor,
            "import_contacts",
            "contacts",
            file=source.name,
            new=sorted(row.id for row in new),
            changed=sorted(row.id for row in changed),
        )
    return Imported(len(new), len(changed))


def read(source: Path, *, units: Sequence[str], settings: Settings) -> Reading:
    """The file's contacts by unit and name. Raises :class:`Invalid` as the import does."""
    lines = records(source, settings)
    reading = Reading(header(next(lines, (1, []))[1], REQUIRED, OPTIONAL), units, settings.phone_region)
    problems = []
    for line, cells in lines:
        try:
            _take(reading, line, cells)
        except Invalid as fault:
            problems.append(on_line(line, fault.summary))
    if problems:
        raise Invalid(Said("{file} was not imported, and nothing was changed. Mend this:", file=source.name), problems)
    if not reading.rows:
        raise Invalid(Said("{file} names no contact. Nothing was changed.", file=source.name))
    return reading


def _take(reading: Reading, line: int, cells: Sequence[str]) -> None:
    if len(cells) != len(reading.columns):
        raise Invalid(
            Said(
                "has {cells} cells, and the first line names {columns} columns; quote cells that hold commas",
                cells=len(cells),
                columns=len(reading.columns),
            )
        )
    row = {name: cell.strip() for name, cell in zip(reading.columns, cells, strict=True)}
    for name in REQUIRED:
        if not row[name]:
            raise Invalid(Said("{name} is empty", name=name))
    part = PARTS.get(row["part"].casefold())
    if part is None:
        raise Invalid(Said("part {given!r} is none of leader, deputy and editor", given=row["part"][:40]))
    unit = contacts.known_unit(row["unit"], reading.units)
    said = {name: row.get(name) or None for name in OPTIONAL}
    given = contacts.clean(ContactIn(row["name"], part, **said), reading.region)
    key = (unit, str(given.name))
    if first := reading.lines.get(key):
        raise Invalid(Said("is about the same contact as line {first}", first=first))
    reading.lines[key], reading.rows[key] = line, given


def _check_reachable(source: Path, reading: Reading, new: Sequence[Contact]) -> None:
    """A new contact with neither a number nor an address is none."""
    lost = sorted(reading.lines[row.unit, row.name] for row in new if row.recipient_id is None and row.email is None)
    if lost:
        problem = Said("neither a mobile number nor an e-mail address: otherwise nobody can be told")
        raise Invalid(
            Said("{file} was not imported, and nothing was changed. Mend this:", file=source.name),
            [on_line(line, problem) for line in lost],
        )


async def _known(session: AsyncSession) -> dict[Key, Contact]:
    found = await session.scalars(select(Contact).where(Contact.removed_at.is_(None)))
    return {(row.unit, row.name): row for row in found}
