"""The pointer: the web editors write and approve one text, choose accounts for it, and withdraw it; a unit publishes it once through
its own accounts, with one press.
"""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.channels import channel_name
from api.desk.confirm import asked_first
from api.desk.navigation import in_mode
from api.desk.route import PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.states import WORDS
from api.desk.typed import number
from api.desk.visit import Visit
from crisis.activations.service import find_current
from crisis.errors import Conflict, Invalid
from crisis.pointers.service import SecondPersonNeeded
from crisis.pointers.wording import MOST
from crisis.roles import Act, can
from crisis.said import Said
from crisis.tongue import times

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PAGE = "pointer"
HALF_A_MINUTE = timedelta(seconds=30)


@router.get("/pointer")
async def show(visit: TheVisit) -> Response:
    """The text, how it looks on each channel, and every account that could carry it."""
    visit.require(Act.READ_CRISIS)
    return await _page(visit)


@router.post("/pointer")
async def write(visit: TheVisit) -> Response:
    """Write it, and approve it where one person may. What does not fit stays in the form, with why."""
    actor, form, _ = visit.require(Act.WRITE_MESSAGE), await visit.form(), visit.gettext
    written = str(form.get("text", "")).replace("\r\n", "\n")
    if can(actor, Act.APPROVE_MESSAGE) and (
        asked := await asked_first(visit, Act.APPROVE_MESSAGE, mode=visit.mode, back=in_mode("/pointer", visit.mode))
    ):
        return asked
    try:
        done = await visit.crisis.pointers.write(actor, written, mode=visit.mode)
    except Invalid as error:
        said = " ".join([told(visit, error.summary), *(_on(visit, each) for each in error.problems)])
        return await _page(visit, written=written, problem=said, status=422)
    except Conflict as error:
        return await _page(visit, written=written, problem=told(visit, error.args[0]), status=409)
    said = (
        _("Henvisningsinnlegget er godkjent. Enhetene kan publisere det nå.")
        if done.is_approved
        else _("Henvisningsinnlegget venter på at en annen godkjenner det.")
    )
    return visit.to(in_mode("/pointer", visit.mode), said=said)


@router.post("/pointer/{pointer_id:int}/approve")
async def approve(pointer_id: int, visit: TheVisit) -> Response:
    """Let accounts publish what somebody else has written."""
    actor, _ = visit.require(Act.APPROVE_MESSAGE), visit.gettext
    if asked := await asked_first(visit, Act.APPROVE_MESSAGE, mode=visit.mode, back=in_mode("/pointer", visit.mode)):
        return asked
    try:
        await visit.crisis.pointers.approve(actor, pointer_id)
    except SecondPersonNeeded as error:
        said = _("Du har skrevet henvisningsinnlegget. En annen må godkjenne det.")
        if error.alone_from is not None:
            when = times.moment(error.alone_from + HALF_A_MINUTE, visit.language)
            said = _(
                "Du har skrevet henvisningsinnlegget. Godkjenner ingen andre det, kan du gjøre det alene fra %(when)s.",
                when=when,
            )
        return await _page(visit, problem=said, status=403)
    return visit.to(
        in_mode("/pointer", visit.mode), said=_("Henvisningsinnlegget er godkjent. Enhetene kan publisere det nå.")
    )


@router.post("/pointer/{pointer_id:int}/withdraw")
async def withdraw(pointer_id: int, visit: TheVisit) -> Response:
    """Let no account publish it any more."""
    actor, _ = visit.require(Act.APPROVE_MESSAGE), visit.gettext
    cancelled = await visit.crisis.pointers.withdraw(actor, pointer_id)
    said = _("Henvisningsinnlegget er trukket tilbake. Det som er ute, blir stående.")
    if cancelled:
        said += " " + _("%(count)s som ikke var gått ut, blir ikke publisert.", count=cancelled)
    return visit.to(in_mode("/pointer", visit.mode), said=said)


@router.post("/pointer/publish")
async def publish(visit: TheVisit) -> Response:
    """Publish it through the accounts that were chosen, once each: a unit's own, or for the web editors any."""
    form, _ = await visit.form(), visit.gettext
    chosen = [number(each) for each in form.getlist("account")]
    is_editor = can(visit.actor, Act.APPROVE_MESSAGE)
    back = in_mode("/pointer" if is_editor and form.get("back") != "posts" else "/posts", visit.mode)
    if not chosen:
        return visit.to(back, said=_("Kryss av for minst én konto. Ingenting er gjort."))
    asks = Act.APPROVE_MESSAGE if is_editor else Act.POST
    if is_editor and (asked := await asked_first(visit, asks, mode=visit.mode, back=back)):
        return asked
    done = await visit.crisis.pointers.publish(visit.actor, chosen, mode=visit.mode)
    said = visit.ngettext(
        "Henvisningsinnlegget er på vei ut på %(num)s konto.",
        "Henvisningsinnlegget er på vei ut på %(num)s kontoer.",
        len(done.posts),
    )
    if not done.posts:
        said = _("Henvisningsinnlegget var publisert der fra før. Det går bare ut én gang.")
    return visit.to(back, said=said)


def _on(visit: Visit, problem: str) -> str:
    """What does not fit, and on which channel."""
    channel = problem.values.get("channel") if isinstance(problem, Said) else None
    said = told(visit, problem)
    return f"{channel_name(visit, channel)}: {said}" if isinstance(channel, str) else said


async def _page(visit: Visit, *, written: str | None = None, problem: str = "", status: int = 200) -> Response:
    async with visit.crisis.db.transaction() as session:
        activation = await find_current(session, visit.mode)
    found = await visit.crisis.pointers.standing(visit.actor, mode=visit.mode)
    host = visit.crisis.settings.crisis_page_host
    suggested = visit.gettext("Følg %(host)s for informasjon.", host=host)
    text = suggested if written is None else written
    shown = found.pointer.text if found else text
    texts: dict[str, Any] = {}
    if not problem or found:
        texts = {
            channel_name(visit, channel): made.text
            for channel, made in visit.crisis.pointers.wording.render(shown, visit.mode).items()
        }
    return await visit.page(
        PAGE,
        status=status,
        activation=activation,
        found=found,
        text=text,
        problem=problem,
        most=MOST,
        texts=texts,
        state_words=WORDS,
        said_problem=lambda why: told(visit, why),
        channel_name=lambda channel: channel_name(visit, channel),
    )
