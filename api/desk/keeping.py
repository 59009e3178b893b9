"""Keeping: what a form of the composer holds, saved part by part on top of what each was built on.

Whatever cannot be saved (somebody else saved the same field, a text that is too long, a message that went out meanwhile) is
given back as it was typed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from api.desk import draft as drafted
from api.desk.draft import Draft
from api.desk.sentences import told
from api.desk.typed import Mistyped, Moment, number
from api.desk.visit import Visit
from crisis.errors import Conflict, Invalid
from crisis.messages import drafts, parts, unfinished
from crisis.messages.models import Revision
from crisis.messages.saves import TERMS, saves_of


@dataclass(slots=True)
class Clash:
    """Two wrote in the same field. ``theirs`` is saved; the form holds yours until a person has chosen."""

    by: str
    saves: int
    fields: Sequence[str]
    theirs: Mapping[str, str]


@dataclass(slots=True)
class Shown:
    """What the form shows: what is saved, or what was typed where that could not be."""

    language: str
    fields: dict[str, Any]
    """As the domain keeps them."""
    built_on: int
    base: dict[str, Any]
    """What the fields were made from: what is merged against when somebody else saves."""
    terms: dict[str, Any]
    terms_built_on: int
    clash: Clash | None = None
    merged: Sequence[str] = ()
    """Fields that somebody else changed meanwhile, put together with yours."""
    merged_by: str = ""
    next_update: Moment | None = None
    """As it was typed, where that is no time."""
    problems: dict[str, str] = field(default_factory=dict)
    closed: bool = False
    """It was sent, or sent for approval, while this was typed."""


async def keep(visit: Visit, draft: Draft, form: FormData) -> Shown:
    """Save one language and the terms of a form. Whatever cannot be saved stays in what is shown."""
    language = drafted.language(visit, str(form.get("language", "")))
    shown = saved(draft.revision, language)
    shown.built_on, shown.terms_built_on = number(form.get("built_on")), number(form.get("terms_built_on"))
    shown.base = _base(form)
    try:
        shown.fields = drafted.typed(form)
    except Invalid as error:
        shown.fields = _cut(form)
        shown.problems["form"] = " ".join(told(visit, each) for each in error.problems)
        return shown
    try:
        await _keep_text(visit, draft, form, shown)
        await _keep_terms(visit, draft, form, shown)
    except (drafts.AlreadyApproved, drafts.HeldForApproval):
        shown.closed = True
    return shown


async def _keep_text(visit: Visit, draft: Draft, form: FormData, shown: Shown) -> None:
    db, actor, languages = visit.crisis.db, visit.actor, visit.crisis.settings.languages
    revision_id, language, mine = draft.revision.id, shown.language, shown.fields
    built_on = shown.built_on
    for _ in range(3):  # somebody may save again between our reading theirs and saving both
        try:
            saved = await parts.save_text(db, actor, revision_id, language, built_on, shown.fields, languages)
        except parts.StalePart as stale:
            text, both = parts.merged(shown.base, stale.theirs, mine)
            chosen = number(form.get("against")) == stale.saves
            open_ = [name for name in both if not (chosen and form.get(f"pick-{name}") in {"mine", "theirs"})]
            if open_:
                theirs = drafted.shown(stale.theirs)
                shown.fields = mine
                shown.clash = Clash(stale.by, stale.saves, open_, {name: theirs[name] for name in open_})
                return
            picked = {name: stale.theirs.get(name) for name in both if form.get(f"pick-{name}") == "theirs"}
            shown.fields = {name: value for name, value in (text | picked).items() if value is not None}
            shown.merged = [
                name for name in drafted.FIELDS if (shown.fields.get(name) or None) != (mine.get(name) or None)
            ]
            shown.merged_by, built_on = stale.by, stale.saves
        else:
            shown.built_on = saves_of(saved, language)
            shown.base = saved.contents.get(language, {})
            return
    message = "The draft is being saved by somebody else all the time. Nothing of yours was saved; try again."
    raise Conflict(message)


async def _keep_terms(visit: Visit, draft: Draft, form: FormData, shown: Shown) -> None:
    if "next_update_at" not in form:
        return
    _ = visit.gettext
    said = Moment.of(form, "next_update_at")
    try:
        at = said.read()
    except Mistyped as error:
        shown.problems["next_update_at"], shown.next_update = _(str(error)), said
        return
    every = {str(each) for each in form.getlist("channel-shown")}
    chosen = {str(each) for each in form.getlist("channel")}
    channels = None if every <= chosen else sorted(chosen & every)
    audience = number(form.get("audience_id")) or None
    try:
        saved = await parts.save_terms(
            visit.crisis.db,
            visit.actor,
            draft.revision.id,
            shown.terms_built_on,
            next_update_at=at,
            audience_id=audience,
            channels=channels,
        )
    except parts.StalePart as stale:
        shown.problems["terms"] = _(
            "%(who)s har endret dette i mellomtiden. Her står det som er lagret nå.", who=stale.by
        )
        shown.terms, shown.terms_built_on = parts.terms(stale.revision), stale.saves
    else:
        shown.terms, shown.terms_built_on = parts.terms(saved), saves_of(saved, TERMS)


def saved(revision: Revision, language: str) -> Shown:
    """What the form shows of a draft that nobody has typed in since."""
    fields = revision.contents.get(language, {})
    return Shown(
        language,
        dict(fields),
        saves_of(revision, language),
        dict(fields),
        parts.terms(revision),
        saves_of(revision, TERMS),
    )


def _base(form: FormData) -> dict[str, Any]:
    try:
        return unfinished.typed_text(json.loads(str(form.get("base") or "{}")))
    except (ValueError, RecursionError, Invalid):
        return {}


def _cut(form: FormData) -> dict[str, Any]:
    """What was typed in a form that no draft can hold, for the page to show again."""
    return {
        name: str(form.get(name, "")).split("\n") if name == drafted.ADVICE else str(form.get(name, ""))
        for name in drafted.FIELDS
    }
