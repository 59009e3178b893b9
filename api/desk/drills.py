"""Drills: the playbooks on the shelf, the drill under way, those that were; and starting one."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from babel.numbers import format_decimal
from fastapi import APIRouter
from starlette.responses import Response

from api.desk.control_room import SPEEDS
from api.desk.drill_words import WORDS
from api.desk.improvements import offered
from api.desk.route import PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.typed import number
from api.desk.visit import Visit
from crisis import clock
from crisis.activations import service as activations
from crisis.drills import service
from crisis.drills.report.words import FORMS
from crisis.drills.snapshot import playbook_of
from crisis.drills.tally import tallies
from crisis.errors import Conflict, Invalid
from crisis.mode import Mode
from crisis.playbooks.faults import PlaybookRefused
from crisis.playbooks.models import Side, Status
from crisis.playbooks.shelf import Entry
from crisis.roles import Act, require
from crisis.tongue import times
from crisis.tongue.texts import lazily as N_

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SHOWN: Final = 20
"""Past drills on one page."""
STATUSES: Final = {Status.APPROVED: N_("godkjent"), Status.DRAFT: N_("utkast"), Status.RETIRED: N_("tatt ut av bruk")}
_ORDER: Final = (Status.APPROVED, Status.DRAFT, None, Status.RETIRED)


@router.get("/drills")
async def show(visit: TheVisit) -> Response:
    """What can be rehearsed, what is rehearsed now, and what was."""
    require(visit.person, Act.RUN_DRILL)
    entries = await asyncio.to_thread(visit.crisis.shelf.entries)
    before = number(visit.request.query_params.get("before")) or None
    async with visit.crisis.db.transaction() as session:
        running = await service.current(session)
        past = [
            each for each in await service.list_drills(session, before=before, most=SHOWN + 1) if each.state.is_over
        ]
        counted = await tallies(session, [each.id for each in past])
        actual = await activations.find_current(session, Mode.ACTUAL)
    shown = past[:SHOWN]
    today = clock.now().astimezone(clock.OSLO).date()
    return await visit.page(
        "drills",
        entries=[(each, each.overdue(today)) for each in in_order(entries)],
        running=None if running is None else (running, playbook_of(running)),
        past=[(each, playbook_of(each), counted[each.id]) for each in shown],
        older=shown[-1].id if len(past) > SHOWN else None,
        actual=actual,
        statuses=STATUSES,
        forms=FORMS,
        words=WORDS,
    )


@router.get("/drills/new")
async def ask(visit: TheVisit) -> Response:
    """What it is, who is needed, and one button."""
    return await _asking(visit, str(visit.request.query_params.get("playbook", "")), None, None)


@router.post("/drills")
async def start(visit: TheVisit) -> Response:
    """Start it, and go to its control room. Why it cannot start now stands on the same page."""
    visit.mode = Mode.EXERCISE
    form = await visit.form()
    key, said = str(form.get("playbook", "")), str(form.get("speed", ""))
    entry = await asyncio.to_thread(visit.crisis.shelf.entry, key)
    if entry.playbook is None:
        raise PlaybookRefused(entry.file, entry.faults)
    try:
        speed = float(said.replace(",", "."))
    except ValueError:
        speed = 0.0  # no clock has it, and the domain says so
    try:
        drill = await service.start(visit.crisis.db, visit.person, entry.playbook, sha256=entry.sha256, speed=speed)
    except (Conflict, Invalid) as problem:
        return await _asking(visit, key, said, told(visit, problem.args[0]))
    return visit.to(f"/drills/{drill.id}", said=visit.gettext("Øvelsen er startet."))


async def _asking(visit: Visit, key: str, speed: str | None, problem: str | None) -> Response:
    require(visit.person, Act.RUN_DRILL)
    visit.mode = Mode.EXERCISE
    entry = await asyncio.to_thread(visit.crisis.shelf.entry, key)
    if entry.playbook is None:
        raise PlaybookRefused(entry.file, entry.faults)
    _, playbook = visit.gettext, entry.playbook
    usual = playbook.exercise.clock.speed
    choices = sorted({*(float(each) for each in SPEEDS), usual})
    async with visit.crisis.db.transaction() as session:
        actual = await activations.find_current(session, Mode.ACTUAL)
    return await visit.page(
        "drill-new",
        status=409 if problem else 200,
        entry=entry,
        playbook=playbook,
        primary=playbook.languages.primary,
        is_overdue=entry.overdue(clock.now().astimezone(clock.OSLO).date()),
        speeds=[(f"{each:g}", _speed_named(visit, each, playbook.exercise.duration)) for each in choices],
        speed=speed or f"{usual:g}",
        problem=problem,
        actual=actual,
        improvements=await offered(visit),
        players=[each for each in playbook.roles if each.side is Side.PLAYERS],
        control=[each for each in playbook.roles if each.side is Side.CONTROL],
        statuses=STATUSES,
        forms=FORMS,
    )


def in_order(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The approved ones first, then drafts, then those with faults, and last what is out of use."""
    return sorted(
        entries,
        key=lambda each: (_ORDER.index(each.playbook.status if each.playbook is not None else None), each.id),
    )


def _speed_named(visit: Visit, speed: float, duration: timedelta) -> str:
    _, lasts = visit.gettext, times.lasting(duration / speed, visit.language)
    if speed == 1:
        return _("Som klokka, varer %(lasts)s", lasts=lasts)
    return _(
        "%(speed)s ganger så fort, varer %(lasts)s", speed=format_decimal(speed, locale=visit.language), lasts=lasts
    )
