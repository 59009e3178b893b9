"""Audiences: who gets the SMS. Lists with their counts, files brought in with what was rejected, and people let go.

No number is ever shown: a list is known by its name and its count, and a rejected line by where it stands in the file.
"""

import csv
import io
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from api.desk.route import UPLOAD_MOST, PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.visit import FORM_MOST, Visit
from crisis.audiences import imports, service
from crisis.audiences.columns import LANGUAGE, NUMBER
from crisis.audiences.models import Import, ImportState
from crisis.audiences.numbers import BadNumber
from crisis.errors import Conflict, Invalid, NotFound
from crisis.roles import Act
from crisis.settings import Settings

router = APIRouter(route_class=PageRoute, include_in_schema=False)
WATCHED_SECONDS = 1.0
PLAIN_SECONDS = 45.0
"""How long a browser waits for the end of an import before it is shown how far that is: one that shows it by itself from then
on, and one without scripts, which waits as long as no proxy gives up."""
SHOWN = 100
"""Rejected lines on the page. All that are kept are in the file to download."""


def most_of(settings: Settings) -> int:
    """Bytes of the largest list, and of the form around it."""
    return settings.csv_max_bytes + FORM_MOST


@router.get("/audiences")
async def show(visit: TheVisit) -> Response:
    """Every list with its count, and the latest imports."""
    visit.require(Act.MANAGE_AUDIENCES)
    return await _lists(visit)


@router.get("/audiences/import")
async def ask(visit: TheVisit) -> Response:
    """What the file must hold, and the form. ``?replace=NAME``: of a list there is."""
    visit.require(Act.MANAGE_AUDIENCES)
    name = visit.request.query_params.get("replace", "")
    return await _form(visit, name, replace=bool(name))


@router.post("/audiences/import", openapi_extra={UPLOAD_MOST: most_of})
async def take(visit: TheVisit) -> Response:
    """Begin to read the file, and go on to the page that shows how far it has come."""
    actor, form, _ = visit.require(Act.MANAGE_AUDIENCES), await visit.form(), visit.gettext
    name, replace, file = str(form.get("name", "")), form.get("replace") == "yes", form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _form(visit, name, replace=replace, problems={"file": _("Velg en fil.")})
    try:
        number = await imports.begin(visit.crisis.db, actor, name, size=file.size or 0, replace=replace)
    except (Invalid, Conflict) as error:
        await file.close()
        return await _form(visit, name, replace=replace, problems={"name": told(visit, error.args[0])})
    patience = PLAIN_SECONDS if form.get("wait") == "yes" else WATCHED_SECONDS
    await visit.request.app.state.imports.start(actor, number, file.file, patience)
    return visit.to(f"/audiences/imports/{number}")


@router.get("/audiences/imports/{import_id:int}")
async def progress(import_id: int, visit: TheVisit) -> Response:
    """How far it has come, and in the end what became of it."""
    visit.require(Act.MANAGE_AUDIENCES)
    async with visit.crisis.db.transaction() as session:
        row = await imports.get(session, import_id)
    context = _shown(visit, row)
    if visit.is_partial:
        return await visit.block("import", "progress", **context)
    return await visit.page("import", **context)


@router.get("/audiences/imports/{import_id:int}/rejected.csv")
async def rejected(import_id: int, visit: TheVisit) -> Response:
    """The rejected lines by number, with the reason: for mending the file. Holds no number."""
    visit.require(Act.MANAGE_AUDIENCES)
    async with visit.crisis.db.transaction() as session:
        row = await imports.get(session, import_id)
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";")
    writer.writerow([visit.gettext("linje"), visit.gettext("hvorfor")])
    writer.writerows([line, told(visit, reason)] for line, reason in row.rejected_lines)
    headers = {"Content-Disposition": f'attachment; filename="avvist-{import_id}.csv"'}
    body = written.getvalue().encode("utf-8-sig")  # the mark by which a spreadsheet knows it
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/audiences/forget")
async def forget(visit: TheVisit) -> Response:
    """Erase one person from every list."""
    actor, form = visit.require(Act.MANAGE_AUDIENCES), await visit.form()
    number, crisis = str(form.get("number", "")), visit.crisis
    try:
        await service.forget_number(
            crisis.db, actor, number, sealer=crisis.numbers, region=crisis.settings.phone_region
        )
    except BadNumber as error:
        return await _lists(visit, number, visit.gettext("Kan ikke brukes: %(why)s.", why=told(visit, error.summary)))
    except NotFound:
        return await _lists(visit, number, visit.gettext("Nummeret står ikke på noen liste, uansett skrivemåte."))
    said = visit.gettext("Nummeret er slettet fra alle lister. Det som er sendt, telles fortsatt, uten nummeret.")
    return visit.to("/audiences", said=said)


async def _lists(visit: Visit, number: str = "", problem: str | None = None) -> Response:
    async with visit.crisis.db.transaction() as session:
        rows = await service.list_audiences(session)
        latest = await imports.recent(session)
    return await visit.page(
        "audiences",
        status=422 if problem else 200,
        rows=rows,
        latest=[_shown(visit, row) for row in latest],
        number=number,
        problem=problem,
    )


async def _form(visit: Visit, name: str, *, replace: bool, problems: dict[str, str] | None = None) -> Response:
    async with visit.crisis.db.transaction() as session:
        rows = await service.list_audiences(session)
    return await visit.page(
        "import-audience",
        status=422 if problems else 200,
        list_name=name,
        replace=replace,
        problems=problems or {},
        rows=rows,
        number_columns=sorted(NUMBER),
        language_column=LANGUAGE,
        most=visit.crisis.settings.csv_max_bytes,
    )


def _shown(visit: Visit, row: Import) -> dict[str, Any]:
    """An import as the pages have it."""
    problem = imports.problem_of(row)
    return {
        "row": row,
        "problem": told(visit, problem) if problem else None,
        "under_way": row.state is ImportState.READING and problem is None,
        "share": min(99, 100 * row.size_read // row.size) if row.size else 0,
        "lines": [(line, told(visit, reason)) for line, reason in row.rejected_lines[:SHOWN]],
        "listed": len(row.rejected_lines),
    }
