"""Imports that can be watched: begun by one request, carried out beside it, and looked at by any process until well after.

The list itself is :mod:`crisis.audiences.importer`'s, in one transaction. What this keeps is on the side: how far it has come,
and in the end its report or why it failed. When the process that carries one out dies, nothing was changed, and the import
says so after :data:`SILENT`.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, BinaryIO

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.audiences.importer import ImportReport, already, import_recipients
from crisis.audiences.models import Import, ImportState
from crisis.audiences.service import clean_name, find_by_name
from crisis.db import Database
from crisis.errors import CrisisError, Invalid, NotFound
from crisis.roles import Act, Actor, require
from crisis.said import Said
from crisis.sealing import Sealer
from crisis.settings import Settings

log = logging.getLogger(__name__)

REJECTED_MOST = 10_000
"""Rejected lines that are kept; beyond that they are counted."""
KEPT = 50
"""Imports; older ones are forgotten."""
TOLD_SECONDS = 1.0
"""Between two signs of life."""
SILENT = timedelta(seconds=20)
"""Without one for so long, whoever carried it out has gone."""
BROKEN_OFF = Said("The import was broken off, and nothing was changed. Import the file again.")
UNFORESEEN = Said("Something went wrong that nobody foresaw. Nothing was changed. The log says what it was.")


@dataclass(slots=True)
class _Progress:
    size_read: int = 0
    read: int = 0
    rejected: int = 0
    lines: list[list[Any]] = field(default_factory=list)

    def reject(self, line: int, reason: str) -> None:
        self.rejected += 1
        if len(self.lines) < REJECTED_MOST:
            self.lines.append([line, str(reason)])

    def advance(self, size: int, rows: int) -> None:
        self.size_read, self.read = size, rows


async def begin(db: Database, actor: Actor, name: str, *, size: int, replace: bool) -> int:
    """Announce an import; its number. What can be said before the file is read is said now.

    Raises :class:`Invalid` for a name that none may have, and :class:`crisis.errors.Conflict` for one that is taken.
    """
    require(actor, Act.MANAGE_AUDIENCES)
    name = clean_name(name)
    async with db.transaction() as session:
        if not replace and await find_by_name(session, name) is not None:
            raise already(name)
        row = Import(name=name, replace=replace, by=actor.name, size=size)
        session.add(row)
        await session.flush()
        await session.execute(delete(Import).where(Import.id <= row.id - KEPT))
        return row.id


async def carry_out(
    db: Database, actor: Actor, import_id: int, source: BinaryIO, *, sealer: Sealer, settings: Settings
) -> None:
    """Do it, and keep what became of it. Never raises but when it is cancelled; then, too, the import says so."""
    async with db.transaction() as session:
        row = await get(session, import_id)
    progress = _Progress()
    telling = asyncio.create_task(_tell(db, import_id, progress))
    try:
        report = await import_recipients(
            db,
            actor,
            row.name,
            source,
            sealer=sealer,
            settings=settings,
            replace=row.replace,
            on_progress=progress.advance,
            on_rejected=progress.reject,
        )
    except CrisisError as error:
        await _end(db, import_id, telling, progress, problem=_kept(error))
    except asyncio.CancelledError:
        await _end(db, import_id, telling, progress, problem={"template": BROKEN_OFF.template, "values": {}})
        raise
    except Exception:
        log.exception("import %s failed, and nobody foresaw how", import_id)
        await _end(db, import_id, telling, progress, problem={"template": UNFORESEEN.template, "values": {}})
    else:
        await _end(db, import_id, telling, progress, report=report)


async def get(session: AsyncSession, import_id: int) -> Import:
    """One import. Raises :class:`NotFound`, also for one that is forgotten."""
    row = await session.get(Import, import_id, populate_existing=True)
    if row is None:
        raise NotFound("import", import_id)
    return row


async def recent(session: AsyncSession, most: int = 10) -> Sequence[Import]:
    """The latest ones, newest first."""
    return (await session.scalars(select(Import).order_by(Import.id.desc()).limit(most))).all()


def problem_of(row: Import) -> Said | None:
    """Why it failed, if it did; also of one that has gone silent."""
    if row.problem is not None:
        return Said(row.problem["template"], **row.problem["values"])
    if row.state is ImportState.READING and clock.now() - row.heard_at > SILENT:
        return BROKEN_OFF
    return None


async def _tell(db: Database, import_id: int, progress: _Progress) -> None:
    while True:
        await asyncio.sleep(TOLD_SECONDS)
        so_far = {"size_read": progress.size_read, "read": progress.read, "rejected": progress.rejected}
        async with db.transaction() as session:
            await session.execute(
                update(Import).where(Import.id == import_id).values(**so_far, heard_at=func.clock_timestamp())
            )


async def _end(
    db: Database,
    import_id: int,
    telling: asyncio.Task[None],
    progress: _Progress,
    *,
    report: ImportReport | None = None,
    problem: dict[str, Any] | None = None,
) -> None:
    telling.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await telling
    values: dict[str, Any] = {
        "state": ImportState.FAILED if problem else ImportState.DONE,
        "size_read": progress.size_read,
        "read": progress.read,
        "rejected": progress.rejected,
        "rejected_lines": progress.lines,
        "problem": problem,
        "ended_at": func.clock_timestamp(),
    }
    if report is not None:
        values |= {**asdict(report), "unread_columns": list(report.unread_columns)}
    async with db.transaction() as session:
        await session.execute(update(Import).where(Import.id == import_id).values(**values))


def _kept(error: CrisisError) -> dict[str, Any]:
    said = error.summary if isinstance(error, Invalid) else error.args[0]
    if isinstance(said, Said):
        return {"template": said.template, "values": dict(said.values)}
    return {"template": "{said}", "values": {"said": str(said)}}
