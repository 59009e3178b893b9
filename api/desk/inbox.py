"""The inbox: what comes to whoever plays in a drill, the parts that they play, and the way in when signing in "does not answer"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.drill_words import VIA
from api.desk.live import Look, watched
from api.desk.navigation import in_mode
from api.desk.pages import Renderer
from api.desk.room import Ticking, ticking
from api.desk.route import AnyVisit, PageRoute, TheVisit, word
from api.desk.stream import over
from api.desk.strip import Strip
from api.desk.visit import Visit
from crisis.drills import service
from crisis.drills.inboxes import Inbox
from crisis.drills.models import Drill
from crisis.drills.picture import Picture
from crisis.drills.players import WordRefused
from crisis.drills.states import DrillState
from crisis.errors import NotFound
from crisis.mode import Mode

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PAGE: Final = "inbox"
HERE: Final = "/inbox?mode=exercise"


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that changes in somebody's inbox."""

    drill_id: int | None
    """Of the drill under way."""
    state: DrillState | None
    """Of the last drill."""
    ticking: Ticking | None
    inbox: Inbox | None


@dataclass(frozen=True, slots=True)
class InboxTopic:
    """One person's inbox: in whatever drill is under way. The drill is read once for everybody who plays."""

    name: str
    act: None = None

    async def read(self, look: Look) -> Standing:
        """How it stands now."""
        drill = await look.once((Drill, "latest"), lambda: service.latest(look.session))
        if drill is None or drill.state.is_over:
            return Standing(None, None if drill is None else drill.state, None, None)
        picture = await look.once((Picture, drill.id), lambda: service.picture(look.session, drill.id))
        return Standing(drill.id, drill.state, ticking(picture), Inbox.of(picture, self.name))

    def fragments(self, found: Standing, render: Renderer) -> Mapping[str, str]:
        """The one block that changes."""
        return {"letters": render(PAGE, "letters", **context(found))}


def context(found: Standing) -> dict[str, Any]:
    """What the block is rendered from."""
    return {"standing": found, "inbox": found.inbox, "via": VIA, "mode": Mode.EXERCISE}


@router.get("/inbox")
async def show(visit: TheVisit) -> Response:
    """What has come, the newest first; before that, which part to play."""
    if visit.mode is not Mode.EXERCISE:
        return visit.to(HERE)
    return await visit.page(PAGE, **context(await _read(visit)))


@router.get("/inbox/live")
async def watch(visit: AnyVisit) -> Response:
    """The same, for as long as somebody looks."""
    if not visit.is_signed_in:
        return over()
    return watched(visit, InboxTopic(visit.person.name))


@router.get("/inbox/strip")
async def strip(visit: TheVisit) -> Response:
    """The strip under the bar, again; nothing where it looks as the page has it."""
    visit.mode = Mode.EXERCISE
    async with visit.crisis.db.transaction() as session:
        found = await Strip.of(session, visit.person)
    if visit.request.query_params.get("version") == found.version:
        return Response(None, 204)
    return await visit.block("strip", "strip", strip=found)


@router.post("/inbox/letters/{key}")
async def see(visit: TheVisit, key: str) -> Response:
    """Say that one has seen it."""
    await service.see(visit.crisis.db, visit.person, await _drill_id(visit), key)
    if not visit.is_partial:
        return visit.to(f"{HERE}#letter-{key}")
    return await visit.block(PAGE, "letters", **context(await _read(visit)))


@router.post("/inbox/parts")
async def join(visit: TheVisit) -> Response:
    """Play a part; of several, play this one now."""
    part = str((await visit.form()).get("part", ""))
    await service.join(visit.crisis.db, visit.person, await _drill_id(visit), part)
    return visit.to(HERE, said=visit.gettext("Du er med i øvelsen."))


@router.post("/inbox/parts/leave")
async def leave(visit: TheVisit) -> Response:
    """Play a part no more."""
    part = str((await visit.form()).get("part", ""))
    await service.leave(visit.crisis.db, visit.person, await _drill_id(visit), part)
    return visit.to(HERE, said=visit.gettext("Du spiller ikke denne rollen lenger."))


@router.post("/inbox/word")
async def come_in(visit: TheVisit) -> Response:
    """Come in with the emergency word. It opens the exercise's pages and nothing else."""
    try:
        await service.break_glass(
            visit.crisis.db, visit.person, await _drill_id(visit), str((await visit.form()).get("word", ""))
        )
    except WordRefused:
        return await word(visit, visit.gettext("Det er ikke nødordet. Se på nødarket, eller spør øvingsleder."))
    return visit.to(
        in_mode("/inbox", Mode.EXERCISE), said=visit.gettext("Du er inne med nødordet. Det er loggført i øvelsen.")
    )


async def _read(visit: Visit) -> Standing:
    visit.mode = Mode.EXERCISE
    async with visit.crisis.db.transaction() as session:
        return await InboxTopic(visit.person.name).read(Look(visit.crisis, session))


async def _drill_id(visit: Visit) -> int:
    """The drill under way. Raises :class:`NotFound`."""
    visit.mode = Mode.EXERCISE
    async with visit.crisis.db.transaction() as session:
        drill = await service.current(session)
    if drill is None:
        raise NotFound("drill", "under way", "No drill is under way.")
    return drill.id
