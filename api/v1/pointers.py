"""Pointers: the web editors' one text for each activation, that locked accounts publish once, each on its own."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.v1.schemas.pointers import PointerIn, PointerOut, PublishedOut, PublishIn, WithdrawnOut
from api.v1.schemas.shape import Id
from crisis.errors import NotFound
from crisis.mode import Mode

router = APIRouter(prefix="/pointers", tags=["pointers"], route_class=Door, responses=problems(404, 409))


@router.get("/current", summary="The pointer of the activation in force")
async def current(crisis: TheCrisis, actor: Who, mode: Annotated[Mode, Query()] = Mode.ACTUAL) -> PointerOut:
    """With every account that could carry it; a unit's editor sees the unit's own. 404 when there is none."""
    found = await crisis.pointers.standing(actor, mode=mode)
    if found is None:
        raise NotFound("pointer", mode.value, "None is written for the activation in force.")
    return PointerOut.of(found)


@router.post("", status_code=201, summary="Write the pointer, and approve it where one person may")
async def write(wanted: PointerIn, crisis: TheCrisis, actor: Who) -> PointerOut:
    """Refused with every channel that it does not fit. Without an activation in force, or with another pointer there: 409."""
    return PointerOut.of(await crisis.pointers.write(actor, wanted.text, mode=wanted.mode))


@router.post("/publish", summary="Publish the pointer through accounts, once each")
async def publish(wanted: PublishIn, crisis: TheCrisis, actor: Who) -> PublishedOut:
    """The actor's own unit's accounts, or for the web editors any. All of them or none."""
    done = await crisis.pointers.publish(actor, wanted.account_ids, mode=wanted.mode)
    return PublishedOut(posts=dict(done.posts), before=list(done.before))


@router.post("/{pointer_id}/approve", summary="Approve what somebody else has written")
async def approve(pointer_id: Id, crisis: TheCrisis, actor: Who) -> PointerOut:
    """Where two people release a message, two release a pointer. Approving twice is the same as once."""
    return PointerOut.of(await crisis.pointers.approve(actor, pointer_id))


@router.post("/{pointer_id}/withdraw", summary="Withdraw the pointer")
async def withdraw(pointer_id: Id, crisis: TheCrisis, actor: Who) -> WithdrawnOut:
    """No account can publish it any more, and what has not gone out never will. What is out stays."""
    return WithdrawnOut(cancelled=await crisis.pointers.withdraw(actor, pointer_id))
