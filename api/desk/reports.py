"""Reports: what a drill or a crisis leaves behind: as a page, as a PDF, and as one sealed file; and the two parts of it that people write."""

from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.responses import Response

from api.deps import the_reports
from api.desk.confirm import asked_first
from api.desk.route import PageRoute, TheVisit
from api.desk.typed import number
from api.desk.visit import Visit
from crisis.drills import exporting, improvements, questionnaire, remarks
from crisis.drills.improvements import Wanted, is_overdue
from crisis.drills.models import Verdict
from crisis.drills.remarks import Written
from crisis.drills.report.material import Material
from crisis.drills.report.service import Reports
from crisis.drills.report.words import IMPROVEMENT_STATES, VERDICTS
from crisis.drills.subject import Subject, mode_of
from crisis.errors import Invalid
from crisis.roles import Act

router = APIRouter(route_class=PageRoute, include_in_schema=False)
WRITTEN: Final = frozenset(each.value for each in Verdict)
"""Sections of a report that the page shows with a form."""


def reports(visit: Visit) -> Reports:
    """What the application reads reports with."""
    return the_reports(visit.request)


@router.get("/drills/{drill_id:int}/report")
async def of_drill(visit: TheVisit, drill_id: int) -> Response:
    """The report of a drill, as it is now: nothing of it is kept but what people wrote."""
    return await _page(visit, Subject(drill_id=drill_id))


@router.get("/activations/{activation_id:int}/report")
async def of_activation(visit: TheVisit, activation_id: int) -> Response:
    """The same of a real crisis."""
    return await _page(visit, Subject(activation_id=activation_id))


@router.get("/drills/{drill_id:int}/report.pdf")
async def pdf_of_drill(visit: TheVisit, drill_id: int) -> Response:
    """The same as a PDF."""
    return await _pdf(visit, Subject(drill_id=drill_id))


@router.get("/activations/{activation_id:int}/report.pdf")
async def pdf_of_activation(visit: TheVisit, activation_id: int) -> Response:
    """The same as a PDF."""
    return await _pdf(visit, Subject(activation_id=activation_id))


@router.post("/drills/{drill_id:int}/package")
async def package_of_drill(visit: TheVisit, drill_id: int) -> Response:
    """Everything in one sealed file. Put on record."""
    return await _package(visit, Subject(drill_id=drill_id))


@router.post("/activations/{activation_id:int}/package")
async def package_of_activation(visit: TheVisit, activation_id: int) -> Response:
    """The same of a real crisis."""
    return await _package(visit, Subject(activation_id=activation_id))


@router.post("/drills/{drill_id:int}/remarks")
async def remark_on_drill(visit: TheVisit, drill_id: int) -> Response:
    """Say what went well, or what must change; or say it better than before."""
    return await _remark(visit, Subject(drill_id=drill_id))


@router.post("/activations/{activation_id:int}/remarks")
async def remark_on_activation(visit: TheVisit, activation_id: int) -> Response:
    """The same of a real crisis."""
    return await _remark(visit, Subject(activation_id=activation_id))


@router.post("/drills/{drill_id:int}/improvements")
async def improve_after_drill(visit: TheVisit, drill_id: int) -> Response:
    """Write down what is to be better, who sees to it and by when."""
    return await _improve(visit, Subject(drill_id=drill_id))


@router.post("/activations/{activation_id:int}/improvements")
async def improve_after_activation(visit: TheVisit, activation_id: int) -> Response:
    """The same of a real crisis."""
    return await _improve(visit, Subject(activation_id=activation_id))


async def _page(
    visit: Visit, subject: Subject, typed: dict[str, str] | None = None, problems: dict[str, str] | None = None
) -> Response:
    found = await reports(visit).read(visit.actor, subject)
    visit.mode = found.mode
    drill = found.run.drill
    context: dict[str, Any] = {
        "document": reports(visit).document(found, visit.language),
        "subject": found.subject,
        "written": WRITTEN,
        "remarks": _by_verdict(found),
        "verdicts": VERDICTS,
        "improvements": [(each, is_overdue(each)) for each in found.improvements],
        "improvement_states": IMPROVEMENT_STATES,
        "link": f"/answer/{questionnaire.token_of(drill)}" if drill is not None else None,
        "typed": {"once": str(uuid4())} | (typed or {}),
        "problems": problems or {},
    }
    return await visit.page("report", status=422 if problems else 200, **context)


async def _pdf(visit: Visit, subject: Subject) -> Response:
    found = await reports(visit).read(visit.actor, subject)
    name = f"rapport-{found.subject.name.replace(':', '-')}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    return Response(await reports(visit).pdf(found, visit.language), headers=headers, media_type="application/pdf")


async def _package(visit: Visit, subject: Subject) -> Response:
    actor = visit.require(Act.EXPORT_LOG)
    async with visit.crisis.db.transaction() as session:
        visit.mode = await mode_of(session, subject)
    if asked := await asked_first(visit, Act.EXPORT_LOG, mode=visit.mode, back=f"{subject.path}/report"):
        return asked
    made = await exporting.make(actor, subject, reports(visit), visit.language)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "no-store"}
    return Response(made.body, headers=headers, media_type="application/zip")


async def _remark(visit: Visit, subject: Subject) -> Response:
    actor, form, _ = visit.require(Act.WRITE_LOG), await visit.form(), visit.gettext
    said = str(form.get("verdict", ""))
    verdict = Verdict(said) if said in WRITTEN else Verdict.WENT_WELL
    text, once = str(form.get("remark", "")), str(form.get("once", ""))
    try:
        written = Written(verdict, text, number(form.get("replaces"), digits=18) or None, _uuid(once))
        await remarks.write(visit.crisis.db, actor, subject, written)
    except Invalid:
        problem = _("Skriv én ting, med høyst %(most)s tegn. Ingenting er lagret.", most=remarks.TEXT_MOST)
        field = f"remark-{verdict.value}"
        return await _page(visit, subject, {field: text, "once": once}, {field: problem})
    return visit.to(f"{subject.path}/report#{verdict.value}", said=_("Skrevet i rapporten."))


async def _improve(visit: Visit, subject: Subject) -> Response:
    actor, form, _ = visit.require(Act.WRITE_LOG), await visit.form(), visit.gettext
    typed = {name: str(form.get(name, "")) for name in ("improvement", "owner", "due")}
    problems: dict[str, str] = {}
    if not typed["improvement"].strip():
        problems["improvement"] = _("Skriv hva som skal bli bedre.")
    if not typed["owner"].strip():
        problems["owner"] = _("Skriv hvem som har ansvaret.")
    due = _date(typed["due"])
    if due is None:
        problems["due"] = _("Velg en dato.")
    else:
        try:
            wanted = Wanted(typed["improvement"], typed["owner"], due)
            if not problems:
                await improvements.add(visit.crisis.db, actor, subject, wanted)
        except Invalid:
            problems["improvement"] = _("Skriv det kortere: høyst %(most)s tegn.", most=improvements.TEXT_MOST)
    if problems:
        return await _page(visit, subject, typed, problems)
    return visit.to(
        f"{subject.path}/report#must_change", said=_("Tiltaket er skrevet ned, og står på tavlen til det er gjort.")
    )


def _by_verdict(found: Material) -> dict[str, list[Any]]:
    said: dict[str, list[Any]] = {each.value: [] for each in Verdict}
    for remark in found.remarks:
        said[remark.verdict.value].append(remark)
    return said


def _date(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def _uuid(said: str) -> UUID | None:
    try:
        return UUID(said)
    except ValueError:
        return None
