"""Activations: declare, follow, stand down."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Request, Response

from api.deps import CrisisReader, TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.activations import (
    Activated,
    ActivationIn,
    ActivationOut,
    ActivationRow,
    RestoredOut,
    RestoreIn,
    StandDownIn,
)
from api.v1.schemas.shape import Id
from crisis.activations import drain, service
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from crisis.deliveries import promises
from crisis.errors import NotFound
from crisis.levers import handover
from crisis.levers import service as levers
from crisis.limits.service import troubles
from crisis.messages.rendered import CHANNEL_NAMES
from crisis.mode import Mode
from crisis.playbooks.plan import carry

router = APIRouter(prefix="/activations", tags=["activations"], route_class=Door, responses=problems(404, 409))


@router.post("", status_code=201, summary="Activate: lock the units' publishing", responses={200: {"model": Activated}})
async def activate(
    wanted: ActivationIn, crisis: TheCrisis, actor: Who, request: Request, response: Response, after: BackgroundTasks
) -> Activated:
    """The lock is committed when this is answered, and crisis messages may go. 200 with the first one's answer, and who
    holds it, when one of this mode is in force already: then nothing was changed.
    """
    carried = carry(crisis.shelf, wanted.playbook, wanted.mode) if wanted.playbook else None
    done = await service.activate(crisis.db, actor, wanted.mode, wanted.title, carried)
    response.status_code = 201 if done.created else 200
    response.headers["Location"] = f"/v1/activations/{done.activation.id}"
    if done.activation.state is ActivationState.LOCKING:
        after.add_task(request.app.state.drains.start, done.activation.id)
    return Activated.of(done.activation, created=done.created)


@router.get("", summary="List activations, oldest first")
async def list_activations(
    crisis: TheCrisis, _: CrisisReader, at: At, mode: Annotated[Mode | None, Query()] = None
) -> Page[ActivationRow]:
    """Of both modes, unless ``mode`` says which."""
    async with crisis.db.transaction() as session:
        rows = await service.list_activations(session, mode=mode, after=at.after, most=at.most)
    return at.page(rows, ActivationRow.model_validate, lambda row: row.id)


@router.get("/current", summary="The activation in force")
async def current(crisis: TheCrisis, _: CrisisReader, mode: Annotated[Mode, Query()] = Mode.ACTUAL) -> ActivationOut:
    """404 when there is none: then the units publish as usual."""
    async with crisis.db.transaction() as session:
        activation = await service.find_current(session, mode)
    if activation is None:
        raise NotFound("activation", mode.value, "None of this mode is in force.")
    return await _followed(crisis, activation)


@router.get("/{activation_id}", summary="One activation, with what may still go out or may be out")
async def get(activation_id: Id, crisis: TheCrisis, _: CrisisReader) -> ActivationOut:
    """``locking``: some of the units' posts may still be in flight. ``confirmed``: none is, except those listed."""
    async with crisis.db.transaction() as session:
        activation = await service.get(session, activation_id)
    return await _followed(crisis, activation)


@router.post("/{activation_id}/stand-down", summary="Stand down: end the activation and open the gate")
async def stand_down(
    activation_id: Id, crisis: TheCrisis, actor: Who, wanted: StandDownIn | None = None
) -> ActivationRow:
    """No blocked post goes out by itself: each waits for its owner."""
    access = StandDownIn().access if wanted is None else wanted.access
    return ActivationRow.model_validate(await handover.stand_down(crisis.db, actor, activation_id, access))


@router.post("/{activation_id}/restore", summary="Give back what was taken at the platforms: to one unit, or to all")
async def restore(activation_id: Id, crisis: TheCrisis, actor: Who, wanted: RestoreIn | None = None) -> RestoredOut:
    """After the stand-down. Asked for twice, it is tried once more where it is not all given back. 409 while it is in force."""
    unit = None if wanted is None else wanted.unit
    return RestoredOut(account_ids=await levers.restore(crisis.db, actor, activation_id, unit))


async def _followed(crisis: Crisis, activation: Activation) -> ActivationOut:
    if activation.state is ActivationState.STOOD_DOWN:
        return ActivationOut.of(activation, [], [], [], [])
    async with crisis.db.transaction() as session:
        permits = await drain.open_permits(session, activation.mode)
        unresolved = await drain.unresolved(session, activation.mode)
        found = await troubles(session, activation.mode, CHANNEL_NAMES)
        warning = crisis.settings.promise_warning_seconds
        promised = await promises.standing(session, warning, activation_id=activation.id)
    return ActivationOut.of(activation, permits, unresolved, found, promised)
