"""Accounts: the register, connections, the lock on each account, its limits, and how it stands."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import TheCrisis, Who
from api.documented import csv_body, problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.accounts import (
    AccessOut,
    AccountOut,
    Administration,
    Connection,
    LeaderIn,
    LimitIn,
    LimitOut,
    RegisterReport,
    StandbyIn,
    TroubleOut,
    Watching,
)
from api.v1.schemas.shape import Id
from crisis.accounts import administration, register, service
from crisis.accounts.locks import lock_of
from crisis.accounts.models import Account
from crisis.activations.models import Activation
from crisis.activations.service import find_current
from crisis.bootstrap import Crisis, outside_of
from crisis.levers import service as levers
from crisis.limits import service as limits
from crisis.limits.service import Limited
from crisis.locks import board
from crisis.locks.proof import Proof
from crisis.locks.reading import Around
from crisis.messages.rendered import CHANNEL_NAMES
from crisis.mode import Mode
from crisis.roles import Act, require

router = APIRouter(prefix="/accounts", tags=["accounts"], route_class=Door, responses=problems(404, 409))
OfMode = Annotated[Mode, Query(description="Whose lock: an exercise has its own.")]
REGISTER = csv_body(
    "The register: `channel,name,unit,opened_on,what,why,audience`, and if you like `leader`, `address`, `feed_url` and `only_here`. UTF-8.",
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
        limited = await limits.list_limits(session)
        activation = await find_current(session, mode)
        proofs = await board.proofs(session, activation, Around(crisis.settings, crisis.capabilities), unit=unit)
    return at.cut(
        rows,
        lambda row: _locked(crisis, limited.get(row.id, Limited(row)), activation, proofs.get(row.id)),
        lambda row: row.id,
    )


@router.get("/troubles", summary="Accounts that are not as usual now")
async def list_troubles(crisis: TheCrisis, _: Who, mode: OfMode = Mode.ACTUAL) -> list[TroubleOut]:
    """Those whose provider does not answer, has asked us to wait, or takes less than usual. Empty when all is well."""
    async with crisis.db.transaction() as session:
        found = await limits.troubles(session, mode, CHANNEL_NAMES)
    return [TroubleOut.model_validate(trouble) for trouble in found]


@router.get("/{account_id}", summary="One account, with its lock")
async def get(account_id: Id, crisis: TheCrisis, _: Who, mode: OfMode = Mode.ACTUAL) -> AccountOut:
    """``lock.words`` says what the lock is worth on this account."""
    async with crisis.db.transaction() as session:
        return await _proved(crisis, session, await limits.get_limit(session, account_id), mode)


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
    """Replaces what was said before. Credentials are sealed, and never given back. A provider that refused the old ones is
    tried again at once.
    """
    account = await limits.connect_account(
        crisis.db,
        actor,
        account_id,
        address=connection.address,
        credentials={name: value.get_secret_value() for name, value in connection.credentials.items()},
        sealer=crisis.credentials,
    )
    return await _shown(crisis, account)


@router.put("/{account_id}/administration", summary="Say with what an account is locked at its platform")
async def administer(account_id: Id, wanted: Administration, crisis: TheCrisis, actor: Who) -> AccountOut:
    """Replaces what was said before. Credentials are sealed, and never given back."""
    given = {name: value.get_secret_value() for name, value in wanted.credentials.items()}
    done = await administration.administer_account(
        crisis.db, actor, account_id, credentials=given, sealer=crisis.credentials
    )
    return await _shown(crisis, done)


@router.post("/{account_id}/try-lever", summary="See whom a lock would cut off at the platform")
async def try_lever(account_id: Id, crisis: TheCrisis, actor: Who) -> AccessOut:
    """Asks the platform who can publish there beside this service, and changes nothing."""
    return AccessOut.model_validate(await levers.look(crisis.db, actor, account_id, outside_of(crisis.settings)))


@router.put("/{account_id}/watching", summary="Say where an account can be watched")
async def set_watching(account_id: Id, wanted: Watching, crisis: TheCrisis, actor: Who) -> AccountOut:
    """Replaces what was said before."""
    done = await administration.set_watching(
        crisis.db, actor, account_id, feed_url=wanted.feed_url, only_here=wanted.only_here
    )
    return await _shown(crisis, done)


@router.put("/{account_id}/leader", summary="Say who answers for an account")
async def set_leader(account_id: Id, wanted: LeaderIn, crisis: TheCrisis, actor: Who) -> AccountOut:
    """Null: nobody is named."""
    return await _shown(crisis, await service.set_leader(crisis.db, actor, account_id, wanted.leader))


@router.post("/{account_id}/close", summary="Take an account out of use")
async def close(account_id: Id, crisis: TheCrisis, actor: Who) -> AccountOut:
    """It stays on record; its credentials are erased."""
    return await _shown(crisis, await service.close_account(crisis.db, actor, account_id))


@router.get("/{account_id}/limit", summary="How fast an account may go")
async def get_limit(account_id: Id, crisis: TheCrisis, _: Who) -> LimitOut:
    """Null: as fast as its provider takes it."""
    async with crisis.db.transaction() as session:
        return LimitOut.model_validate(await limits.get_limit(session, account_id))


@router.put("/{account_id}/limit", summary="Say how fast an account may go")
async def set_limit(account_id: Id, wanted: LimitIn, crisis: TheCrisis, actor: Who) -> LimitOut:
    """Replaces both limits. They hold within a second, in all processes."""
    done = await limits.set_limit(
        crisis.db, actor, account_id, concurrency=wanted.concurrency, per_second=wanted.per_second
    )
    return LimitOut.model_validate(done)


@router.put("/{account_id}/standby", summary="Let an account stand by for another")
async def set_standby(account_id: Id, wanted: StandbyIn, crisis: TheCrisis, actor: Who) -> AccountOut:
    """It carries the other's messages while that one's provider does not answer, and gets none of its own. Both must be the
    same unit's, on the same channel.
    """
    done = await limits.set_standby(crisis.db, actor, account_id, standby_for=wanted.standby_for)
    return await _shown(crisis, done.account)


@router.delete("/{account_id}/standby", summary="Let an account stand by for nobody")
async def clear_standby(account_id: Id, crisis: TheCrisis, actor: Who) -> AccountOut:
    """It sends for itself again."""
    return await _shown(crisis, (await limits.set_standby(crisis.db, actor, account_id, standby_for=None)).account)


async def _shown(crisis: Crisis, account: Account) -> AccountOut:
    async with crisis.db.transaction() as session:
        return await _proved(crisis, session, await limits.get_limit(session, account.id), Mode.ACTUAL)


async def _proved(crisis: Crisis, session: AsyncSession, limited: Limited, mode: Mode) -> AccountOut:
    activation, account = await find_current(session, mode), limited.account
    around = Around(crisis.settings, crisis.capabilities)
    proofs = await board.proofs(session, activation, around, unit=account.unit)
    return _locked(crisis, limited, activation, proofs.get(account.id))


def _locked(crisis: Crisis, limited: Limited, activation: Activation | None, proof: Proof | None = None) -> AccountOut:
    """While an activation is in force, what its lock is worth; for an account that is closed, what the gate does."""
    lock = proof or lock_of(limited.account, crisis.capabilities, locked=activation is not None)
    return AccountOut.of(limited, lock, activation)
