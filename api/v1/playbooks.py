"""Playbooks: what there is to be met with, and to rehearse. They are files; nobody changes them here."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import CrisisReader, TheCrisis
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.playbooks import PlaybookOut, PlaybookRow
from crisis import clock
from crisis.clock import OSLO
from crisis.roles import Act, can

router = APIRouter(prefix="/playbooks", tags=["playbooks"], route_class=Door, responses=problems(404))

Key = Annotated[str, Path(max_length=200, description="Its id: the file's name without its ending.")]


@router.get("", summary="List playbooks by name, with what is wrong with those that cannot be used")
async def list_playbooks(crisis: TheCrisis, _: CrisisReader, at: At) -> Page[PlaybookRow]:
    """Read from the folder each time: one that has been mended is there at once."""
    today = clock.now().astimezone(OSLO).date()
    entries = [*enumerate(crisis.shelf.entries(), start=1)]
    return at.cut(entries, lambda each: PlaybookRow.of(each[1], today), lambda each: each[0])


@router.get("/{playbook_id}", summary="One playbook, whole")
async def get(playbook_id: Key, crisis: TheCrisis, actor: CrisisReader) -> PlaybookOut:
    """The document; of one that cannot be used, everything that is wrong with it. What comes in the exercise is for those who may
    run one: to everybody else the document has no injects and no expectations.
    """
    entry, today = crisis.shelf.entry(playbook_id), clock.now().astimezone(OSLO).date()
    return PlaybookOut.of_whole(entry, today, with_exercise=can(actor, Act.RUN_DRILL))
