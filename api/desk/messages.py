"""Messages: every one of the activation in force, the way to a new one, and the way on from one that is out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.draft import language_name
from api.desk.navigation import MODE, mode_of
from api.desk.route import PageRoute, TheVisit
from api.desk.typed import Mistyped, Moment, number
from api.desk.visit import Visit
from crisis import clock
from crisis.activations.models import Activation
from crisis.activations.service import find_current
from crisis.audiences.service import list_audiences
from crisis.errors import Conflict, Invalid
from crisis.messages import drafts, follow, library, promised
from crisis.messages.models import Kind, Revision, RevisionState
from crisis.playbooks.plan import Plan, of_activation
from crisis.roles import Act
from crisis.targets import TARGETS, Measure
from crisis.tongue.kinds import KINDS

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_PHONE: Final = "telefon"
"""The blank that the municipality's own number fills."""
BLANK_MOST: Final = 200
"""Characters of one blank."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message in the list: its newest revision that is out, and what is being written after it."""

    message_id: int
    headline: str
    sent: Revision | None
    open: Sequence[Revision]
    is_ended: bool


@router.get("/messages")
async def show(visit: TheVisit) -> Response:
    """What waits for somebody first, then what is out, the newest first."""
    visit.require(Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        activation = await find_current(session, visit.mode)
        found = await drafts.all_revisions(session, activation.id) if activation else []
    return await visit.page(
        "messages",
        activation=activation,
        lines=_lines(found, visit.crisis.settings.languages),
        kinds=KINDS,
        states=RevisionState,
    )


@router.get("/messages/new")
async def ask(visit: TheVisit) -> Response:
    """Choose what has happened; then fill in what only the day knows. ``?hazard=none`` begins with an empty page, and
    ``?template=`` with a text of the activation's playbook.
    """
    visit.require(Act.WRITE_MESSAGE)
    activation = await _activation(visit)
    if activation is None:
        return await visit.page("message-new", activation=None, templates=(), own=(), template=None, hazard="")
    asked = visit.request.query_params
    hazard = asked.get("hazard", "")
    plan = await _plan(visit, activation)
    template = _template(visit, plan, asked.get("template", ""), hazard)
    phone = visit.crisis.settings.municipality_phone
    values = {_PHONE: phone} if template and phone and _PHONE in template.blanks else {}
    hazard = template.hazard if template else "none" if hazard == "none" else ""
    return await _form(visit, activation, plan, template, hazard, values)


@router.post("/messages")
async def begin(visit: TheVisit) -> Response:
    """A draft out of a template. Sent twice, it is begun once."""
    actor, form, _ = visit.require(Act.WRITE_MESSAGE), await visit.form(), visit.gettext
    visit.mode = mode_of(form.get(MODE))
    activation = await _activation(visit)
    if activation is None:
        raise Conflict("No activation is in force, and a message belongs to one. Activate first.")
    plan = await _plan(visit, activation)
    template = _template(visit, plan, str(form.get("template", "")), str(form.get("hazard", "")))
    blanks = template.blanks if template else {}
    values = {name: " ".join(str(form.get(f"blank-{name}", "")).split()) for name in blanks}
    long = {name: _("Dette er for langt. Høyst 200 tegn.") for name, said in values.items() if len(said) > BLANK_MOST}
    said = Moment.of(form, "next_update_at")
    try:
        at = said.read()
    except Mistyped as error:
        at, long = None, long | {"next_update_at": _(str(error))}
    if long:
        hazard = template.hazard if template else "none"
        return await _form(visit, activation, plan, template, hazard, values, long, said)
    languages = visit.crisis.settings.languages
    revision = await follow.begin(
        visit.crisis.db,
        actor,
        activation.id,
        template.filled(values, languages) if template else {},
        languages,
        hazard=template.hazard if template else None,
        next_update_at=at,
        audience_id=number(form.get("audience_id")) or None,
    )
    return visit.to(f"/messages/{revision.message_id}/revisions/{revision.id}")


@router.post("/messages/{message_id:int}/revisions")
async def go_on(visit: TheVisit, message_id: int) -> Response:
    """An update, a correction or the all-clear of a message: the draft of it that there is, or a new one."""
    actor, form = visit.require(Act.WRITE_MESSAGE), await visit.form()
    try:
        kind = Kind(str(form.get("kind", "")))
    except ValueError:
        raise Invalid("There is no such kind of message.") from None
    async with visit.crisis.db.transaction() as session:
        message = await drafts.get_message(session, message_id)
        plan = await of_activation(session, message.activation_id)
    template = plan.find(kind, str(form.get("template", ""))) if plan is not None else None
    languages = visit.crisis.settings.languages
    revision = await follow.after(
        visit.crisis.db,
        actor,
        message_id,
        kind,
        languages,
        next_update_at=promised.proposed(clock.now(), _rhythm(plan)),
        contents=template.filled({}, languages) if template else None,
    )
    return visit.to(f"/messages/{message_id}/revisions/{revision.id}")


async def _form(
    visit: Visit,
    activation: Activation,
    plan: Plan | None,
    template: library.Template | None,
    hazard: str,
    values: Mapping[str, str],
    problems: Mapping[str, str] | None = None,
    said: Moment | None = None,
) -> Response:
    async with visit.crisis.db.transaction() as session:
        lists = await list_audiences(session)
        audience_id = await follow.usual_audience(session, activation.id)
    return await visit.page(
        "message-new",
        status=422 if problems else 200,
        activation=activation,
        templates=tuple(visit.crisis.library),
        own=plan.offered(Kind.ALERT) if plan is not None else (),
        template=template,
        hazard=hazard,
        values=values,
        problems=problems or {},
        next_update=said or Moment.at(promised.proposed(clock.now(), _rhythm(plan))),
        audiences=lists,
        audience_id=audience_id,
        languages_named=[language_name(visit, each) for each in visit.crisis.settings.languages],
    )


async def _plan(visit: Visit, activation: Activation) -> Plan | None:
    async with visit.crisis.db.transaction() as session:
        return await of_activation(session, activation.id)


def _template(visit: Visit, plan: Plan | None, key: str, hazard: str) -> library.Template | None:
    """The text that was chosen: the playbook's of this name, or the library's of this hazard."""
    if key and plan is not None:
        return plan.find(Kind.ALERT, key)
    return visit.crisis.library.find(hazard)


def _rhythm(plan: Plan | None) -> timedelta:
    """How long until the next message, as a rule."""
    return (plan.within if plan is not None else TARGETS)[Measure.NEXT_UPDATE]


async def _activation(visit: Visit) -> Activation | None:
    async with visit.crisis.db.transaction() as session:
        return await find_current(session, visit.mode)


def _lines(found: Sequence[Revision], languages: Sequence[str]) -> list[Line]:
    """By message, the newest first; a message somebody is to read or mend before the others."""
    by: dict[int, list[Revision]] = {}
    for each in found:
        by.setdefault(each.message_id, []).append(each)
    lines = []
    for message_id, of_message in by.items():
        out = [each for each in of_message if each.state is RevisionState.APPROVED]
        newest = out[-1] if out else None
        since = newest.number if newest else 0
        rest = [each for each in of_message if each.state is not RevisionState.APPROVED and each.number > since]
        contents = (newest or of_message[-1]).contents
        headlines = (contents.get(language, {}).get("headline") for language in languages)
        headline = next(filter(None, headlines), "")
        ended = newest is not None and newest.kind.is_end
        lines.append(Line(message_id, headline, newest, rest, ended))
    return sorted(lines, key=lambda line: (not line.open, -line.message_id))
