"""Import a list of recipients from a CSV file: streamed, in one transaction, all or nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import sheet
from crisis.audiences.batches import Batch, Batches
from crisis.audiences.models import Audience
from crisis.audiences.service import clean_name, find_by_name, hold_recipients
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, Invalid
from crisis.roles import Act, Actor, require
from crisis.said import Said
from crisis.sealing import Sealer
from crisis.settings import Settings

# Nobody else writes to these tables meanwhile (hold_recipients), so what was there and what is new are the whole answer.
# Counts the rows of memberships: a number that was on the list already, from an earlier batch, is not added again.
_WRITE = text(
    """
    WITH given AS (
        SELECT * FROM unnest(CAST(:numbers AS bytea[]), CAST(:fingerprints AS bytea[]), CAST(:last_twos AS text[]),
            CAST(:languages AS text[])) AS given (number, fingerprint, last_two, language)
    ), written AS (
        INSERT INTO recipients (number, fingerprint, last_two, language)
        SELECT number, fingerprint, last_two, language FROM given
        ON CONFLICT (fingerprint) DO UPDATE SET language = excluded.language
            WHERE excluded.language IS NOT NULL AND recipients.language IS DISTINCT FROM excluded.language
        RETURNING id
    )
    INSERT INTO memberships (audience_id, recipient_id)
    SELECT :audience, id FROM written
    UNION
    SELECT :audience, r.id FROM recipients r WHERE r.fingerprint = ANY(CAST(:fingerprints AS bytea[]))
    ON CONFLICT DO NOTHING
    """
)
# The tables grow under the statement: a plan made for the first batch, when they were small, would read them whole each time.
_PLAN_EACH_TIME = text("SET LOCAL plan_cache_mode = force_custom_plan")
_CLEAR = text("DELETE FROM memberships WHERE audience_id = :audience")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """``read`` rows: each was added, a duplicate of one before it, or rejected."""

    read: int
    added: int
    duplicates: int
    rejected: int
    unread_columns: tuple[str, ...] = ()
    """Columns of the file that were neither read nor stored."""


async def import_recipients(
    db: Database,
    actor: Actor,
    name: str,
    source: BinaryIO | Path,
    *,
    sealer: Sealer,
    settings: Settings,
    replace: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
    on_rejected: Callable[[int, str], None],
) -> ImportReport:
    """Make the audience ``name`` out of a CSV file, or replace the one there is; readers see the old list until the end.

    Columns: ``number`` (or ``nummer``, ``mobil``, ``phone``, ``telefon``) and, if there is one, ``language``; a file of
    numbers alone needs no header. A number counts once in whatever notation; its language is that of the last file that
    gave one. ``on_progress`` gets bytes and rows read so far; ``on_rejected`` gets a line number and the reason, and never
    the number. A line that is rejected does not stop the rest.

    Raises :class:`Conflict` when the audience exists and ``replace`` is false, and :class:`Invalid`, with nothing changed,
    when the file is not UTF-8 text within the caps or no usable number is in it.
    """
    require(actor, Act.MANAGE_AUDIENCES)
    name = clean_name(name)
    with sheet.opened(source) as stream:
        await asyncio.to_thread(sheet.check, stream, settings)
        async with db.transaction() as session:
            await hold_recipients(session)
            audience = await _audience(session, name, replace=replace)
            batches = Batches(stream, sealer, settings)
            report = await _write_all(session, audience.id, batches, on_progress, on_rejected)
            if not report.added:
                raise Invalid(
                    Said(
                        "No usable number is in the file ({rejected:,} of {read:,} rows rejected), and an audience "
                        "without recipients would reach nobody. Nothing was changed.",
                        rejected=report.rejected,
                        read=report.read,
                    )
                )
            await chain.append(
                session,
                actor,
                "replace_audience" if replace else "import_audience",
                f"audience:{audience.id}",
                name=name,
                read=report.read,
                added=report.added,
                duplicates=report.duplicates,
                rejected=report.rejected,
            )
    return report


def already(name: str) -> Conflict:
    """The refusal of a name that an audience has, where it was not to be replaced."""
    return Conflict(
        Said(
            "There is an audience {name!r} already. Nothing was changed. Replace it, or choose another name.", name=name
        )
    )


async def _audience(session: AsyncSession, name: str, *, replace: bool) -> Audience:
    audience = await find_by_name(session, name)
    if audience is None:
        audience = Audience(name=name)
        session.add(audience)
        await session.flush()
    elif not replace:
        raise already(name)
    else:
        await session.execute(_CLEAR, {"audience": audience.id})
    return audience


async def _write_all(
    session: AsyncSession,
    audience_id: int,
    batches: Batches,
    on_progress: Callable[[int, int], None] | None,
    on_rejected: Callable[[int, str], None],
) -> ImportReport:
    """Parse one batch in a thread while the database takes the one before it."""
    await session.execute(_PLAN_EACH_TIME)
    size = read = added = rejected = 0
    batch = await asyncio.to_thread(batches.next)
    while batch is not None:
        ahead = asyncio.create_task(asyncio.to_thread(batches.next))
        try:
            added += await _write(session, audience_id, batch)
            size, read, rejected = size + batch.size, read + batch.read, rejected + len(batch.rejected)
            for line, reason in batch.rejected:
                on_rejected(line, reason)
            if on_progress is not None:
                on_progress(size, read)
        finally:
            await asyncio.wait([ahead])  # it reads from the stream, which must not be closed under it
        batch = ahead.result()
    return ImportReport(read, added, read - added - rejected, rejected, batches.unread)


async def _write(session: AsyncSession, audience_id: int, batch: Batch) -> int:
    values = {
        "audience": audience_id,
        "numbers": batch.numbers,
        "fingerprints": batch.fingerprints,
        "last_twos": batch.last_twos,
        "languages": batch.languages,
    }
    return int((await session.execute(_WRITE, values)).rowcount)  # type: ignore[attr-defined]
