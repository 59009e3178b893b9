"""Audiences: lists of recipients, imported as they come and never held whole."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.deps import TheCrisis, Who
from api.documented import csv_body, problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.audiences import AudienceOut, Erased, ImportReportOut, NumberIn, OrphansIn, RejectedLine
from crisis.audiences import service
from crisis.audiences.importer import import_recipients

router = APIRouter(prefix="/audiences", tags=["audiences"], route_class=Door, responses=problems(404, 409))
REJECTED_MOST = 10_000
"""Rejected lines that are listed in an answer; beyond that they are counted."""
RECIPIENTS = csv_body(
    "Recipients: a column `number` (or `nummer`, `mobil`, `phone`, `telefon`) and, if there is one, `language`. UTF-8.",
    "number,language\n+4790000001,nb\n",
)


@router.get("", summary="List audiences by name, with their sizes")
async def list_audiences(crisis: TheCrisis, _: Who, at: At) -> Page[AudienceOut]:
    """How many recipients each has; never who they are."""
    async with crisis.db.transaction() as session:
        rows = await service.list_audiences(session)
    return at.cut(rows, AudienceOut.model_validate, lambda row: row.id)


@router.post("/import", summary="Make or replace an audience from a CSV file", openapi_extra=RECIPIENTS)
async def import_audience(
    request: Request,
    crisis: TheCrisis,
    actor: Who,
    name: Annotated[str, Query(max_length=1000)],
    *,
    replace: Annotated[bool, Query()] = False,
) -> ImportReportOut:
    """All or nothing; a line that is rejected does not stop the rest, and is reported without what it said."""
    lines: list[RejectedLine] = []

    def reject(line: int, reason: str) -> None:
        if len(lines) < REJECTED_MOST:
            lines.append(RejectedLine(line=line, reason=reason))

    report = await import_recipients(
        crisis.db,
        actor,
        name,
        request.state.upload.file(),
        sealer=crisis.numbers,
        settings=crisis.settings,
        replace=replace,
        on_rejected=reject,
    )
    return ImportReportOut(
        read=report.read,
        added=report.added,
        duplicates=report.duplicates,
        rejected=report.rejected,
        unread_columns=list(report.unread_columns),
        rejected_lines=lines,
        rejected_lines_left_out=report.rejected - len(lines),
    )


@router.post("/forget", status_code=204, summary="Erase one person from every list")
async def forget(wanted: NumberIn, crisis: TheCrisis, actor: Who) -> None:
    """What they may ask for. What was sent to them stays counted, without the number."""
    await service.forget_number(
        crisis.db,
        actor,
        wanted.number.get_secret_value(),
        sealer=crisis.numbers,
        region=crisis.settings.phone_region,
    )


@router.post("/erase-orphans", summary="Erase recipients that no list holds")
async def erase_orphans(wanted: OrphansIn, crisis: TheCrisis, actor: Who) -> Erased:
    """Those who came in, and were last written to, more than ``days`` days ago. Not while an activation is in force."""
    return Erased(erased=await service.erase_orphans(crisis.db, actor, days=wanted.days))
