"""A unit's own desk: its accounts, what it publishes and schedules, and what the lock has blocked.

Nothing that was typed is lost when the lock falls: the text is kept as a blocked post, and its owner decides about it
afterwards, post by post. The web editors and the director see every unit's.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.channels import channel_name
from api.desk.fates import PLANNED, waits
from api.desk.navigation import in_mode
from api.desk.post import is_own, words_of
from api.desk.post_form import NAMES, Typed, problems
from api.desk.route import PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.states import WORDS
from api.desk.typed import Moment, number
from api.desk.visit import Visit
from crisis.activations.service import ActivationLocked, find_latest
from crisis.activations.states import ActivationState
from crisis.audiences.service import list_audiences
from crisis.errors import Conflict, Invalid
from crisis.notifications.service import answer_of
from crisis.posts.standing import Standing
from crisis.roles import Act, can
from crisis.schedules import planned
from crisis.tongue import times

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SHOWN: Final = 30
"""Posts on one page."""
PARTS: Final = ("state", "recent")
"""What is fetched anew, each by itself."""


@router.get("/posts")
async def show(visit: TheVisit) -> Response:
    """What must be decided first, then a new post, then what there is."""
    if not can(visit.actor, Act.POST):
        visit.require(Act.READ_CRISIS)
    asked = visit.request.query_params
    typed: dict[str, Any] = {"publish_at": Moment(), **dict.fromkeys(NAMES, "")}
    if post_id := number(asked.get("rewrite")):
        before = await visit.crisis.posts.get(visit.actor, post_id, mode=visit.mode)
        typed |= {"account": before.account_id, "title": before.title, "text": before.text, "instead_of": post_id}
        typed |= {"audience": before.audience_id or ""}
    if visit.is_partial:
        part = asked.get("part", "")
        return await visit.block("posts", part if part in PARTS else PARTS[0], **await _context(visit))
    return await _page(visit, typed)


@router.post("/posts")
async def publish(visit: TheVisit) -> Response:
    """Publish now or schedule. When the lock has fallen meanwhile, the text is kept, and that is said."""
    actor, typed, _ = visit.require(Act.POST), Typed.of(form := await visit.form()), visit.gettext
    later = form.get("when") == "later"
    if found := problems(visit, typed, later=later):
        return await _page(visit, typed, found)
    assert typed.account_id is not None  # noqa: S101 - or there was a problem
    try:
        done = await visit.crisis.posts.publish(
            actor,
            typed.account_id,
            typed.text,
            title=typed.title.strip(),
            publish_at=typed.at if later else None,
            audience_id=typed.audience_id,
            instead_of=typed.old_id,
            mode=visit.mode,
        )
    except ActivationLocked as held:
        return visit.to(in_mode("/posts", visit.mode, kept=held.post_id))
    except Invalid as error:
        said = [told(visit, each) for each in (error.summary, *error.problems)]
        return await _page(visit, typed, {"text" if error.problems else "account": " ".join(said)})
    except Conflict as error:  # what it was written from is not there to be replaced any more
        alone = Typed(**{name: getattr(typed, name) for name in (*NAMES, "publish_at")} | {"instead_of": ""})
        return await _page(visit, alone, {"text": told(visit, error.args[0])}, status=409)
    return visit.to(in_mode("/posts", visit.mode, sent=done.id), said=_said(visit, done))


def _said(visit: Visit, done: Standing) -> str:
    _ = visit.gettext
    if waits(done):
        return _("Innlegget publiseres %(when)s.", when=times.moment(done.goes_at, visit.language))
    return _("Innlegget er på vei ut. Det står under «Innleggene» så snart det er ute.")


async def _page(
    visit: Visit, typed: Mapping[str, Any] | Typed, found: Mapping[str, str] | None = None, *, status: int = 422
) -> Response:
    posts = can(visit.actor, Act.POST)
    outlets = await visit.crisis.posts.outlets(visit.actor) if posts and visit.actor.unit else ()
    async with visit.crisis.db.transaction() as session:
        to_people = any(each.recipients and each.problem is None for each in outlets)
        audiences = await list_audiences(session) if to_people else ()
    return await visit.page(
        "posts",
        status=status if found else 200,
        typed=typed,
        problems=found or {},
        outlets=[each for each in outlets if each.problem is None],
        unusable=[(each.account, told(visit, each.problem)) for each in outlets if each.problem is not None],
        audience_choices=[(each.id, f"{each.name} ({each.recipients})") for each in audiences],
        can_post=posts,
        whose=visit.mark,
        is_sent=bool(visit.request.query_params.get("sent") or visit.request.query_params.get("kept")),
        **await _context(visit),
    )


async def _context(visit: Visit) -> dict[str, Any]:
    """What is fetched anew: the lock, what is blocked, and how the posts stand."""
    asked = visit.request.query_params
    unit = asked.get("unit") or None
    posts = visit.crisis.posts
    sees_all = visit.actor.unit is None or can(visit.actor, Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        latest = await find_latest(session, visit.mode)
        in_platforms = (
            []
            if latest is None
            else await planned.list_planned(
                session, visit.mode, activation_id=latest.id, unit=unit if sees_all else visit.actor.unit
            )
        )
        lock = latest if latest is not None and latest.state is not ActivationState.STOOD_DOWN else None
        answer = await answer_of(session, lock.id, visit.actor.unit) if lock is not None and visit.actor.unit else None
    blocked = await posts.blocked(visit.actor, mode=visit.mode, unit=unit)
    recent = await posts.recent(
        visit.actor, mode=visit.mode, unit=unit, before=number(asked.get("before")) or None, most=SHOWN + 1
    )
    kept = number(asked.get("kept")) or None
    pointer = await visit.crisis.pointers.standing(visit.actor, mode=visit.mode) if lock is not None else None
    return {
        "activation": lock,
        "answer": answer,
        "contact": visit.crisis.settings.editors_contact,
        "blocked": blocked,
        "recent": recent[:SHOWN],
        "earlier": recent[SHOWN - 1].id if len(recent) > SHOWN else None,
        "kept": next((each for each in blocked if each.id == kept), None),
        "in_platforms": [each for each in in_platforms if each.post_id is None],
        "planned_words": PLANNED,
        "pointer": pointer,
        "places": [] if pointer is None else [each for each in pointer.places if each.unit == visit.actor.unit],
        "state_words": WORDS,
        "unit": unit,
        "sees_all": sees_all,
        "owned": [each for each in blocked if is_own(visit, each)],
        "is_own": lambda post: is_own(visit, post),
        "waits": waits,
        "words": lambda post: _words(visit, post),
        "told": lambda post: words_of(visit, post, lock),
        "said_problem": lambda problem: told(visit, problem),
        "channel_name": lambda channel: channel_name(visit, channel),
        "query": urlencode([(name, value) for name, value in asked.multi_items() if name not in {"part", "sent"}]),
    }


def _words(visit: Visit, post: Standing) -> str:
    """How a post stands: one word, or with several recipients a word for each state and how many."""
    if len(post.counts) == 1 and sum(post.counts.values()) == 1:
        return visit.gettext(WORDS[next(iter(post.counts))])
    counted: dict[str, int] = {}
    for state, count in post.counts.items():
        word = visit.gettext(WORDS[state])
        counted[word] = counted.get(word, 0) + count
    return ", ".join(f"{count} {word}" for word, count in counted.items())
