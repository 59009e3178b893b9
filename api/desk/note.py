"""A note: a line in the log from wherever somebody is, also for those who write in the log and do not read it.

The frame has it in a dialog, sent by htmx; where there are no scripts it is a page, and leads back.
"""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.cookies import onward
from api.desk.route import PageRoute, TheVisit
from api.desk.typed import number
from api.desk.visit import Visit
from crisis.activations import service as activations
from crisis.errors import Invalid
from crisis.logbook import notes
from crisis.logbook.notes import Written
from crisis.roles import Act

router = APIRouter(route_class=PageRoute, include_in_schema=False)
NOTED: Final = "noted"
"""The event by which the page knows that it is written."""


@router.get("/log/note")
async def show(visit: TheVisit) -> Response:
    """The note alone."""
    visit.require(Act.WRITE_LOG)
    return await _page(visit, visit.request.query_params.get("back"))


@router.post("/log/note")
async def write(visit: TheVisit) -> Response:
    """Write it. A form sent twice is written once; one that cannot be is shown again as it was typed."""
    actor, form, _ = visit.require(Act.WRITE_LOG), await visit.form(), visit.gettext
    text, activation_id, back = str(form.get("text", "")), number(form.get("activation")), form.get("back")
    problem = "" if text.strip() else _("Skriv hva som skjedde, eller hva som ble bestemt.")
    if not problem:
        try:
            await notes.write(visit.crisis.db, actor, activation_id, Written(text, once=uuid_of(form.get("once"))))
        except Invalid:
            problem = _("Teksten er for lang. Ingenting er lagret.")
    if problem:
        return await _page(visit, back, activation_id, text, problem)
    if not visit.is_partial:
        return visit.to(onward(visit.request, back), said=_("Loggført."))
    answer = await _page(visit, back, activation_id)
    answer.headers["HX-Trigger"] = NOTED
    return answer


def uuid_of(said: object) -> UUID | None:
    """What makes a form that is sent twice one."""
    try:
        return UUID(str(said))
    except ValueError:
        return None


async def _page(visit: Visit, back: object, activation_id: int = 0, text: str = "", problem: str = "") -> Response:
    async with visit.crisis.db.transaction() as session:
        activation = (
            await activations.get(session, activation_id)
            if activation_id
            else await activations.find_latest(session, visit.mode)
        )
    if activation is not None:
        visit.mode = activation.mode
    context: dict[str, Any] = {
        "activation": activation,
        "back": onward(visit.request, back),
        "text": text,
        "problem": problem,
        "in_dialog": visit.is_partial,
    }
    if visit.is_partial:
        return await visit.block("note", "form", **context)
    return await visit.page("note", status=422 if problem else 200, **context)
