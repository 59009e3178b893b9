"""Accounts: the register, connections, and the lock on each account."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.deps import TheCrisis, Who
from api.documented import csv_body, problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.accounts import AccountOut, Connection, LeaderIn, RegisterReport
from api.v1.schemas.shape import Id
from crisis.accounts import register, service
from crisis.accounts.locks import lock_of
from crisis.accounts.models import Account
from crisis.activations.models import Activation
from crisis.activations.service import find_current
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Act, require

router = APIRouter(prefix="/accounts", tags=["accounts"], route_class=Door, responses=problems(404, 409))
OfMode = Annotated[Mode, Query(description="Whose lock: an exercise has its own.")]
REGISTER = csv_body(
    "The register: `channel,name,unit,opened_on,what,why,audience`, and if you like `leader` and `address`. UTF-8.",
    "channel,name,unit,opened_on,what,why,audience\nfacebook,Fjordvik bibliotek,biblioteket,2011-01-15,Nytt,Nå ut,Alle\n",
)


@router.get("", summary="List accounts by unit, channel and name, each with its lock")
async def list_accounts(
    crisis: TheCrisis,
    _: Who,
    at: At,
    unit: Annotated[str | None, Query(max_length=1000)] = None,
    mode: OfMode = Mode.ACTUAL,
) -> Page[AccountOut]:
    """Closed ones too; of every unit, unless ``unit`` says which."""
    async with crisis.db.transaction() as session:
        rows = await service.list_accounts(session, unit)
        activation = await find_current(session, mode)
    return at.cut(rows, lambda row: _locked(crisis, row, activation), lambda row: row.id)


@router.get("/{account_id}", summary="One account, with its lock")
async def get(account_id: Id, crisis: TheCrisis, _: Who, mode: OfMode = Mode.ACTUAL) -> AccountOut:
    """``lock.words`` says what the lock is worth on this account."""
    async with crisis.db.transaction() as session:
        account = await service.get_account(session, account_id)
        return _locked(crisis, account, await find_current(session, mode))


@router.post("/import", summary="Import the register, whole or not at all", openapi_extra=REGISTER)
async def import_register(request: Request, crisis: TheCrisis, actor: Who) -> RegisterReport:
    """422 names every bad line with its number; then nothing was imported."""
    require(actor, Act.MANAGE_ACCOUNTS)  # before anything is written to the disk
    upload = request.state.upload
    upload.most = register.LINES_MOST * crisis.settings.csv_max_line
    with tempfile.TemporaryDirectory(prefix="crisis-") as folder:
        source = Path(folder) / "register.csv"
        with source.open("wb") as file:
            await asyncio.to_thread(shutil.copyfileobj, upload.file(), file)
        done = await register.import_register(
            crisis.db, actor, source, channels=crisis.capabilities, settings=crisis.settings
        )
    return RegisterReport.model_validate(done)


@router.put("/{account_id}/connection", summary="Connect an account to its provider")
async def connect(account_id: Id, connection: Connection, crisis: TheCrisis, actor: Who) -> AccountOut:
    """Replaces what was said before. Credentials are sealed, and never given back."""
    account = await service.connect_account(
        crisis.db,
        actor,
        account_id,
        address=connection.address,
        credentials={name: value.get_secret_value() for name, value in connection.credentials.items()},
        sealer=crisis.credentials,
    )
    return await _shown(crisis, account)


@router.put("/{account_id}/leader", summary="Say who answers for an account")
async def set_leader(account_id: Id, wanted: LeaderIn, crisis: TheCrisis, actor: Who) -> AccountOut:
    """Null: nobody is named."""
    return await _shown(crisis, await service.set_leader(crisis.db, actor, account_id, wanted.leader))


@router.post("/{account_id}/close", summary="Take an account out of use")
async def close(account_id: Id, crisis: TheCrisis, actor: Who) -> AccountOut:
    """It stays on record; its credentials are erased."""
    return await _shown(crisis, await service.close_account(crisis.db, actor, account_id))


async def _shown(crisis: Crisis, account: Account) -> AccountOut:
    async with crisis.db.transaction() as session:
        return _locked(crisis, account, await find_current(session, Mode.ACTUAL))


def _locked(crisis: Crisis, account: Account, activation: Activation | None) -> AccountOut:
    return AccountOut.of(account, lock_of(account, crisis.capabilities, locked=activation is not None), activation)
