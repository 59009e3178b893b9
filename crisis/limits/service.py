"""What people do about limits: set them, name a standby, try again at once, and read how every account stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from crisis.accounts import service as accounts
from crisis.accounts.models import Account, AccountState
from crisis.accounts.service import get_account
from crisis.audit import chain
from crisis.db import Database, kick
from crisis.errors import Conflict, Invalid, NotFound
from crisis.lanes import Lane
from crisis.limits import breaker
from crisis.limits.models import AccountLimit, BreakerState, Flow, Why
from crisis.limits.ranges import out_of_range
from crisis.limits.sentences import sentence
from crisis.mode import Mode
from crisis.roles import Act, Actor, require
from crisis.said import Said
from crisis.sealing import Sealer

# What was to be tried again later; those in somebody's hands just now are being tried anyway. A few find out as well as all.
_TRY_AGAIN = text(
    """
    UPDATE deliveries SET due_at = now() WHERE id IN (
        SELECT id FROM deliveries WHERE mode = :mode AND account_id = :account AND state = 'retry_wait' AND due_at > now()
        ORDER BY due_at LIMIT 100 FOR UPDATE SKIP LOCKED)
    RETURNING lane
    """
)


@dataclass(frozen=True, slots=True)
class Limited:
    """What was set for one account."""

    account: Account
    concurrency: int | None = None
    """Calls in flight at once, of all processes together."""
    per_second: float | None = None
    standby_for: int | None = None
    """The account it carries messages for while that one's provider does not answer."""
    standby: int | None = None
    """The account that does so for this one."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An account that is not as usual now."""

    account_id: int
    channel: str
    account: str
    state: BreakerState
    why: Why | None
    """Why it is not called, while the breaker is not closed."""
    since: datetime | None
    """The first failure, while the breaker is not closed."""
    next_try_at: datetime | None
    held_until: datetime | None
    reason: str | None
    standby_id: int | None
    """The account that sends in its place now."""
    sentences: Mapping[str, str]
    """By language: nb, nn, en."""


async def get_limit(session: AsyncSession, account_id: int) -> Limited:
    """What was set for an account. Raises :class:`crisis.errors.NotFound`."""
    account = await get_account(session, account_id)
    return (await list_limits(session, account_id)).get(account_id, Limited(account))


async def list_limits(session: AsyncSession, account_id: int | None = None) -> Mapping[int, Limited]:
    """What was set for every account, or for one; none for those nothing was said about."""
    other = aliased(AccountLimit)
    rows = (
        select(Account, AccountLimit, other.account_id)
        .outerjoin(AccountLimit, AccountLimit.account_id == Account.id)
        .outerjoin(other, other.standby_for == Account.id)
        .where(AccountLimit.account_id.is_not(None) | other.account_id.is_not(None))
    )
    if account_id is not None:
        rows = rows.where(Account.id == account_id)
    return {
        account.id: Limited(account, said.concurrency, said.per_second, said.standby_for, standby)
        if said is not None
        else Limited(account, standby=standby)
        for account, said, standby in await session.execute(rows.execution_options(populate_existing=True))
    }


async def set_limit(
    db: Database, actor: Actor, account_id: int, *, concurrency: float | None, per_second: float | None
) -> Limited:
    """Set both limits of an account; ``None`` takes one away. They hold within a second, in all processes.

    Raises :class:`NotFound`, and :class:`Invalid` naming the allowed range for what is outside it.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    if problems := out_of_range(concurrency, per_second):
        raise Invalid("These limits cannot be set, and nothing was changed. Mend this:", problems)
    calls = None if concurrency is None else int(concurrency)
    async with db.transaction() as session:
        await get_account(session, account_id)
        await _write(session, account_id, concurrency=calls, per_second=per_second)
        subject = f"account:{account_id}"
        await chain.append(session, actor, "set_limit", subject, concurrency=calls, per_second=per_second)
        return await get_limit(session, account_id)


async def set_standby(db: Database, actor: Actor, account_id: int, *, standby_for: int | None) -> Limited:
    """Make an account the standby of another on the same channel; ``None``: of none, so that it sends for itself again.

    Raises :class:`NotFound`, and :class:`Conflict` where it would stand by for itself, for another channel or unit, for a
    standby, or for an account that has one, and where one of them is closed or it is not connected.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    async with db.transaction() as session:
        account, first = await _hold_pair(session, account_id, standby_for)
        if first is not None:
            await _check_pair(session, account, first)
        await _write(session, account_id, standby_for=standby_for)
        await chain.append(session, actor, "set_standby", f"account:{account_id}", standby_for=standby_for)
        return await get_limit(session, account_id)


async def connect_account(
    db: Database, actor: Actor, account_id: int, *, address: str, credentials: Mapping[str, str], sealer: Sealer
) -> Account:
    """:func:`crisis.accounts.service.connect_account`; then an open breaker finds out at once whether that has mended it."""
    account = await accounts.connect_account(
        db, actor, account_id, address=address, credentials=credentials, sealer=sealer
    )
    async with db.transaction() as session:
        await try_now(session, account_id)
    return account


async def try_now(session: AsyncSession, account_id: int) -> None:
    """Something was mended: let an open breaker find out at once, in both modes, with what was to be tried again later."""
    rows = await session.execute(
        select(Flow, func.clock_timestamp()).where(Flow.account_id == account_id).with_for_update(of=Flow)
    )
    for flow, now in rows.all():
        if flow.state is BreakerState.CLOSED:
            continue
        breaker.mended(flow, now)
        await session.flush()
        lanes = await session.scalars(_TRY_AGAIN, {"mode": flow.mode.value, "account": account_id})
        for lane in set(lanes):
            kick(session, flow.mode, Lane(lane))


async def troubles(session: AsyncSession, mode: Mode, names: Mapping[str, str] | None = None) -> Sequence[Trouble]:
    """Every account that does not answer, is waited for, or is slowed down, with the sentences for the desk.

    ``names``: what to call a channel, as it begins a sentence; without one, its own name with a capital ("Facebook").
    """
    standby, limit = aliased(Account), aliased(AccountLimit)
    rows = await session.execute(
        select(Flow, Account, standby, func.clock_timestamp())
        .join(Account, Account.id == Flow.account_id)
        .outerjoin(limit, limit.standby_for == Flow.account_id)
        .outerjoin(standby, standby.id == limit.account_id)
        .where(Flow.mode == mode, Account.state == AccountState.ACTIVE)
        .order_by(Account.channel, Account.name)
    )
    found = []
    for flow, account, other, now in rows:
        who = (names or {}).get(account.channel, account.channel.capitalize())
        texts = {
            language: sentence(
                flow, f"{who} ({account.name})", now, language=language, standby=other.name if other else None
            )
            for language in ("nb", "nn", "en")
        }
        if texts["en"]:
            found.append(
                Trouble(
                    account_id=account.id,
                    channel=account.channel,
                    account=account.name,
                    state=flow.state,
                    why=flow.why if flow.state is not BreakerState.CLOSED else None,
                    since=flow.failing_since if flow.state is not BreakerState.CLOSED else None,
                    next_try_at=flow.next_try_at,
                    held_until=flow.held_until if flow.held_until and flow.held_until > now else None,
                    reason=flow.reason,
                    standby_id=other.id if flow.diverted and other else None,
                    sentences=texts,
                )
            )
    return found


async def _hold_pair(session: AsyncSession, account_id: int, first_id: int | None) -> tuple[Account, Account | None]:
    """Both accounts, held, so that nobody pairs one of them otherwise meanwhile."""
    wanted = {account_id, first_id} - {None}
    rows = await session.scalars(select(Account).where(Account.id.in_(wanted)).order_by(Account.id).with_for_update())
    found = {row.id: row for row in rows}
    for each in wanted:
        if each not in found:
            raise NotFound("account", each, "See: crisis accounts list.")
    return found[account_id], found.get(first_id) if first_id is not None else None


async def _check_pair(session: AsyncSession, account: Account, first: Account) -> None:
    if account.id == first.id:
        raise Conflict(Said("An account cannot stand by for itself. Nothing was changed."))
    if account.channel != first.channel or account.unit != first.unit:
        raise Conflict(
            Said(
                "{account} ({channel}, {unit}) cannot stand by for {first} ({first_channel}, {first_unit}): both must be the "
                "same unit's, on the same channel. Nothing was changed.",
                account=account.name,
                channel=account.channel,
                unit=account.unit,
                first=first.name,
                first_channel=first.channel,
                first_unit=first.unit,
            )
        )
    if AccountState.CLOSED in {account.state, first.state}:
        raise Conflict(Said("One of the two accounts is closed. Nothing was changed."))
    if account.address is None:
        raise Conflict(
            Said(
                "{account} is not connected, so it could carry nothing. Connect it first. Nothing was changed.",
                account=account.name,
            )
        )
    for row in (await session.scalars(select(AccountLimit).where(AccountLimit.standby_for.is_not(None)))).all():
        if row.account_id == first.id:
            raise Conflict(
                Said(
                    "{first} is itself a standby, and has no standby of its own. Nothing was changed.", first=first.name
                )
            )
        if row.standby_for == account.id:
            raise Conflict(
                Said("{account} has a standby itself, so it cannot be one. Nothing was changed.", account=account.name)
            )
        if row.standby_for == first.id and row.account_id != account.id:
            raise Conflict(
                Said(
                    "{first} has a standby already. Take that away first: --clear. Nothing was changed.",
                    first=first.name,
                )
            )


async def _write(session: AsyncSession, account_id: int, **values: object) -> None:
    statement = insert(AccountLimit).values(account_id=account_id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=values))
