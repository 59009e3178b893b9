"""Drills: start one, lead it, play in it, and see how it stands. All of it is the exercise's."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.deps import CrisisReader, DrillLeader, TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.drills import (
    DrillIn,
    DrillOut,
    DrillRow,
    ForwardIn,
    InboxOut,
    JudgementIn,
    LeaveIn,
    ObservationIn,
    PartIn,
    SpeedIn,
    StopIn,
    WordIn,
)
from api.v1.schemas.shape import Id
from crisis.drills import service
from crisis.drills.inboxes import Inbox
from crisis.drills.models import Drill
from crisis.errors import NotFound

router = APIRouter(prefix="/drills", tags=["drills"], route_class=Door, responses=problems(404, 409))

Key = Annotated[str, Path(max_length=64, description="Its id in the playbook, such as I3 or E7.")]


@router.post("", status_code=201, summary="Start a drill")
async def start(wanted: DrillIn, crisis: TheCrisis, leader: DrillLeader, response: Response) -> DrillRow:
    """Its clock goes from now on. 409 while a real crisis, another drill or an exercise is in force, and over the national test."""
    playbook, entry = crisis.shelf.get(wanted.playbook), crisis.shelf.entry(wanted.playbook)
    drill = await service.start(crisis.db, leader, playbook, sha256=entry.sha256, speed=wanted.speed)
    response.headers["Location"] = f"/v1/drills/{drill.id}"
    return _row(drill)


@router.get("", summary="List drills, newest first")
async def list_drills(crisis: TheCrisis, _: CrisisReader, at: At) -> Page[DrillRow]:
    """Under way and over."""
    async with crisis.db.transaction() as session:
        rows = await service.list_drills(session, before=at.after or None, most=at.most)
    return at.page(rows, _row, lambda row: row.id)


@router.get("/current", summary="The drill that is not over")
async def current(crisis: TheCrisis, _: CrisisReader) -> DrillRow:
    """404 when there is none."""
    async with crisis.db.transaction() as session:
        drill = await service.current(session)
    if drill is None:
        raise NotFound("drill", "current", "None is under way.")
    return _row(drill)


@router.get("/{drill_id}", summary="One drill, whole")
async def get(drill_id: Id, crisis: TheCrisis, _: DrillLeader) -> DrillOut:
    """With what is still to come: for those who lead it, not for those who play."""
    async with crisis.db.transaction() as session:
        return DrillOut.of(await service.picture(session, drill_id))


@router.post("/{drill_id}/pause", summary="Let drill time stand still")
async def pause(drill_id: Id, crisis: TheCrisis, leader: DrillLeader) -> DrillRow:
    """Nothing falls due, and no deadline runs. 409 where the playbook allows no pause."""
    return _row(await service.pause(crisis.db, leader, drill_id))


@router.post("/{drill_id}/resume", summary="Let drill time go on")
async def resume(drill_id: Id, crisis: TheCrisis, leader: DrillLeader) -> DrillRow:
    """As fast as before."""
    return _row(await service.resume(crisis.db, leader, drill_id))


@router.post("/{drill_id}/speed", summary="Let drill time go faster or slower")
async def set_speed(drill_id: Id, wanted: SpeedIn, crisis: TheCrisis, leader: DrillLeader) -> DrillRow:
    """From now on; of a drill that is paused, when it goes on."""
    return _row(await service.set_speed(crisis.db, leader, drill_id, wanted.speed))


@router.post("/{drill_id}/forward", summary="Put drill time forward")
async def put_forward(drill_id: Id, wanted: ForwardIn, crisis: TheCrisis, leader: DrillLeader) -> DrillRow:
    """What falls due on the way comes at once, in its order. It never goes back, and never beyond the drill's end."""
    return _row(await service.put_forward(crisis.db, leader, drill_id, wanted.elapsed))


@router.post("/{drill_id}/stop", summary="Break the drill off")
async def stop(drill_id: Id, given: StopIn, crisis: TheCrisis, leader: DrillLeader) -> DrillRow:
    """The exercise's crisis staff is stood down with it."""
    return _row(await service.stop(crisis.db, leader, drill_id, given.reason))


@router.post("/{drill_id}/injects/{key}/fire", summary="Let an inject come now")
async def fire(drill_id: Id, key: Key, crisis: TheCrisis, leader: DrillLeader) -> DrillRow:
    """Whatever it waits for. Asking twice is harmless."""
    return _row(await service.fire_now(crisis.db, leader, drill_id, key))


@router.post("/{drill_id}/injects/{key}/skip", summary="Let an inject never come")
async def skip(drill_id: Id, key: Key, crisis: TheCrisis, leader: DrillLeader) -> DrillRow:
    """Nor what follows it, nor what only it asks for."""
    return _row(await service.skip(crisis.db, leader, drill_id, key))


@router.post("/{drill_id}/expectations/{key}", summary="Say whether something was done")
async def judge(drill_id: Id, key: Key, given: JudgementIn, crisis: TheCrisis, leader: DrillLeader) -> DrillRow:
    """What no log can tell. 409 for what is not asked for yet, and for what is decided."""
    return _row(
        await service.judge(crisis.db, leader, drill_id, key, met=given.met, note=given.note, in_time=given.in_time)
    )


@router.post("/{drill_id}/notes", status_code=201, summary="Write down what was observed")
async def observe(drill_id: Id, given: ObservationIn, crisis: TheCrisis, leader: DrillLeader) -> DrillRow:
    """Also when the drill is over."""
    return _row(await service.observe(crisis.db, leader, drill_id, given.text, given.objective, given.once))


@router.post("/{drill_id}/join", summary="Play a part")
async def join(drill_id: Id, given: PartIn, crisis: TheCrisis, actor: Who) -> DrillRow:
    """Whoever has several plays this one now. On the exercise's pages at the desk one is the part; with a token one stays who one is."""
    return _row(await service.join(crisis.db, actor, drill_id, given.part))


@router.post("/{drill_id}/leave", summary="Play a part no more")
async def leave(drill_id: Id, crisis: TheCrisis, actor: Who, given: LeaveIn | None = None) -> DrillRow:
    """Or none at all. Leaving what one does not play is harmless."""
    return _row(await service.leave(crisis.db, actor, drill_id, (given or LeaveIn()).part))


@router.get("/{drill_id}/inbox", summary="What has come to the parts that one plays")
async def inbox(drill_id: Id, crisis: TheCrisis, actor: Who) -> InboxOut:
    """The newest first. What is out of order in a channel or a system is no letter: that is the players' to find out."""
    async with crisis.db.transaction() as session:
        return InboxOut.of(Inbox.of(await service.picture(session, drill_id), actor.name))


@router.post("/{drill_id}/injects/{key}/see", summary="Say that one has seen an inject")
async def see(drill_id: Id, key: Key, crisis: TheCrisis, actor: Who) -> DrillRow:
    """Seeing it twice is harmless."""
    return _row(await service.see(crisis.db, actor, drill_id, key))


@router.post("/{drill_id}/break-glass", summary="Come in with the drill's emergency word")
async def break_glass(drill_id: Id, given: WordIn, crisis: TheCrisis, actor: Who) -> DrillRow:
    """While the exercise's signing in "does not answer". Worth nothing outside the drill."""
    return _row(await service.break_glass(crisis.db, actor, drill_id, given.word))


def _row(drill: Drill) -> DrillRow:
    return DrillRow.model_validate(drill)
