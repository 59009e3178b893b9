"""The lock certificate: a page that prints, and the same as a PDF."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.reports import reports
from api.desk.route import PageRoute, TheVisit
from api.desk.visit import Visit
from crisis.drills.report import locked, typeset
from crisis.drills.report.document import Document
from crisis.locks import certificate
from crisis.locks.certificate import Certificate
from crisis.locks.reading import Around
from crisis.roles import Act

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/activations/{activation_id:int}/certificate")
async def show(visit: TheVisit, activation_id: int) -> Response:
    """Read anew from what happened, in the language of whoever reads it."""
    found = await _read(visit, activation_id)
    context: dict[str, Any] = {"document": _document(visit, found), "certificate": found}
    return await visit.page("certificate", activation=found.activation, **context)


@router.get("/activations/{activation_id:int}/certificate.pdf")
async def pdf(visit: TheVisit, activation_id: int) -> Response:
    """The same as a tagged PDF."""
    found = await _read(visit, activation_id)
    folder = visit.crisis.settings.templates_dir
    headers = {
        "Content-Disposition": f'inline; filename="laasebevis-{activation_id}.pdf"',
        "Cache-Control": "no-store",
    }
    made = await typeset.pdf(_document(visit, found), folder, found.read_at)
    return Response(made, headers=headers, media_type="application/pdf")


async def _read(visit: Visit, activation_id: int) -> Certificate:
    visit.require(Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        around = Around(visit.crisis.settings, visit.crisis.capabilities)
        found = await certificate.read(session, activation_id, around)
    visit.mode = found.activation.mode
    return found


def _document(visit: Visit, found: Certificate) -> Document:
    return locked.document(found, reports(visit).speaker(visit.language), reports(visit).marker)
