"""One post of a unit's, and what its owner says about it: publish, drop or take back what was blocked; and where nobody knows
whether it came out, what they see on the account.
"""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.channels import channel_name
from api.desk.fates import PLANNED, fate_words, waits
from api.desk.navigation import in_mode
from api.desk.reasons import reason
from api.desk.route import PageRoute, TheVisit
from api.desk.states import WORDS
from api.desk.typed import number
from api.desk.visit import Visit
from crisis import clock
from crisis.activations.service import find_current
from crisis.bootstrap import outside_of
from crisis.deliveries.checks import check as look
from crisis.deliveries.decisions import Decision
from crisis.deliveries.decisions import decide as settle_delivery
from crisis.errors import Invalid
from crisis.posts.fate import Fate, fate_of
from crisis.posts.service import Outcome
from crisis.posts.standing import Standing
from crisis.roles import Act, can
from crisis.schedules.models import PlannedState
from crisis.tongue import times

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/posts/{post_id:int}")
async def show(post_id: int, visit: TheVisit) -> Response:
    """What became of it, why, whom to call, and its text."""
    if not can(visit.actor, Act.POST):
        visit.require(Act.READ_CRISIS)
    return await _page(visit, post_id)


@router.post("/posts/decide")
async def decide(visit: TheVisit) -> Response:
    """What was ticked of the blocked ones: dropped, unless it was said to publish them."""
    actor, form, _ = visit.require(Act.POST), await visit.form(), visit.gettext
    chosen = [number(each) for each in form.getlist("post")]
    if not chosen:
        return visit.to(in_mode("/posts", visit.mode), said=_("Kryss av for minst ett innlegg. Ingenting er gjort."))
    publish = form.get("what") == "publish"
    done = await visit.crisis.posts.decide_all(actor, chosen, publish=publish)
    return visit.to(in_mode("/posts", visit.mode), said=_told(visit, done, publish=publish))


@router.post("/posts/{post_id:int}/publish")
async def publish_blocked(post_id: int, visit: TheVisit) -> Response:
    """Publish a blocked post after all: at once, or spread out after others."""
    done = await visit.crisis.posts.decide_all(visit.require(Act.POST), [post_id], publish=True)
    return visit.to(in_mode("/posts", visit.mode), said=_told(visit, done, publish=True))


@router.post("/posts/{post_id:int}/drop")
async def drop(post_id: int, visit: TheVisit) -> Response:
    """Drop a blocked post. It stays on record."""
    done = await visit.crisis.posts.decide_all(visit.require(Act.POST), [post_id], publish=False)
    return visit.to(in_mode("/posts", visit.mode), said=_told(visit, done, publish=False))


@router.post("/posts/{post_id:int}/take-back")
async def take_back(post_id: int, visit: TheVisit) -> Response:
    """Take back a post before its time has come."""
    done, _ = await visit.crisis.posts.take_back(visit.require(Act.POST), post_id), visit.gettext
    said = (
        _("Innlegget er trukket tilbake. Det ligger under «Stanset av låsen».")
        if done.is_blocked
        else _("Innlegget er trukket tilbake. Det blir ikke publisert.")
    )
    return visit.to(in_mode("/posts", visit.mode), said=said)


@router.post("/posts/{post_id:int}/check")
async def check(post_id: int, visit: TheVisit) -> Response:
    """Ask the provider once more whether it came out. Reads only."""
    actor, _ = visit.require(Act.POST), visit.gettext
    post = await visit.crisis.posts.get(actor, post_id, mode=visit.mode)
    await look(visit.crisis.db, actor, post.delivery_id, outside_of(visit.crisis.settings))
    return visit.to(in_mode(f"/posts/{post_id}", visit.mode), said=_("Vi har spurt på nytt. Slik står det nå."))


@router.post("/posts/{post_id:int}/settle")
async def settle(post_id: int, visit: TheVisit) -> Response:
    """What somebody saw on the account. What is not out goes to the gate as any other post: while the lock holds, it is kept."""
    actor, form, _ = visit.require(Act.POST), await visit.form(), visit.gettext
    try:
        decision = Decision(str(form.get("decision", "")))
    except ValueError:
        raise Invalid("There is no such decision.") from None
    post = await visit.crisis.posts.get(actor, post_id, mode=visit.mode)
    url = str(form.get("url", "")).strip() if decision is Decision.MARK_SENT else ""
    validity = timedelta(seconds=visit.crisis.settings.validity_seconds)
    try:
        await settle_delivery(visit.crisis.db, actor, post.delivery_id, decision, validity=validity, url=url or None)
    except Invalid:
        problem = _(
            "Lim inn hele lenken fra adresselinjen. Den begynner med https://. La feltet stå tomt hvis det ikke er noen."
        )
        return await _page(visit, post_id, url=url, problem=problem)
    return visit.to(in_mode(f"/posts/{post_id}", visit.mode), said=_("Notert. Slik står det nå."))


async def _page(visit: Visit, post_id: int, url: str = "", problem: str = "") -> Response:
    post = await visit.crisis.posts.get(visit.actor, post_id, mode=visit.mode)
    async with visit.crisis.db.transaction() as session:
        lock = await find_current(session, visit.mode)
    fate = fate_of(post, lock, clock.now())
    values = words_of(visit, post, lock) | {
        "post": post,
        "activation": lock if post.pointer_id is None else None,
        "contact": visit.crisis.settings.editors_contact,
        "is_own": is_own(visit, post),
        "waits": waits(post),
        "state_word": WORDS[next(iter(post.counts))],
        "can_settle": fate is Fate.NEEDS_PERSON and sum(post.counts.values()) == 1 and post.pointer_id is None,
        "can_check": fate in {Fate.NEEDS_PERSON, Fate.IN_DOUBT} and sum(post.counts.values()) == 1,
        "url": url,
        "problem": problem,
    }
    return await visit.page("post", status=422 if problem else 200, **values)


def words_of(visit: Visit, post: Standing, lock: Any) -> dict[str, str]:
    """What is said of a post in the page's language: where it is, what became of it, and why."""
    origin = "" if post.origin is None else visit.gettext(PLANNED[PlannedState(post.origin.state)])
    return {
        "channel": channel_name(visit, post.channel),
        "fate": fate_words(visit, post, lock),
        "why": reason(visit, post.error, None),
        "planned": origin,
    }


def is_own(visit: Visit, post: Standing) -> bool:
    """Theirs to decide about."""
    return can(visit.actor, Act.POST) and post.unit == visit.actor.unit and post.pointer_id is None


def _told(visit: Visit, done: Outcome, *, publish: bool) -> str:
    """What was done with them, and when each goes out."""
    _, count = visit.gettext, len(done.posts)
    if not publish:
        said = _("Innlegget er droppet. Det blir ikke publisert.")
        if count > 1:
            said = _("%(count)s innlegg er droppet. De blir ikke publisert.", count=count)
    elif any(waits(post) for post in done.posts):
        last = times.moment(max(post.goes_at for post in done.posts), visit.language)
        said = _("Innlegget går ut %(last)s. Til da kan det trekkes tilbake.", last=last)
        if count > 1:
            said = _(
                "%(count)s innlegg går ut etter tur, det siste %(last)s. Til da kan de trekkes tilbake.",
                count=count,
                last=last,
            )
    else:
        said = _("Innlegget er på vei ut.") if count == 1 else _("%(count)s innlegg er på vei ut.", count=count)
    if not done.left:
        return said
    left = _("%(count)s var avgjort fra før, og er ikke rørt.", count=len(done.left))
    return f"{said} {left}"
