"""Check and send: exactly what goes where and to how many, and the one button that names what it does.

What was read is what goes out: a text that was saved after the page was made is shown again before it is sent. Sent twice, a
message goes out once, and whoever was second is taken to where it is followed.
"""

from collections.abc import Sequence
from typing import Any

from babel.lists import format_list
from babel.numbers import format_decimal
from fastapi import APIRouter
from starlette.responses import Response

from api.desk import draft as drafted
from api.desk.channels import channel_name
from api.desk.composer import AT
from api.desk.confirm import asked_first
from api.desk.draft import Draft, language_name
from api.desk.mends import mends
from api.desk.previews import previews, retractions
from api.desk.questions import questions
from api.desk.route import PageRoute, TheVisit
from api.desk.typed import number
from api.desk.visit import Visit
from crisis.errors import Conflict, CrisisError, Invalid
from crisis.messages import drafts, release
from crisis.messages.duplicate import SameAgain
from crisis.messages.models import RevisionState
from crisis.messages.outcome import Faulty
from crisis.messages.plan import Plan
from crisis.messages.release import NotWaiting, SecondPersonNeeded
from crisis.messages.rendered import CRISIS_PAGE
from crisis.mode import Mode
from crisis.roles import Act, can
from crisis.tongue import times
from crisis.tongue.kinds import KINDS

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get(f"{AT}/check")
async def show(visit: TheVisit, message_id: int, revision_id: int) -> Response:
    """What would go out now."""
    visit.require(Act.READ_CRISIS)
    draft = await drafted.load(visit, message_id, revision_id)
    if draft.revision.state is RevisionState.APPROVED:
        return visit.to(f"/messages/{message_id}")
    return await _page(visit, draft)


@router.post(f"{AT}/send")
async def send(visit: TheVisit, message_id: int, revision_id: int) -> Response:
    """Let it out."""
    actor, form, _ = visit.require(Act.APPROVE_MESSAGE), await visit.form(), visit.gettext
    draft = await drafted.load(visit, message_id, revision_id)
    if asked := await asked_first(visit, Act.APPROVE_MESSAGE, mode=visit.mode, back=f"{draft.path}/check"):
        return asked
    channels: list[str] | None = [] if form.get("only") == CRISIS_PAGE else None
    try:
        await visit.crisis.desk.approve(
            actor,
            revision_id,
            [str(each) for each in form.getlist("leave_out")],
            channels=channels,
            seen=number(form.get("seen")),
        )
    except (Conflict, Faulty, SecondPersonNeeded) as refused:
        return await _refused(visit, draft, refused)
    said = _("Øvelsesmeldingen er på vei ut.") if visit.mode is Mode.EXERCISE else _("Meldingen er på vei ut.")
    return visit.to(f"/messages/{message_id}", said=said)


@router.post(f"{AT}/submit")
async def submit(visit: TheVisit, message_id: int, revision_id: int) -> Response:
    """Send it to somebody else's approval."""
    draft = await drafted.load(visit, message_id, revision_id)
    await release.submit(visit.crisis.db, visit.require(Act.WRITE_MESSAGE), revision_id)
    said = visit.gettext("Meldingen venter på godkjenning. Si fra til den som skal se på den.")
    return visit.to(f"{draft.path}/check", said=said)


@router.post(f"{AT}/take-back")
async def take_back(visit: TheVisit, message_id: int, revision_id: int) -> Response:
    """Make it a draft again, to change it."""
    draft = await drafted.load(visit, message_id, revision_id)
    await release.take_back(visit.crisis.db, visit.require(Act.WRITE_MESSAGE), revision_id)
    return visit.to(draft.path)


@router.post(f"{AT}/send-back")
async def send_back(visit: TheVisit, message_id: int, revision_id: int) -> Response:
    """Return it with what is to be changed. The reason stays in the form where it cannot be used."""
    actor, form, _ = visit.require(Act.APPROVE_MESSAGE), await visit.form(), visit.gettext
    draft = await drafted.load(visit, message_id, revision_id)
    reason = str(form.get("reason", ""))
    try:
        await release.send_back(visit.crisis.db, actor, revision_id, reason)
    except Invalid:
        problem = _("Skriv hva som må endres, med høyst 1000 tegn.")
        return await _page(visit, draft, status=422, reason=reason, reason_problem=problem)
    return visit.to("/messages", said=_("Meldingen er sendt tilbake til %(who)s.", who=_people(visit, draft)))


async def _refused(visit: Visit, draft: Draft, why: CrisisError) -> Response:
    """Why nothing was sent: to where it is followed if it is out already, and else the same page with what to do."""
    _, at = visit.gettext, f"/messages/{draft.message.id}"
    if isinstance(why, drafts.AlreadyApproved) and why.approved_at:
        when, who = times.moment(why.approved_at, visit.language), why.approved_by
        said = _("Meldingen ble sendt %(when)s av %(who)s. Den er ikke sendt en gang til.", when=when, who=who)
        return visit.to(at, said=said)
    if isinstance(why, SameAgain):
        said = _("Nøyaktig samme melding gikk ut for under et minutt siden. Den er ikke sendt en gang til.")
        return visit.to(f"/messages/{why.message_id}", said=said)
    if isinstance(why, drafts.ChangedSince):
        said = _(
            "%(who)s har endret teksten siden du så over. Ingenting er sendt. Se over på nytt.",
            who=why.written_by,
        )
        return await _page(visit, await drafted.load(visit, draft.message.id, draft.revision.id), said, status=409)
    if isinstance(why, Faulty):
        return await _page(visit, draft, _("Ingenting er sendt. Rett dette først."), status=422)
    if isinstance(why, SecondPersonNeeded):
        said = _("Du har skrevet i meldingen. En annen må sende den. Ingenting er sendt.")
        return await _page(visit, draft, said, status=403)
    if isinstance(why, NotWaiting):
        said = _("Her er det to som skal se på hver melding. Send den til godkjenning først. Ingenting er sendt.")
        return await _page(visit, draft, said, status=409)
    raise why


async def _page(
    visit: Visit, draft: Draft, alert: str = "", *, status: int = 200, reason: str = "", reason_problem: str = ""
) -> Response:
    waiting = drafted.unfinished_translations(visit, draft.revision)
    plan, hints, standing = await visit.crisis.desk.look(visit.actor, draft.revision.id, waiting)
    found = questions(visit, hints)
    return await visit.page(
        "check",
        status=status,
        draft=draft,
        revision=draft.revision,
        alert=alert,
        kind=visit.gettext(KINDS[draft.revision.kind]),
        plan=plan,
        texts=previews(visit, plan),
        retractions=retractions(visit, plan),
        language_names={each: language_name(visit, each) for each in visit.crisis.settings.languages},
        mends=mends(visit, plan.faults),
        questions=found,
        waiting=waiting,
        standing=standing,
        can_send=can(visit.actor, Act.APPROVE_MESSAGE),
        can_write=can(visit.actor, Act.WRITE_MESSAGE),
        people=plan.people,
        goes_to=_goes_to(visit, plan),
        button=_button(visit, plan),
        has_more=any(channel != CRISIS_PAGE for channel in plan.deliveries) and CRISIS_PAGE in plan.deliveries,
        authors=_people(visit, draft),
        reason=reason,
        reason_problem=reason_problem,
    )


def _goes_to(visit: Visit, plan: Plan) -> list[dict[str, Any]]:
    """Each channel in the order it goes out, with its accounts, and for text messages how many people."""
    rows: list[dict[str, Any]] = []
    for channel, count in plan.deliveries.items():
        accounts = next((each.accounts for each in plan.previews if each.channel == channel), ())
        is_people = visit.crisis.capabilities[channel].recipients
        rows.append(
            {
                "channel": channel,
                "name": channel_name(visit, channel),
                "accounts": accounts,
                "people": count if is_people else None,
            }
        )
    return rows


def _button(visit: Visit, plan: Plan) -> str:
    """``Send nå til krisesiden, Facebook, X og SMS (8 400 mottakere)``."""
    _ = visit.gettext
    names: Sequence[str] = [
        _("krisesiden") if channel == CRISIS_PAGE else channel_name(visit, channel) for channel in plan.deliveries
    ]
    where = format_list(names, locale=visit.language) if names else ""
    said = (
        _("Send i øvelsen til %(where)s", where=where)
        if visit.mode is Mode.EXERCISE
        else _("Send nå til %(where)s", where=where)
    )
    if plan.people is None or not plan.people.people:
        return said
    people = plan.people.people
    many = visit.ngettext(
        "%(people)s mottaker", "%(people)s mottakere", people, people=format_decimal(people, locale=visit.language)
    )
    return f"{said} ({many})"


def _people(visit: Visit, draft: Draft) -> str:
    return format_list(list(draft.revision.authors), locale=visit.language)
