"""The register: every account the municipality has, kept in a CSV file and imported whole or not at all."""

import asyncio
import csv
import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import sheet
from crisis.accounts.administration import checked_feed
from crisis.accounts.models import Account
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Invalid
from crisis.roles import Act, Actor, require
from crisis.said import Said
from crisis.settings import Settings

REGISTER_ONLY = ("flickr", "finn", "instagram", "linkedin", "slideshare", "youtube")
"""Channels this service does not publish to. Their accounts are on record all the same, and the lock names them."""
REQUIRED = ("channel", "name", "unit", "opened_on", "what", "why", "audience")
OPTIONAL = ("leader", "address", "feed_url", "only_here")
YES_AND_NO = {"yes": True, "ja": True, "no": False, "nei": False}
"""What ``only_here`` may say: that nobody can publish there but through this service, or that somebody can."""
NAMES = ("channel", "name", "unit")
"""The columns that say which account a line is about; each must be filled in."""
LINES_MOST = 5_000
"""A register is read into memory; the largest municipality has some hundreds of accounts."""
CELL_MOST = 1_000  # characters
_HOLD = text("LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did to the register: so many accounts each."""

    new: int
    changed: int
    unchanged: int


@dataclass(slots=True)
class _Reading:
    """A register as far as it has been read: the lines that hold, by which account they are about, and every fault."""

    columns: Sequence[str]
    channels: Sequence[str]
    rows: dict[tuple[str, ...], dict[str, object]] = field(default_factory=dict)
    lines: dict[tuple[str, ...], int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


async def import_register(
    db: Database, actor: Actor, source: Path, *, channels: Collection[str], settings: Settings
) -> Imported:
    """Bring the register to what the file says. A line about a known channel, name and unit updates that account.

    ``channels`` are those the service can publish to. An account that is not in the file stays as it is. A column that is
    missing, or an empty cell in one that may be, leaves what is there: naming a leader and connecting are acts of their own.

    Raises :class:`Invalid` with every bad line and its number in ``problems``; then nothing was imported.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    rows = await asyncio.to_thread(read, source, channels=channels, settings=settings)
    async with db.transaction() as session:
        await session.execute(_HOLD)
        known = await _known(session, rows)
        new = [Account(**_said(row)) for names, row in rows.items() if names not in known]
        session.add_all(new)
        changed = [account.id for names, account in known.items() if _update(account, rows[names])]
        await session.flush()
        done = Imported(len(new), len(changed), len(known) - len(changed))
        await chain.append(
            session,
            actor,
            "import_register",
            "register",
            file=source.name,
            new=sorted(account.id for account in new),
            changed=sorted(changed),
            unchanged=done.unchanged,
        )
    return done


def read(
    source: Path, *, channels: Collection[str], settings: Settings
) -> Mapping[tuple[str, ...], Mapping[str, object]]:
    """The file's accounts by channel, name and unit: the columns of each. Raises :class:`Invalid` as the import does."""
    lines = records(source, settings)
    known = sorted({*channels, *REGISTER_ONLY})
    reading = _Reading(header(next(lines, (1, []))[1], REQUIRED, OPTIONAL), known)
    for line, cells in lines:
        reading.problems += [on_line(line, problem) for problem in _take(reading, line, cells)]
    if reading.problems:
        raise Invalid(
            Said("{file} was not imported, and nothing was changed. Mend this:", file=source.name), reading.problems
        )
    if not reading.rows:
        raise Invalid(Said("{file} names no account. Nothing was changed.", file=source.name))
    return reading.rows


def records(source: Path, settings: Settings) -> Iterator[tuple[int, list[str]]]:
    """A small file's records that say something, each with the number of the line it begins on. The first is the header.

    Raises :class:`Invalid` for more than :data:`LINES_MOST` lines, what is not UTF-8, and a quote that is not closed.
    """
    with sheet.opened(source) as stream:
        given = list(islice(sheet.lines(stream, settings), LINES_MOST + 1))
    if len(given) > LINES_MOST:
        raise Invalid(
            Said(
                "The file has more than {most:,} lines: that is not a register of accounts. Nothing was imported.",
                most=LINES_MOST,
            )
        )
    decoded = _decoded(given)
    separator = sheet.delimiter(decoded[0]) if decoded else ","
    for line, cells in _records(decoded, separator):
        if line == 1 or any(cell.strip() for cell in cells):
            yield line, cells


def _decoded(given: Sequence[bytes]) -> list[str]:
    decoded, problems = [], []
    for at, line in enumerate(given, start=1):
        try:
            decoded.append(line.decode())
        except UnicodeDecodeError:
            problems.append(on_line(at, Said("is not UTF-8 text")))
    if problems:
        raise Invalid(Said("The file is not UTF-8 throughout. Nothing was imported. Save it as “CSV UTF-8”."), problems)
    return decoded


def _records(given: Sequence[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of the line it begins on; a quoted cell may go over several lines."""
    reader = csv.reader((f"{line}\n" for line in given), delimiter=separator, strict=True)
    begin = 1
    try:
        for cells in reader:
            yield begin, cells
            begin = reader.line_num + 1
    except csv.Error:
        raise Invalid(
            Said("The file cannot be read on from there. Nothing was imported."),
            [on_line(begin, Said("a quote is not closed, or something stands after the closing one"))],
        ) from None


def header(cells: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> Sequence[str]:
    """The columns that the first line names. Raises :class:`Invalid` when one is missing, unknown or there twice."""
    names = [cell.strip().casefold() for cell in cells]
    known = (*required, *optional)
    problems = [Said("the column {name!r} is missing", name=name) for name in required if name not in names]
    problems += [Said("the column {name!r} is not known", name=name[:40]) for name in names if name not in known]
    problems += [
        Said("the column {name!r} is there {times} times", name=name[:40], times=names.count(name))
        for name in sorted({*names})
        if names.count(name) > 1
    ]
    if problems:
        raise Invalid(
            Said(
                "The first line must name the columns: {required}, and if you like {more}. Nothing was imported.",
                required=",".join(required),
                more=",".join(optional),
            ),
            [on_line(1, problem) for problem in problems],
        )
    return names


def _take(reading: _Reading, line: int, cells: Sequence[str]) -> Iterator[Said]:
    """Take one line into the reading; yield what is wrong with it."""
    if len(cells) != len(reading.columns):
        yield Said(
            "has {cells} cells, and the first line names {columns} columns; quote cells that hold commas",
            cells=len(cells),
            columns=len(reading.columns),
        )
        return
    row: dict[str, object] = {name: cell.strip() for name, cell in zip(reading.columns, cells, strict=True)}
    problems = [*_faults(row, reading.channels)]
    yield from problems
    if problems:
        return
    names = tuple(" ".join(str(row[name]).split()) for name in NAMES)
    if first := reading.lines.get(names):
        yield Said("is about the same account as line {first}", first=first)
        return
    reading.lines[names] = line
    reading.rows[names] = row | dict(zip(NAMES, names, strict=True))


def _faults(row: dict[str, object], channels: Sequence[str]) -> Iterator[Said]:
    """What is wrong with one line's cells. Puts the channel and the date into the form they are stored in."""
    for name, cell in row.items():
        if len(str(cell)) > CELL_MOST:
            yield Said(
                "{name} has {count:,} characters, and at most {most:,} are kept",
                name=name,
                count=len(str(cell)),
                most=CELL_MOST,
            )
        elif not str(cell).replace("\n", " ").replace("\t", " ").isprintable():
            yield Said("{name} has a control character in it", name=name)
        elif not cell and name in NAMES:
            yield Said("{name} is empty", name=name)
    channel = row["channel"] = str(row["channel"]).casefold()
    if channel and channel not in channels:
        nearest = difflib.get_close_matches(channel, channels, n=1, cutoff=0.0)[0]
        yield Said("there is no channel {channel!r}; the nearest is {nearest!r}", channel=channel[:40], nearest=nearest)
    opened_on = str(row["opened_on"])
    try:
        row["opened_on"] = _day(opened_on) if opened_on else None
    except ValueError:
        yield Said("opened_on {given!r} is not a date like 2011-01-15", given=opened_on[:40])
    yield from _faults_of_the_watch(row)


def _faults_of_the_watch(row: dict[str, object]) -> Iterator[Said]:
    if row.get("feed_url"):
        try:
            row["feed_url"] = checked_feed(str(row["feed_url"]))
        except Invalid:
            yield Said("feed_url {given!r} is not the address of a feed", given=str(row["feed_url"])[:40])
    if said := str(row.get("only_here", "")).casefold():
        row["only_here"] = YES_AND_NO.get(said)
        if row["only_here"] is None:
            yield Said("only_here {given!r} is neither yes nor no", given=said[:40])


def on_line(line: int, problem: str) -> Said:
    """Where it is wrong, and what."""
    return Said("line {line}: {problem}", line=line, problem=problem)


def _day(value: str) -> date:
    if not _DATE.fullmatch(value):
        raise ValueError(value)
    return date.fromisoformat(value)


async def _known(session: AsyncSession, rows: Collection[tuple[str, ...]]) -> dict[tuple[str, ...], Account]:
    keys = tuple_(Account.channel, Account.name, Account.unit)
    found = await session.scalars(select(Account).where(keys.in_(list(rows))))
    return {(account.channel, account.name, account.unit): account for account in found}


def _update(account: Account, row: Mapping[str, object]) -> bool:
    changed = False
    for name, value in _said(row).items():
        if value != getattr(account, name):
            setattr(account, name, value)
            changed = True
    return changed


def _said(row: Mapping[str, object]) -> Mapping[str, object]:
    """What a line says: an empty cell in a column that need not be there says nothing."""
    return {name: value for name, value in row.items() if not (name in OPTIONAL and value == "")}
