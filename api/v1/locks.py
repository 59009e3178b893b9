"""Locks: what the lock of an activation is worth on every account, and its certificate."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import CrisisReader, TheCrisis, TheReports
from api.documented import problems
from api.door import Door
from api.paging import At
from api.v1.schemas.locks import CertificateOut, LockBoardOut, LockRow
from api.v1.schemas.shape import Id
from crisis.accounts.locks import LockState
from crisis.activations import service
from crisis.locks import board, certificate
from crisis.locks.reading import Around
from crisis.tongue import lock_json

router = APIRouter(
    prefix="/activations/{activation_id}", tags=["activations"], route_class=Door, responses=problems(404)
)


@router.get("/lock-board", summary="What the lock is worth on every account, what needs a person first")
async def show(
    activation_id: Id,
    crisis: TheCrisis,
    _: CrisisReader,
    reports: TheReports,
    at: At,
    unit: Annotated[str | None, Query(max_length=1000)] = None,
    state: Annotated[LockState | None, Query()] = None,
    needing: Annotated[bool, Query(description="Only those that need a person.")] = False,  # noqa: FBT002
) -> LockBoardOut:
    """One honest word for each account, with what it rests on. The accounts come in pieces; the totals are of all of them."""
    async with crisis.db.transaction() as session:
        activation = await service.get(session, activation_id)
        found = await board.read(session, activation, Around(crisis.settings, crisis.capabilities))
    speakers = reports.speakers
    rows = found.of(unit, state, needing=needing)
    page = at.cut(rows, lambda row: LockRow.model_validate(lock_json.row(row, speakers)), lambda row: row.outlet.id)
    return LockBoardOut.model_validate(lock_json.board(found) | {"accounts": page})


@router.get("/certificate", summary="The lock certificate")
async def certify(activation_id: Id, crisis: TheCrisis, _: CrisisReader, reports: TheReports) -> CertificateOut:
    """Read anew from what happened. The numbers under `audit` are proved by `crisis audit verify --head`."""
    async with crisis.db.transaction() as session:
        found = await certificate.read(session, activation_id, Around(crisis.settings, crisis.capabilities))
    return CertificateOut.model_validate(lock_json.certificate(found, reports.speakers))
