"""Reports: what a drill or a crisis leaves behind, as JSON, as a PDF and as one sealed file; and what the reporter says in it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.deps import TheCrisis, TheReports, Who
from api.documented import problems
from api.door import Door
from api.v1.schemas.improvements import ImprovementIn, ImprovementOut
from api.v1.schemas.reports import RemarkIn, RemarkOut, ReportOut
from api.v1.schemas.shape import Id
from crisis.bootstrap import Crisis
from crisis.drills import exporting, improvements, remarks
from crisis.drills.improvements import Wanted
from crisis.drills.remarks import Written
from crisis.drills.report.service import Reports
from crisis.drills.subject import Subject
from crisis.roles import Actor
from crisis.tongue import texts

router = APIRouter(tags=["reports"], route_class=Door, responses=problems(404, 409))


In = Annotated[
    str,
    Query(
        pattern=f"^({'|'.join(texts.LANGUAGES)})$",
        description="The language of its texts. What people wrote stands as they wrote it.",
    ),
]
PDF: Final = "application/pdf"
ZIP: Final = "application/zip"


def _file(media_type: str) -> dict[str, Any]:
    """The description of an answer that is a file."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {"response_class": Response, "responses": {200: {"description": "The file.", "content": content}}}


@router.get("/drills/{drill_id}/report", summary="The report of a drill")
async def of_drill(drill_id: Id, reports: TheReports, actor: Who, language: In = texts.SOURCE) -> ReportOut:
    """Read anew from the log: nothing of it is kept but what people wrote."""
    return await _report(reports, actor, Subject(drill_id=drill_id), language)


@router.get("/activations/{activation_id}/report", summary="The report of a crisis")
async def of_activation(activation_id: Id, reports: TheReports, actor: Who, language: In = texts.SOURCE) -> ReportOut:
    """Read anew from the log: nothing of it is kept but what people wrote."""
    return await _report(reports, actor, Subject(activation_id=activation_id), language)


@router.get("/drills/{drill_id}/report.pdf", summary="The report of a drill as a PDF", **_file(PDF))
async def pdf_of_drill(drill_id: Id, reports: TheReports, actor: Who, language: In = texts.SOURCE) -> Response:
    """Tagged, so that it can be read aloud."""
    return await _pdf(reports, actor, Subject(drill_id=drill_id), language)


@router.get("/activations/{activation_id}/report.pdf", summary="The report of a crisis as a PDF", **_file(PDF))
async def pdf_of_activation(
    activation_id: Id, reports: TheReports, actor: Who, language: In = texts.SOURCE
) -> Response:
    """Tagged, so that it can be read aloud."""
    return await _pdf(reports, actor, Subject(activation_id=activation_id), language)


@router.get("/drills/{drill_id}/package", summary="Everything about a drill in one sealed file", **_file(ZIP))
async def package_of_drill(drill_id: Id, reports: TheReports, actor: Who, language: In = texts.SOURCE) -> Response:
    """Log, messages, report, answers, playbook. That it was taken goes on record; `crisis drill verify FILE` checks it."""
    return await _package(reports, actor, Subject(drill_id=drill_id), language)


@router.get(
    "/activations/{activation_id}/package", summary="Everything about a crisis in one sealed file", **_file(ZIP)
)
async def package_of_activation(
    activation_id: Id, reports: TheReports, actor: Who, language: In = texts.SOURCE
) -> Response:
    """Log, messages, report. That it was taken goes on record; `crisis drill verify FILE` checks it."""
    return await _package(reports, actor, Subject(activation_id=activation_id), language)


@router.post("/drills/{drill_id}/remarks", status_code=201, summary="Say what went well or must change in a drill")
async def remark_on_drill(drill_id: Id, given: RemarkIn, crisis: TheCrisis, actor: Who) -> RemarkOut:
    """It stands in the report. 409 for a remark that was replaced already."""
    return await _remark(crisis, actor, Subject(drill_id=drill_id), given)


@router.post(
    "/activations/{activation_id}/remarks", status_code=201, summary="Say what went well or must change in a crisis"
)
async def remark_on_activation(activation_id: Id, given: RemarkIn, crisis: TheCrisis, actor: Who) -> RemarkOut:
    """It stands in the report. 409 for a remark that was replaced already."""
    return await _remark(crisis, actor, Subject(activation_id=activation_id), given)


@router.post(
    "/drills/{drill_id}/improvements", status_code=201, summary="Write down what is to be better after a drill"
)
async def improve_after_drill(drill_id: Id, given: ImprovementIn, crisis: TheCrisis, actor: Who) -> ImprovementOut:
    """Open until it is done or dropped. The same again, while it is open, is the first one."""
    return await _improve(crisis, actor, Subject(drill_id=drill_id), given)


@router.post(
    "/activations/{activation_id}/improvements",
    status_code=201,
    summary="Write down what is to be better after a crisis",
)
async def improve_after_activation(
    activation_id: Id, given: ImprovementIn, crisis: TheCrisis, actor: Who
) -> ImprovementOut:
    """Open until it is done or dropped. The same again, while it is open, is the first one."""
    return await _improve(crisis, actor, Subject(activation_id=activation_id), given)


async def _report(reports: Reports, actor: Actor, subject: Subject, language: str) -> ReportOut:
    found = await reports.read(actor, subject)
    return ReportOut.of(found, reports.document(found, language), reports.speaker(language))


async def _pdf(reports: Reports, actor: Actor, subject: Subject, language: str) -> Response:
    return Response(await reports.pdf(await reports.read(actor, subject), language), media_type=PDF)


async def _package(reports: Reports, actor: Actor, subject: Subject, language: str) -> Response:
    made = await exporting.make(actor, subject, reports, language)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.body, headers=headers, media_type=ZIP)


async def _remark(crisis: Crisis, actor: Actor, subject: Subject, given: RemarkIn) -> RemarkOut:
    written = Written(given.verdict, given.text, given.replaces, given.once)
    return RemarkOut.model_validate(await remarks.write(crisis.db, actor, subject, written))


async def _improve(crisis: Crisis, actor: Actor, subject: Subject, given: ImprovementIn) -> ImprovementOut:
    wanted = Wanted(given.text, given.owner, given.due)
    return ImprovementOut.of(await improvements.add(crisis.db, actor, subject, wanted))
