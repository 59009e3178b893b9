"""Taking a message back: to say that it was a false alarm, or to take it down. Each on a page of its own that shows all of it."""

from collections import Counter
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.confirm import asked_first
from api.desk.live import Look
from api.desk.message import MessageTopic, headline_of
from api.desk.route import PageRoute, TheVisit
from api.desk.standing import Row, Tone
from api.desk.visit import Visit
from crisis.deliveries.withdrawals import can as can_withdraw
from crisis.deliveries.withdrawals import withdraw_message
from crisis.messages import drafts
from crisis.roles import Act

router = APIRouter(route_class=PageRoute, include_in_schema=False)
REASON_MOST = 500
"""Characters of why, for the record."""


@router.get("/messages/{message_id:int}/retract")
async def ask_to_retract(message_id: int, visit: TheVisit) -> Response:
    """Exactly what is said, where, and to how many."""
    visit.require(Act.APPROVE_MESSAGE)
    return await _retraction(visit, message_id)


@router.post("/messages/{message_id:int}/retract")
async def retract(message_id: int, visit: TheVisit) -> Response:
    """Say that it was a false alarm, to everybody who may have it. Sent twice, it is done once."""
    actor, form, _ = visit.require(Act.APPROVE_MESSAGE), await visit.form(), visit.gettext
    reason = " ".join(str(form.get("reason", "")).replace("\x00", "").split())
    if len(reason) > REASON_MOST:
        return await _retraction(visit, message_id, reason, _("Skriv det kortere. Høyst 500 tegn."))
    async with visit.crisis.db.transaction() as session:
        visit.mode = (await drafts.message(session, message_id))[0].mode
    back = f"/messages/{message_id}/retract"
    if asked := await asked_first(visit, Act.APPROVE_MESSAGE, mode=visit.mode, back=back):
        return asked
    try:
        done = await visit.crisis.desk.retract(actor, message_id, reason)
    except drafts.AlreadyRetracted:
        return visit.to(
            f"/messages/{message_id}", said=_("Meldingen er alt meldt som falsk alarm. Ingenting er sendt på nytt.")
        )
    said = _("Ingenting hadde gått ut. Det som ventet, er stanset, og ingen får noe.")
    if done.revision is not None:
        said = _("«Falsk alarm» er på vei ut til alle som kan ha fått meldingen.")
    return visit.to(f"/messages/{message_id}", said=said)


@router.get("/messages/{message_id:int}/withdraw")
async def ask_to_withdraw(message_id: int, visit: TheVisit) -> Response:
    """What can be taken down, and what nobody can call back."""
    visit.require(Act.DECIDE_DELIVERY)
    async with visit.crisis.db.transaction() as session:
        message, revisions = await drafts.message(session, message_id)
        visit.mode = message.mode
        standing = await MessageTopic(message_id).read(Look(visit.crisis, session))
    rows = [row for each in standing.sent for row in each.rows]
    return await visit.page(
        "withdraw",
        message=message,
        headline=headline_of(revisions, visit.crisis.settings.languages[0]),
        fates=_fates(visit, rows),
    )


@router.post("/messages/{message_id:int}/withdraw")
async def withdraw(message_id: int, visit: TheVisit) -> Response:
    """Take it down wherever it can be. Harmless to ask twice."""
    actor, _ = visit.require(Act.DECIDE_DELIVERY), visit.gettext
    done = await withdraw_message(visit.crisis.db, actor, message_id, visit.crisis.capabilities)
    said = [_("Meldingen tas ned der det går.")]
    if beyond := sum(done.beyond_recall.values()):
        said.append(
            visit.ngettext(
                "%(num)s utsending kan ikke hentes tilbake. Send en rettelse, eller meld falsk alarm.",
                "%(num)s utsendinger kan ikke hentes tilbake. Send en rettelse, eller meld falsk alarm.",
                beyond,
            )
        )
    return visit.to(f"/messages/{message_id}", said=" ".join(said))


async def _retraction(visit: Visit, message_id: int, reason: str = "", problem: str = "") -> Response:
    async with visit.crisis.db.transaction() as session:
        message, revisions = await drafts.message(session, message_id)
    visit.mode = message.mode
    try:
        plan = await visit.crisis.desk.preview_retraction(visit.actor, message_id)
    except drafts.AlreadyRetracted:
        plan = None
    return await visit.page(
        "retract",
        status=422 if problem else 200,
        message=message,
        headline=headline_of(revisions, visit.crisis.settings.languages[0]),
        plan=plan,
        total=sum(plan.deliveries.values()) if plan else 0,
        reason=reason,
        problem=problem,
    )


def _fates(visit: Visit, rows: list[Row]) -> Mapping[str, Counter[str]]:
    """``{channel: {fate: deliveries}}``: unsent is stopped, what is out is taken down where the channel can."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        able = can_withdraw(visit.crisis.capabilities, row.channel)
        for part in row.parts:
            if part.tone in {Tone.QUIET, Tone.FAILED}:
                continue
            # What waits to be tried again has surely not gone out; what is unknown may have.
            unsent = part.tone is Tone.GOING or part.until is not None
            fate = "stopped" if unsent else "taken_down" if able else "beyond"
            found.setdefault(row.channel, Counter())[fate] += part.count
    return found
