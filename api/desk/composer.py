"""The composer: one message, written by one or several, with what each channel would make of it beside it.

The form is saved every two seconds by composer.js and by its buttons without it; the same handler answers both. What is saved
is one language and the terms, each on top of the save it was built on, so nobody takes anything from anybody.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from api.desk import draft as drafted
from api.desk.channels import channel_name
from api.desk.draft import Draft, Tab, language_name
from api.desk.keeping import Shown, keep, saved
from api.desk.mends import NAMES, Mend, mends
from api.desk.previews import previews
from api.desk.questions import Question, key_of, questions
from api.desk.route import PageRoute, TheVisit
from api.desk.typed import Moment, number
from api.desk.visit import Visit
from crisis.accounts import service as accounts
from crisis.accounts.models import AccountState
from crisis.audiences.service import list_audiences
from crisis.messages import parts, presence
from crisis.messages.hints import lix
from crisis.messages.hints.hint import Hint
from crisis.messages.models import EDITABLE, Revision, RevisionState
from crisis.messages.rendered import CRISIS_PAGE
from crisis.messages.saves import TERMS, saves_of
from crisis.roles import Act
from crisis.tongue.kinds import KINDS
from crisis.tongue.texts import lazily as N_

router = APIRouter(route_class=PageRoute, include_in_schema=False)
AT = "/messages/{message_id:int}/revisions/{revision_id:int}"


ABOUTS: Final[Mapping[str, str]] = {
    "headline": N_("Én linje. Si hva det gjelder, hvor, og hva folk skal gjøre."),
    "what_happened": N_("Det dere vet, og det dere ikke vet ennå."),
    "where": "",
    drafted.ADVICE: N_("Ett råd på hver linje, det viktigste først. Begynn med et verb: Gå, Ring, Hold deg unna."),
    "leads": N_("For eksempel «Politiet leder redningen»."),
    "contact": N_("Hvem folk kan ringe, og nummeret."),
    "short": N_(
        "Kan stå tom. Da lages den av overskriften, stedet og rådene. Avsender, neste melding og adressen kommer av seg selv."
    ),
}
LOOKS: Final = ("phone", "tweet", "page", "post")
"""The shortest first: there it is that every word counts."""
ROWS: Final[Mapping[str, int]] = {
    "headline": 2,
    "what_happened": 5,
    "where": 1,
    drafted.ADVICE: 5,
    "leads": 1,
    "contact": 1,
    "short": 2,
}
"""Lines of each field to begin with. Line breaks in what is one line are spaces when it goes out."""


@router.get(AT)
async def show(visit: TheVisit, message_id: int, revision_id: int) -> Response:
    """The composer in one language, ``?tab=nn``. What is not being written any more is shown where it is read."""
    visit.require(Act.WRITE_MESSAGE)
    draft = await drafted.load(visit, message_id, revision_id)
    if draft.revision.state is RevisionState.APPROVED:
        return visit.to(f"/messages/{message_id}")
    if draft.revision.state not in EDITABLE:
        return visit.to(f"{draft.path}/check")
    asked = visit.request.query_params
    shown = saved(draft.revision, drafted.language(visit, asked.get("tab", "")))
    return await _page(visit, draft, shown, mend="mend" in asked)


@router.post(AT)
async def save(visit: TheVisit, message_id: int, revision_id: int) -> Response:
    """Keep what is typed; then what the button says: nothing more, another language, a hint's fix, or on to the check."""
    visit.require(Act.WRITE_MESSAGE)
    draft, form = await drafted.load(visit, message_id, revision_id), await visit.form()
    shown = await keep(visit, draft, form)
    draft = await drafted.load(visit, message_id, revision_id)
    if visit.is_partial:
        return await visit.block("composer-live", "live", **await _live(visit, draft, shown))
    if shown.clash or shown.problems or shown.closed:
        return await _page(visit, draft, shown, status=409 if shown.clash or shown.closed else 422)
    if key := str(form.get("fix", "")):
        language = await _fix(visit, draft, key)
        return visit.to(f"{draft.path}?tab={language or shown.language}")
    if form.get("go") == "check":
        return visit.to(f"{draft.path}/check")
    return visit.to(f"{draft.path}?tab={drafted.language(visit, str(form.get('tab') or shown.language))}")


@router.post(f"{AT}/presence")
async def here(visit: TheVisit, message_id: int, revision_id: int) -> Response:
    """I am here, in this language. Who else is, and whether they have saved what I have not seen."""
    actor = visit.require(Act.WRITE_MESSAGE)
    draft, form = await drafted.load(visit, message_id, revision_id), await visit.form()
    language = drafted.language(visit, str(form.get("language", "")))
    others = await presence.touch(visit.crisis.db, actor, revision_id, language)
    kept = draft.revision.part_saves.get(language, {})
    newer = saves_of(draft.revision, language) > number(form.get("built_on")) and kept.get("by") != actor.name
    return await visit.block(
        "composer-live",
        "presence",
        others=[(each.name, language_name(visit, each.part), each.part == language) for each in others],
        newer=kept if newer else None,
        reload=f"{draft.path}?tab={language}",
    )


async def _fix(visit: Visit, draft: Draft, key: str) -> str | None:
    """Do what a hint offers; the language it was about. A hint that is gone by now has nothing to mend."""
    found = await visit.crisis.desk.hints(visit.actor, draft.revision.id)
    hint = next((each for each in found if key_of(each) == key and each.fix is not None), None)
    if hint is None or hint.fix is None:
        return None
    db, revision, place = visit.crisis.db, draft.revision, hint.fix.place
    if hint.fix.next_update_at is not None:
        terms = parts.terms(revision) | {"next_update_at": hint.fix.next_update_at}
        await parts.save_terms(db, visit.actor, revision.id, saves_of(revision, TERMS), **terms)
    else:
        fields = _mended(revision.contents.get(place.language, {}), hint)
        languages, built_on = visit.crisis.settings.languages, saves_of(revision, place.language)
        await parts.save_text(db, visit.actor, revision.id, place.language, built_on, fields, languages)
    return place.language


def _mended(fields: Mapping[str, Any], hint: Hint) -> dict[str, Any]:
    assert hint.fix is not None  # noqa: S101 - the caller looked
    place, text = hint.fix.place, hint.fix.text or ""
    if place.item is None:
        return {**fields, place.field: text}
    items = list(fields.get(place.field) or [])
    items[place.item : place.item + 1] = [text]
    return {**fields, place.field: items}


async def _page(visit: Visit, draft: Draft, shown: Shown, *, status: int = 200, mend: bool = False) -> Response:
    async with visit.crisis.db.transaction() as session:
        lists = await list_audiences(session)
        held = await accounts.list_accounts(session, unit=visit.crisis.settings.editors_unit)
    channels = dict.fromkeys(
        each.channel
        for each in held
        if each.state is AccountState.ACTIVE and each.address and each.channel in visit.crisis.capabilities
    )
    live = await _live(visit, draft, shown)
    return await visit.page(
        "composer",
        status=status,
        beside=_beside(live["mends"], shown) if mend or shown.problems else {},
        mend=mend,
        audiences=lists,
        channels=[(each, channel_name(visit, each)) for each in channels if each != CRISIS_PAGE],
        has_page=CRISIS_PAGE in channels,
        hazard=visit.crisis.library.find(draft.message.hazard),
        **live,
    )


async def _live(visit: Visit, draft: Draft, shown: Shown) -> dict[str, Any]:
    """What changes while somebody writes."""
    plan, hints, _ = await visit.crisis.desk.look(visit.actor, draft.revision.id)
    content = plan.shown.get(shown.language)
    found: list[Question] = questions(visit, hints)
    tabs: Sequence[Tab] = drafted.tabs(visit, draft.revision)
    return {
        "draft": draft,
        "revision": draft.revision,
        "shown": shown,
        "fields": drafted.shown(shown.fields),
        "base": json.dumps(shown.base, ensure_ascii=False),
        "tabs": tabs,
        "tab": next(tab for tab in tabs if tab.language == shown.language),
        "previews": sorted(previews(visit, plan, shown.language), key=lambda each: LOOKS.index(each.look)),
        "questions": found,
        "mends": mends(visit, plan.faults),
        "plan": plan,
        "lix": lix.of(content) if content else 0,
        "next_update": shown.next_update or Moment.at(shown.terms["next_update_at"]),
        "kind": visit.gettext(KINDS[draft.revision.kind]),
        "field_names": NAMES,
        "abouts": ABOUTS,
        "rows": ROWS,
        "saved_at": _saved_at(draft.revision, shown.language),
        "names": drafted.FIELDS,
    }


def _beside(found: Sequence[Mend], shown: Shown) -> dict[str, str]:
    """``{field: what to mend}`` of the language that is shown."""
    said: dict[str, str] = {}
    for each in found:
        if each.language in {None, shown.language}:
            said[each.field] = f"{said[each.field]} {each.said}" if each.field in said else each.said
    return said | shown.problems


def _saved_at(revision: Revision, language: str) -> datetime | None:
    at = revision.part_saves.get(language, {}).get("at")
    return datetime.fromisoformat(at) if at else None
