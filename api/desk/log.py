"""The log: what happened in an activation, in order, with the notes that people write between; and taking it away."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response, StreamingResponse

from api.desk.confirm import asked_first
from api.desk.note import uuid_of
from api.desk.route import PageRoute, TheVisit
from api.desk.typed import DATE, Mistyped, Moment, number
from api.desk.visit import Visit
from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.errors import Invalid
from crisis.logbook import notes, reading
from crisis.logbook.acts import About
from crisis.logbook.notes import Written
from crisis.logbook.reading import Log, Wanted
from crisis.roles import Act
from crisis.tongue.deeds import ABOUT, deed

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PIECE: Final = 50
"""Entries on one page."""
TYPES: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
COLUMNS: Final = ("number", "at", "actor", "role", "action", "text", "told_by", "happened_at", "hash")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins with one of these for something to carry out (OWASP ASVS 5.0, 1.2.10)."""


@router.get("/log")
async def show(visit: TheVisit) -> Response:
    """The newest first: of the activation in force, of the last one, or of the one that is asked for."""
    return await _page(visit, {}, {})


@router.post("/log")
async def write(visit: TheVisit) -> Response:
    """Write in the log. A form sent twice is written once; one that cannot be is shown again as it was typed."""
    actor, form, _ = visit.require(Act.WRITE_LOG), await visit.form(), visit.gettext
    typed = {
        name: str(form.get(name, ""))
        for name in ("activation", "text", "told_by", "happened_at", f"happened_at{DATE}", "once")
    }
    problems: dict[str, str] = {}
    happened_at: datetime | None = None
    try:
        happened_at = Moment.of(form, "happened_at").read()
    except Mistyped as error:
        problems["happened_at"] = _(str(error))
    if not typed["text"].strip():
        problems["text"] = _("Skriv hva som skjedde, eller hva som ble bestemt.")
    if not problems:
        try:
            written = Written(typed["text"], typed["told_by"], happened_at, once=uuid_of(typed["once"]))
            await notes.write(visit.crisis.db, actor, number(typed["activation"]), written)
        except Invalid:
            problems["text"] = _("Teksten er for lang, eller tidspunktet har ikke vært ennå. Ingenting er lagret.")
        else:
            return visit.to(f"/log?activation={number(typed['activation'])}", said=_("Loggført."))
    return await _page(visit, typed, problems)


@router.post("/log/export")
async def export(visit: TheVisit) -> Response:
    """The whole log as a file: CSV for people, JSON Lines with every record's own bytes and hash for proof. Put on record."""
    actor, form = visit.require(Act.EXPORT_LOG), await visit.form()
    if asked := await asked_first(visit, Act.EXPORT_LOG, back=f"/log?activation={number(form.get('activation'))}"):
        return asked
    kind = "jsonl" if form.get("form") == "jsonl" else "csv"
    async with visit.crisis.db.transaction() as session:
        log = await reading.of(session, actor, number(form.get("activation")), visit.crisis.settings.languages[0])
    last = await reading.begin_export(visit.crisis.db, actor, log, kind)
    name = f"log-{log.activation_id}.{kind}"
    body = _csv(visit, log, last) if kind == "csv" else _jsonl(visit, log, last)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(body, headers=headers, media_type=TYPES[kind])


async def _page(visit: Visit, typed: dict[str, str], problems: dict[str, str]) -> Response:
    actor, asked = visit.require(Act.READ_LOG), visit.request.query_params
    wanted = Wanted(_about(asked.get("about", "")), asked.get("person") or None, asked.get("words", "")[:200])
    async with visit.crisis.db.transaction() as session:
        activation = await _activation(session, visit, number(typed.get("activation") or asked.get("activation")))
        if activation is None:
            return await visit.page("log", activation=None)
        visit.mode = activation.mode
        log = await reading.of(session, actor, activation.id, visit.crisis.settings.languages[0])
        before = number(asked.get("before"), digits=18) or None
        entries = await log.newest(session, wanted, before=before, most=PIECE)
        people = await log.people(session)
    context: dict[str, Any] = {
        "activation": activation,
        "entries": [(each, deed(visit, each)) for each in entries],
        "next": entries[-1].seq if len(entries) == PIECE else None,
        "wanted": wanted,
        "about_choices": [("", visit.gettext("Alt")), *((each, visit.gettext(name)) for each, name in ABOUT.items())],
        "people_choices": [("", visit.gettext("Alle")), *((name, name) for name in people)],
        "typed": typed or {"once": str(uuid4())},
        "happened_at": Moment.of(typed, "happened_at"),
        "problems": problems,
    }
    if visit.is_partial and visit.request.method == "GET":
        return await visit.block("log", "entries", **context)
    return await visit.page("log", status=422 if problems else 200, **context)


async def _activation(session: AsyncSession, visit: Visit, wanted: int) -> Activation | None:
    """The one asked for; else the last one there was, which is the one in force where one is."""
    if wanted:
        return await activations.get(session, wanted)
    return await activations.find_latest(session, visit.mode)


async def _csv(visit: Visit, log: Log, last: int) -> AsyncIterator[str]:
    yield "\ufeff"  # Excel takes it for UTF-8 only then
    yield _row(COLUMNS)
    async for entry in log.all(visit.crisis.db, last):
        note = entry.note
        told = (note.text, note.told_by or "", note.happened_at.isoformat() if note.happened_at else "") if note else ()
        said = told or (deed(visit, entry), "", "")
        at = entry.at.isoformat(timespec="seconds")
        yield _row([str(entry.seq), at, entry.actor, entry.role, entry.action, *said, entry.hash])


async def _jsonl(visit: Visit, log: Log, last: int) -> AsyncIterator[str]:
    async for entry in log.all(visit.crisis.db, last):
        line: dict[str, Any] = {
            "seq": entry.seq,
            "record": entry.record,
            "hash": entry.hash,
            "headline": entry.headline,
        }
        if entry.note:
            line["note"] = {"text": entry.note.text, "told_by": entry.note.told_by, "is_whole": entry.is_whole}
        yield json.dumps(line, ensure_ascii=False) + "\n"


def _row(cells: Any) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return written.getvalue()


def _about(said: str) -> About | None:
    return About(said) if said in set(About) else None
