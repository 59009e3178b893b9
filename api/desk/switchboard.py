"""The switchboard: what to say to whoever calls now, in large text; and saying that one has read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.desk.live import Look, watched
from api.desk.navigation import in_mode
from api.desk.pages import Renderer
from api.desk.route import AnyVisit, PageRoute, TheVisit
from api.desk.stream import over
from api.desk.visit import Visit
from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.logbook import acknowledgements
from crisis.logbook.models import Acknowledgement, Party
from crisis.messages import drafts
from crisis.messages.models import Revision, RevisionState
from crisis.mode import Mode
from crisis.roles import Act, can

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PAGE: Final = "switchboard"


@dataclass(frozen=True, slots=True)
class Current:
    """What one message says now: its newest revision that is out."""

    revision: Revision
    before: int
    """How many revisions of it came before this one."""
    read: tuple[Acknowledgement, ...]

    @property
    def is_over(self) -> bool:
        """It asks nothing more of anybody."""
        return self.revision.kind.is_end


@dataclass(frozen=True, slots=True)
class Answer:
    """What the switchboard says of one message, and who has read it: values alone, so that what is equal looks the same."""

    revision_id: int
    content: Mapping[str, Any]
    """In the primary language."""
    approved_at: datetime
    next_update_at: datetime | None
    before: int
    is_over: bool
    read: tuple[tuple[str, datetime], ...]
    """``(who, when)``."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that changes on the switchboard's page."""

    is_activated: bool
    primary: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class SwitchboardTopic:
    """The switchboard of one world, for one of those who watch it: also in peace, when the next thing is that a crisis begins.

    ``me``: a page says whether its reader has read a message. The database is asked once for all of them.
    """

    mode: Mode
    me: str
    may_acknowledge: bool
    act: Act = Act.READ_CRISIS

    async def read(self, look: Look) -> Answers:
        """How it stands now."""
        return await look.once((SwitchboardTopic, self.mode), lambda: _answers(look, self.mode))

    def fragments(self, found: Answers, render: Renderer) -> Mapping[str, str]:
        """The one block that changes."""
        return {"current": render(PAGE, "current", **self.context(found))}

    def context(self, found: Answers) -> dict[str, Any]:
        """What the block is rendered from."""
        return {"now_is": found, "mode": self.mode, "me": self.me, "may_acknowledge": self.may_acknowledge}


@router.get("/switchboard")
async def show(visit: TheVisit) -> Response:
    """The newest message first, in full; then the others that are in force."""
    visit.require(Act.READ_CRISIS)
    topic = _topic(visit)
    async with visit.crisis.db.transaction() as session:
        found = await topic.read(Look(visit.crisis, session))
    return await visit.page(PAGE, **topic.context(found))


@router.get("/switchboard/live")
async def watch(visit: AnyVisit) -> Response:
    """The same, for as long as somebody looks."""
    if not visit.is_signed_in:
        return over()
    return watched(visit, _topic(visit))


@router.post("/revisions/{revision_id:int}/read")
async def acknowledge(revision_id: int, visit: TheVisit) -> Response:
    """Say that one has read it, or that others have been told; and go back to where one said so."""
    actor, form, _ = visit.require(Act.ACKNOWLEDGE), await visit.form(), visit.gettext
    said = str(form.get("party", ""))
    made = await acknowledgements.acknowledge(
        visit.crisis.db, actor, revision_id, Party(said) if said in set(Party) else None
    )
    visit.mode = made.mode
    back = "/" if form.get("back") == "board" else "/switchboard"
    return visit.to(in_mode(back, visit.mode), said=_("Notert: meldingen er lest."))


async def currents(session: AsyncSession, activation: Activation) -> list[Current]:
    """What every message of an activation says now, the one that was sent last first."""
    sent: dict[int, list[Revision]] = {}
    for row in await drafts.all_revisions(session, activation.id):
        if row.state is RevisionState.APPROVED:
            sent.setdefault(row.message_id, []).append(row)
    read = await acknowledgements.of_activation(session, activation.id)
    found = [Current(each[-1], len(each) - 1, tuple(read.get(each[-1].id, ()))) for each in sent.values()]
    return sorted(
        found, key=lambda each: (each.is_over, -(each.revision.approved_at or each.revision.written_at).timestamp())
    )


async def _answers(look: Look, mode: Mode) -> Answers:
    activation = await activations.find_current(look.session, mode)
    primary = look.crisis.settings.languages[0]
    found = await currents(look.session, activation) if activation else []
    return Answers(activation is not None, primary, tuple(_answer(each, primary) for each in found))


def _answer(current: Current, primary: str) -> Answer:
    revision = current.revision
    return Answer(
        revision.id,
        revision.contents[primary],
        revision.approved_at or revision.written_at,
        revision.next_update_at,
        current.before,
        current.is_over,
        tuple((each.by, each.at) for each in current.read),
    )


def _topic(visit: Visit) -> SwitchboardTopic:
    return SwitchboardTopic(visit.mode, visit.actor.name, can(visit.actor, Act.ACKNOWLEDGE))
