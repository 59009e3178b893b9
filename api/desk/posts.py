"""A unit's own desk: its accounts, what it publishes and schedules, and what the lock has blocked.

Nothing that was typed is lost when the lock falls: the text is kept as a blocked post, and its owner decides about it
afterwards, post by post. The web editors and the director see every unit's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from api.desk.channels import channel_name
from api.desk.navigation import in_mode
from api.desk.reasons import reason
from api.desk.route import PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.states import WORDS
from api.desk.typed import Mistyped, Moment, number
from api.desk.visit import Visit
from crisis import clock
from crisis.activations.service import ActivationLocked, find_current
from crisis.audiences.service import list_audiences
from crisis.deliveries.states import DeliveryState
from crisis.errors import Conflict, Invalid, NotFound
from crisis.posts.standing import Standing
from crisis.roles import Act, can
from crisis.tongue import times

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SHOWN = 30
"""Posts on one page."""
NAMES: Final = ("account", "title", "text", "audience", "instead_of")


@dataclass(frozen=True, slots=True)
class Typed:
    """A form of a post as it was sent."""

    account: str
    title: str
    text: str
    publish_at: Moment
    audience: str
    instead_of: str

    @classmethod
    def of(cls, form: FormData) -> "Typed":
        """Line breaks as every channel has them."""
        said = {name: str(form.get(name, "")).replace("\r\n", "\n") for name in NAMES}
        return cls(publish_at=Moment.of(form, "publish_at"), **said)

    @property
    def account_id(self) -> int | None:
        """The account that was chosen."""
        return number(self.account) or None

    @property
    def audience_id(self) -> int | None:
        """The audience that was chosen, if any."""
        return number(self.audience) or None

    @property
    def at(self) -> datetime | None:
        """The time that was chosen, on the clocks in Norway. Raises :class:`api.desk.typed.Mistyped`."""
        return self.publish_at.read()


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
    if visit.is_partial:
        return await visit.block("posts", "state", **await _context(visit))
    return await _page(visit, typed)


@router.post("/posts")
async def publish(visit: TheVisit) -> Response:
    """Publish now or schedule. When the lock has fallen meanwhile, the text is kept, and that is said."""
    actor, typed, _ = visit.require(Act.POST), Typed.of(form := await visit.form()), visit.gettext
    later = form.get("when") == "later"
    if problems := _problems(visit, typed, later=later):
        return await _page(visit, typed, problems)
    assert typed.account_id is not None  # noqa: S101 - or there was a problem
    try:
        done = await visit.crisis.posts.publish(
            actor,
            typed.account_id,
            typed.text,
            title=typed.title.strip(),
            publish_at=typed.at if later else None,
            audience_id=typed.audience_id,
            mode=visit.mode,
        )
    except ActivationLocked as held:
        await _drop_the_old(visit, typed)
        return visit.to(in_mode("/posts", visit.mode, kept=held.post_id))
    except Invalid as error:
        said = [told(visit, each) for each in (error.summary, *error.problems)]
        return await _page(visit, typed, {"text" if error.problems else "account": " ".join(said)})
    await _drop_the_old(visit, typed)
    if later:
        when = times.moment(done.publish_at, visit.language)
        return visit.to(in_mode("/posts", visit.mode), said=_("Innlegget publiseres %(when)s.", when=when))
    return visit.to(
        in_mode("/posts", visit.mode),
        said=_("Innlegget er på vei ut. Det står under «Innleggene» så snart det er ute."),
    )


@router.post("/posts/{post_id:int}/publish")
async def publish_blocked(post_id: int, visit: TheVisit) -> Response:
    """Publish a blocked post after all."""
    await visit.crisis.posts.decide(visit.require(Act.POST), post_id, publish=True)
    return visit.to(in_mode("/posts", visit.mode), said=visit.gettext("Innlegget er på vei ut."))


@router.post("/posts/{post_id:int}/drop")
async def drop(post_id: int, visit: TheVisit) -> Response:
    """Drop a blocked post. It stays on record."""
    await visit.crisis.posts.decide(visit.require(Act.POST), post_id, publish=False)
    return visit.to(in_mode("/posts", visit.mode), said=visit.gettext("Innlegget er droppet. Det blir ikke publisert."))


@router.post("/posts/{post_id:int}/take-back")
async def take_back(post_id: int, visit: TheVisit) -> Response:
    """Take back a scheduled post."""
    await visit.crisis.posts.take_back(visit.require(Act.POST), post_id)
    return visit.to(
        in_mode("/posts", visit.mode), said=visit.gettext("Innlegget er trukket tilbake. Det blir ikke publisert.")
    )


def _problems(visit: Visit, typed: Typed, *, later: bool) -> dict[str, str]:
    """What can be seen without asking anybody: something is missing, or is no time."""
    _, problems = visit.gettext, {}
    if typed.account_id is None:
        problems["account"] = _("Velg en konto.")
    if not typed.text.strip():
        problems["text"] = _("Skriv en tekst.")
    try:
        at = typed.at
    except Mistyped as error:
        problems["publish_at"] = _(str(error))
        return problems
    if later and at is None:
        problems["publish_at"] = _("Velg når innlegget skal publiseres.")
    elif later and at is not None and at <= clock.now():
        problems["publish_at"] = _("Tidspunktet er passert. Velg et senere, eller tøm feltene og publiser nå.")
    elif not later and at is not None:
        problems["publish_at"] = _("Her står et tidspunkt. Trykk «Planlegg», eller tøm feltene for å publisere nå.")
    return problems


async def _drop_the_old(visit: Visit, typed: Typed) -> None:
    """The post that this one was rewritten from: the new one has taken its place."""
    if not (post_id := number(typed.instead_of)):
        return
    try:
        await visit.crisis.posts.decide(visit.actor, post_id, publish=False)
    except (Conflict, NotFound):
        return  # decided already, by somebody else or in another window


async def _page(visit: Visit, typed: Mapping[str, Any] | Typed, problems: Mapping[str, str] | None = None) -> Response:
    posts = can(visit.actor, Act.POST)
    outlets = await visit.crisis.posts.outlets(visit.actor) if posts and visit.actor.unit else ()
    async with visit.crisis.db.transaction() as session:
        to_people = any(each.recipients and each.problem is None for each in outlets)
        audiences = await list_audiences(session) if to_people else ()
    return await visit.page(
        "posts",
        status=422 if problems else 200,
        typed=typed,
        problems=problems or {},
        outlets=[each for each in outlets if each.problem is None],
        unusable=[(each.account, told(visit, each.problem)) for each in outlets if each.problem is not None],
        audience_choices=[(each.id, f"{each.name} ({each.recipients})") for each in audiences],
        can_post=posts,
        **await _context(visit),
    )


async def _context(visit: Visit) -> dict[str, Any]:
    """What is fetched anew: the lock, what is blocked, and how the posts stand."""
    asked = visit.request.query_params
    unit = asked.get("unit") or None
    posts = visit.crisis.posts
    async with visit.crisis.db.transaction() as session:
        activation = await find_current(session, visit.mode)
    blocked = await posts.blocked(visit.actor, mode=visit.mode, unit=unit)
    recent = await posts.recent(
        visit.actor, mode=visit.mode, unit=unit, before=number(asked.get("before")) or None, most=SHOWN + 1
    )
    kept = number(asked.get("kept")) or None
    return {
        "activation": activation,
        "contact": visit.crisis.settings.editors_contact,
        "blocked": blocked,
        "recent": recent[:SHOWN],
        "earlier": recent[SHOWN - 1].id if len(recent) > SHOWN else None,
        "kept": next((each for each in blocked if each.id == kept), None),
        "unit": unit,
        "sees_all": visit.actor.unit is None or can(visit.actor, Act.READ_CRISIS),
        "is_own": lambda post: can(visit.actor, Act.POST) and post.unit == visit.actor.unit,
        "is_scheduled": _is_scheduled,
        "words": lambda post: _words(visit, post),
        "why": lambda error: reason(visit, error, None),
        "channel_name": lambda channel: channel_name(visit, channel),
        "query": visit.request.url.query,
    }


def _is_scheduled(post: Standing) -> bool:
    return set(post.counts) == {DeliveryState.READY.value} and post.publish_at > clock.now()


def _words(visit: Visit, post: Standing) -> str:
    """How a post stands: one word, or with several recipients a word for each state and how many."""
    if len(post.counts) == 1 and sum(post.counts.values()) == 1:
        return visit.gettext(WORDS[next(iter(post.counts))])
    counted: dict[str, int] = {}
    for state, count in post.counts.items():
        word = visit.gettext(WORDS[state])
        counted[word] = counted.get(word, 0) + count
    return ", ".join(f"{count} {word}" for word, count in counted.items())
