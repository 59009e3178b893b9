"""The control room: where a drill is led. What comes when, what is expected, what players see, and what observers write."""

from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.live import Look, watched
from api.desk.room import PAGE, RoomTopic, context, read
from api.desk.route import AnyVisit, PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.stream import over
from api.desk.visit import Visit
from crisis.drills import service
from crisis.errors import Conflict, Invalid, NotFound
from crisis.mode import Mode
from crisis.roles import Act, Actor, require

router = APIRouter(route_class=PageRoute, include_in_schema=False)
AT: Final = "/drills/{drill_id:int}"
SPEEDS: Final = (1, 2, 5, 10, 20, 60, 120)
"""Seconds of drill time in a second, to choose from."""


@router.get(AT)
async def show(visit: TheVisit, drill_id: int) -> Response:
    """The whole room."""
    _leader(visit)
    return await _room(visit, drill_id)


@router.get(f"{AT}/live")
async def watch(visit: AnyVisit, drill_id: int) -> Response:
    """The same, for as long as somebody looks."""
    if not visit.is_signed_in:
        return over()
    async with visit.crisis.db.transaction() as session:
        await service.get(session, drill_id)
    return watched(visit, RoomTopic(drill_id))


@router.post(f"{AT}/pause")
async def pause(visit: TheVisit, drill_id: int) -> Response:
    """Drill time stands still."""
    return await _done(visit, drill_id, "standing", service.pause)


@router.post(f"{AT}/resume")
async def resume(visit: TheVisit, drill_id: int) -> Response:
    """Drill time goes on."""
    return await _done(visit, drill_id, "standing", service.resume)


@router.post(f"{AT}/speed")
async def set_speed(visit: TheVisit, drill_id: int) -> Response:
    """Drill time goes faster or slower."""
    said = str((await visit.form()).get("speed", "")).replace(",", ".")
    try:
        speed = float(said)
    except ValueError:
        speed = 0.0  # no clock has it, and the domain says so
    return await _done(visit, drill_id, "standing", service.set_speed, speed)


@router.post(f"{AT}/forward")
async def put_forward(visit: TheVisit, drill_id: int) -> Response:
    """Drill time is put forward to the inject that comes next, so that it comes now."""
    async with visit.crisis.db.transaction() as session:
        upcoming = (await service.picture(session, drill_id)).next
    due = upcoming.row.due_elapsed if upcoming else None
    return await _done(visit, drill_id, "standing", service.put_forward, due or 0.0)


@router.post(f"{AT}/injects/{{key}}/fire")
async def fire(visit: TheVisit, drill_id: int, key: str) -> Response:
    """An inject comes now, whatever it waits for."""
    return await _done(visit, drill_id, "timeline", service.fire_now, key)


@router.post(f"{AT}/injects/{{key}}/skip")
async def skip(visit: TheVisit, drill_id: int, key: str) -> Response:
    """An inject never comes."""
    return await _done(visit, drill_id, "timeline", service.skip, key)


@router.get(f"{AT}/expectations/{{key}}")
async def ask_to_judge(visit: TheVisit, drill_id: int, key: str) -> Response:
    """What is expected, in full, and what the leader saw of it."""
    _leader(visit)
    return await _judging(visit, drill_id, key, {}, {})


@router.post(f"{AT}/expectations/{{key}}")
async def judge(visit: TheVisit, drill_id: int, key: str) -> Response:
    """Met or not, by the leader's word; with a note where there is something to say."""
    form = await visit.form()
    typed = {name: str(form.get(name, "")) for name in ("met", "when", "note")}
    in_time = {"in_time": True, "late": False}.get(typed["when"])
    if typed["met"] not in {"yes", "no"}:
        _leader(visit)
        return await _judging(visit, drill_id, key, typed, {"met": visit.gettext("Velg om forventningen ble møtt.")})
    try:
        return await _done(
            visit, drill_id, "expected", service.judge, key, typed["met"] == "yes", typed["note"], in_time=in_time
        )
    except Invalid:
        problem = visit.gettext("Skriv det kortere: høyst 2000 tegn. Ingenting er avgjort ennå.")
        return await _judging(visit, drill_id, key, typed, {"note": problem})


@router.post(f"{AT}/notes")
async def observe(visit: TheVisit, drill_id: int) -> Response:
    """Write down what one saw. What cannot be kept is shown again as it was typed."""
    actor, form, _ = _leader(visit), await visit.form(), visit.gettext
    typed = {name: str(form.get(name, "")) for name in ("text", "objective", "once")}
    if not typed["text"].strip():
        return await _room(visit, drill_id, typed, {"text": _("Skriv hva du så.")})
    try:
        await service.observe(
            visit.crisis.db, actor, drill_id, typed["text"], typed["objective"] or None, _uuid(typed["once"])
        )
    except Invalid:
        problem = _("Skriv det kortere, høyst 4000 tegn, og uten usynlige tegn. Ingenting er notert ennå.")
        return await _room(visit, drill_id, typed, {"text": problem})
    return visit.to(f"/drills/{drill_id}#notes", said=_("Notert."))


@router.get(f"{AT}/stop")
async def ask_to_stop(visit: TheVisit, drill_id: int) -> Response:
    """Asked before it is stopped: everybody must hear it at the same time, and it cannot be started again."""
    _leader(visit)
    return await _stopping(visit, drill_id, "", None)


@router.post(f"{AT}/stop")
async def stop(visit: TheVisit, drill_id: int) -> Response:
    """Stop it, and say why."""
    actor, reason = _leader(visit), str((await visit.form()).get("reason", ""))
    try:
        await service.stop(visit.crisis.db, actor, drill_id, reason)
    except Invalid:
        problem = visit.gettext(
            "Skriv hvorfor øvelsen stoppes, med høyst 500 tegn. Rapporten sier det. Øvelsen går fortsatt."
        )
        return await _stopping(visit, drill_id, reason, problem)
    return visit.to(f"/drills/{drill_id}", said=visit.gettext("Øvelsen er stoppet. Si stoppordet til alle som øver."))


async def _done(visit: Visit, drill_id: int, block: str, act: Any, *what: Any, **how: Any) -> Response:
    """Do it, and show how it stands: the part that htmx asked for, or the page. What somebody else did first is no error to
    whoever leads: it is said, and what they see is how it stands now.
    """
    actor = _leader(visit)
    problem = ""
    try:
        await act(visit.crisis.db, actor, drill_id, *what, **how)
    except Conflict as conflict:
        problem = told(visit, conflict.args[0])
        if not visit.is_partial:
            return await _room(visit, drill_id, problem=problem, status=409)
    if not visit.is_partial:
        return visit.to(f"/drills/{drill_id}#{block}")
    async with visit.crisis.db.transaction() as session:
        room = await read(Look(visit.crisis, session), drill_id)
    return await visit.block(PAGE, block, problem=problem, **context(room))


async def _room(
    visit: Visit,
    drill_id: int,
    typed: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    async with visit.crisis.db.transaction() as session:
        room = await read(Look(visit.crisis, session), drill_id)
        picture = await service.picture(session, drill_id)
    _ = visit.gettext
    playbook, language = picture.playbook, visit.language
    about = [("", _("Ingen bestemt")), *((each.id, each.text.get(language)) for each in playbook.objectives)]
    return await visit.page(
        PAGE,
        status=422 if problems else status,
        objectives=about,
        speeds=[(each, _("%(speed)s ganger så fort", speed=each) if each > 1 else _("Som klokka")) for each in SPEEDS],
        typed=typed or {"once": str(uuid4())},
        problems=problems or {},
        problem=problem,
        **context(room),
    )


async def _judging(visit: Visit, drill_id: int, key: str, typed: dict[str, str], problems: dict[str, str]) -> Response:
    async with visit.crisis.db.transaction() as session:
        room = await read(Look(visit.crisis, session), drill_id)
    expected = next((each for each in room.expected if each.key == key), None)
    if expected is None:
        raise NotFound("expectation", key)
    lines = [each for each in room.lines if each.key in expected.asked_by]
    return await visit.page(
        "judge",
        status=422 if problems else 200,
        each=expected,
        lines=lines,
        typed=typed,
        problems=problems,
        **context(room),
    )


async def _stopping(visit: Visit, drill_id: int, reason: str, problem: str | None) -> Response:
    async with visit.crisis.db.transaction() as session:
        room = await read(Look(visit.crisis, session), drill_id)
    return await visit.page(
        "stop-drill", status=422 if problem else 200, reason=reason, problem=problem, **context(room)
    )


def _leader(visit: Visit) -> Actor:
    """Who leads: as who they are, whatever part they play in it too."""
    visit.mode = Mode.EXERCISE
    actor = visit.person
    require(actor, Act.RUN_DRILL)
    return actor


def _uuid(said: str) -> UUID | None:
    try:
        return UUID(said)
    except ValueError:
        return None
