"""Setting the crisis staff, and ending it: the two acts that lock and open every account."""

from collections import Counter
from dataclasses import dataclass

from fastapi import APIRouter, BackgroundTasks
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.desk.confirm import asked_first
from api.desk.navigation import MODE, in_mode, mode_of
from api.desk.route import PageRoute, TheVisit
from api.desk.switchboard import currents
from api.desk.visit import Visit
from crisis import clock
from crisis.accounts import service as accounts
from crisis.accounts.locks import LockState, lock_of
from crisis.accounts.models import AccountState
from crisis.activations import drain, service
from crisis.activations.models import Activation
from crisis.activations.service import TITLE_MOST
from crisis.activations.states import ActivationState
from crisis.clock import OSLO
from crisis.errors import Invalid
from crisis.levers import handover
from crisis.levers.handover import Access
from crisis.messages.models import Kind
from crisis.mode import Mode
from crisis.playbooks.models import Playbook
from crisis.playbooks.plan import carry, choices
from crisis.roles import Act, can

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/activations/new")
async def ask(visit: TheVisit) -> Response:
    """One page, two buttons. An exercise has the same page in its own words and look."""
    visit.require(Act.ACTIVATE)
    return await _form(visit, "", None, "", "")


@router.post("/activations")
async def activate(visit: TheVisit, after: BackgroundTasks) -> Response:
    """Lock at once, and go on to writing. Somebody else's activation in force is no error: it is shown, with who did it.

    What is chosen of the library or of the playbooks names the activation unless somebody writes better words, and is the first
    message's text.
    """
    form = await visit.form()
    visit.mode = mode_of(form.get(MODE))
    chosen = visit.crisis.library.find(str(form.get("hazard", "")))
    written, playbook = str(form.get("title", "")), str(form.get("playbook", ""))
    plan = _chosen(visit, playbook)
    named = chosen.name[visit.language] if chosen else visit.gettext("Uavklart hendelse")
    if plan is not None and chosen is None:
        named = plan.title.get(visit.language, plan.languages.primary)
    title = written if written.strip() else named
    if asked := await asked_first(visit, Act.ACTIVATE, mode=visit.mode, back=in_mode("/activations/new", visit.mode)):
        return asked
    try:
        carried = carry(visit.crisis.shelf, playbook, visit.mode) if plan is not None else None
        done = await service.activate(visit.crisis.db, visit.require(Act.ACTIVATE), visit.mode, title, carried)
    except Invalid:
        _ = visit.gettext
        problem = _("Skriv det kortere: høyst 200 tegn.")
        return await _form(visit, written, problem, chosen.hazard if chosen else "", playbook)
    if done.activation.state is ActivationState.LOCKING:
        after.add_task(visit.request.app.state.drains.start, done.activation.id)
    told = _told(visit, done.activation, created=done.created)
    if not done.created or not can(visit.actor, Act.WRITE_MESSAGE):
        return visit.to(in_mode("/", visit.mode), said=told)
    if plan is not None and (first := next((each for each in plan.templates if each.kind == Kind.ALERT.value), None)):
        return visit.to(in_mode("/messages/new", visit.mode, template=first.id), said=told)
    return visit.to(in_mode("/messages/new", visit.mode, hazard=chosen.hazard if chosen else ""), said=told)


@router.get("/activations/{activation_id:int}/stand-down")
async def ask_to_stand_down(visit: TheVisit, activation_id: int) -> Response:
    """What is left to do before the lock is opened. Nothing on the list stops anybody."""
    visit.require(Act.STAND_DOWN)
    async with visit.crisis.db.transaction() as session:
        activation = await service.get(session, activation_id)
        visit.mode = activation.mode
        tasks = await _left(session, activation, visit.crisis.settings.languages[0])
        locks = await _locks(visit, session)
        taken = sum(len(each.accounts) for each in await handover.read(session, activation.mode, activation.id))
    blocked = await _blocked(visit)
    return await visit.page(
        "stand-down",
        activation=activation,
        tasks=tasks,
        taken=taken,
        pointer=await visit.crisis.pointers.standing(visit.actor, mode=activation.mode),
        opened=locks[LockState.HELD],
        blocked=blocked,
    )


@router.post("/activations/{activation_id:int}/stand-down")
async def stand_down(visit: TheVisit, activation_id: int) -> Response:
    """Open the lock, and give access back to all, or to each unit when it is ready. No blocked post goes out by itself."""
    actor, form, _ = visit.require(Act.STAND_DOWN), await visit.form(), visit.gettext
    access = Access.UNIT_BY_UNIT if form.get("access") == Access.UNIT_BY_UNIT else Access.ALL
    done = await handover.stand_down(visit.crisis.db, actor, activation_id, access)
    visit.mode = done.mode
    if access is Access.UNIT_BY_UNIT:
        said = _("Krisestab er avsluttet. Gi tilgangen tilbake til hver enhet når den er klar.")
        return visit.to(f"/activations/{activation_id}/access", said=said)
    if done.mode is Mode.EXERCISE:
        return visit.to(in_mode("/", done.mode), said=_("Øvelsen er avsluttet. Kontoene i øvelsen er låst opp."))
    said = _("Krisestab er avsluttet. Kontoene er låst opp. Stansede innlegg venter på at eieren avgjør.")
    return visit.to(in_mode("/", done.mode), said=said)


@router.get("/activations/{activation_id:int}/lock")
async def lock(visit: TheVisit, activation_id: int) -> Response:
    """How far the locking has come: what may still go out, and what may be out, by name."""
    visit.require(Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        activation = await service.get(session, activation_id)
        visit.mode = activation.mode
        permits = await drain.open_permits(session, activation.mode)
        unresolved = await drain.unresolved(session, activation.mode)
    if visit.is_partial:
        return await visit.block("lock", "state", activation=activation, permits=permits, unresolved=unresolved)
    return await visit.page("lock", activation=activation, permits=permits, unresolved=unresolved)


@dataclass(frozen=True, slots=True)
class Left:
    """A message that still asks something of people: the alert went out, and nobody has said that it is over."""

    message_id: int
    headline: str


async def _left(session: AsyncSession, activation: Activation, primary: str) -> list[Left]:
    return [
        Left(each.revision.message_id, each.revision.contents[primary]["headline"])
        for each in await currents(session, activation)
        if not each.is_over
    ]


async def _locks(visit: Visit, session: AsyncSession) -> Counter[LockState]:
    """What the lock is worth on the accounts in use, counted: as it is, or would be, in force."""
    used = [each for each in await accounts.list_accounts(session) if each.state is not AccountState.CLOSED]
    return Counter(lock_of(each, visit.crisis.capabilities, locked=True).state for each in used)


async def _blocked(visit: Visit) -> int:
    if not can(visit.actor, Act.READ_CRISIS):
        return 0
    return len(await visit.crisis.posts.blocked(visit.actor, mode=visit.mode))


def _chosen(visit: Visit, key: str) -> Playbook | None:
    """The playbook of this name, of those that may be used. One that is not there any more keeps nobody from activating."""
    found = next((each for each in choices(visit.crisis.shelf, visit.mode) if each.id == key), None)
    return None if found is None else found.playbook


async def _form(visit: Visit, title: str, problem: str | None, hazard: str, playbook: str) -> Response:
    async with visit.crisis.db.transaction() as session:
        locks = await _locks(visit, session)
        current = await service.find_current(session, visit.mode)
    return await visit.page(
        "activate",
        status=422 if problem else 200,
        title=title,
        hazard=hazard,
        hazards=[*visit.crisis.library],
        playbook=playbook,
        playbooks=choices(visit.crisis.shelf, visit.mode),
        today=clock.now().astimezone(OSLO).date(),
        problem=problem,
        most=TITLE_MOST,
        current=current,
        held=locks[LockState.HELD],
        beyond=locks[LockState.NOT_ENFORCEABLE],
    )


def _told(visit: Visit, activation: Activation, *, created: bool) -> str:
    _ = visit.gettext
    if not created:
        return _(
            "%(who)s hadde allerede satt krisestab: «%(title)s». Ingenting er endret.",
            who=activation.activated_by,
            title=activation.title,
        )
    if activation.mode is Mode.EXERCISE:
        return _("Øvelsen er startet. Kontoene i øvelsen er låst.")
    return _("Krisestab er satt, og kontoene er låst. Skriv den første meldingen nå.")
