"""Accounts: look them up, connect them to their provider, close them, and say who answers for them."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account, AccountState
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotFound
from crisis.roles import Act, Actor, require
from crisis.said import Said
from crisis.sealing import Sealer

TEXT_MOST = 1_000  # characters of an address or a leader's name


async def list_accounts(session: AsyncSession, unit: str | None = None) -> Sequence[Account]:
    """Every account, closed ones too, or one unit's; by unit, channel and name."""
    rows = select(Account).order_by(Account.unit, Account.channel, Account.name)
    if unit is not None:
        rows = rows.where(Account.unit == unit)
    return (await session.scalars(rows)).all()


async def get_account(session: AsyncSession, account_id: int) -> Account:
    """One account. Raises :class:`NotFound`."""
    return await _get(session, account_id)


async def hold_account(session: AsyncSession, account_id: int) -> Account:
    """One account, for whoever changes it in this transaction. Raises :class:`NotFound`."""
    return await _get(session, account_id, hold=True)


async def connect_account(
    db: Database, actor: Actor, account_id: int, *, address: str, credentials: Mapping[str, str], sealer: Sealer
) -> Account:
    """Say where an account is at its provider, and with what to publish there; replaces what was said before.

    ``address`` is the provider's public id of it (see ``AccountRef.address``). ``credentials`` are sealed; the adapter's
    docstring names the keys it needs, and a channel that needs none gets ``{}``. The log names the keys, never the values.

    Raises :class:`NotFound`, :class:`Invalid`, and :class:`Conflict` for a closed account.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    address = _text("address", address)
    if "://" in address and "@" in address.partition("://")[2].partition("/")[0]:
        raise Invalid(Said("The address holds a user name or a password. Give those among the credentials."))
    sealed = None
    if credentials:
        sealed = sealer.seal(json.dumps(dict(credentials), sort_keys=True), f"account:{account_id}".encode())
    async with db.transaction() as session:
        account = await hold_account(session, account_id)
        check_active(account)
        account.address, account.credentials = address, sealed
        subject = f"account:{account_id}"
        await chain.append(session, actor, "connect_account", subject, address=address, credentials=sorted(credentials))
    return account


async def close_account(db: Database, actor: Actor, account_id: int) -> Account:
    """Take an account out of use. It stays on record; its credentials are erased.

    Raises :class:`NotFound`, or :class:`Conflict` if it was closed already.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    async with db.transaction() as session:
        account = await hold_account(session, account_id)
        check_active(account)
        account.state, account.credentials, account.admin_credentials = AccountState.CLOSED, None, None
        await chain.append(session, actor, "close_account", f"account:{account_id}")
    return account


async def set_leader(db: Database, actor: Actor, account_id: int, leader: str | None) -> Account:
    """Say who answers for an account (the unit's leader), or with ``None`` that nobody is named. Raises :class:`NotFound`."""
    require(actor, Act.MANAGE_ACCOUNTS)
    leader = None if leader is None else _text("leader", leader)
    async with db.transaction() as session:
        account = await hold_account(session, account_id)
        before, account.leader = account.leader, leader
        await chain.append(session, actor, "set_leader", f"account:{account_id}", leader=leader, before=before)
    return account


async def _get(session: AsyncSession, account_id: int, *, hold: bool = False) -> Account:
    account = await session.get(Account, account_id, with_for_update=hold or None)
    if account is None:
        raise NotFound("account", account_id, "See: crisis accounts list.")
    return account


def check_active(account: Account) -> None:
    """Raise :class:`Conflict` for a closed account."""
    if account.state is AccountState.CLOSED:
        raise Conflict(
            Said(
                "The {channel} account {account} ({unit}) is closed. Nothing was changed.",
                channel=account.channel,
                account=account.name,
                unit=account.unit,
            )
        )


def _text(what: str, value: str) -> str:
    value = " ".join(value.split())
    if not 0 < len(value) <= TEXT_MOST or not value.isprintable():
        raise Invalid(
            Said(
                "The {what} must have 1 to {most:,} printable characters. Nothing was changed.",
                what=what,
                most=TEXT_MOST,
            )
        )
    return value
