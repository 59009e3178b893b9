"""What people do about limits: set them, name a standby, try again at once, and read how every account stands."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from crisis.accounts.models import Account, AccountState
from crisis.accounts.service import get_account
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, Invalid
from crisis.limits import breaker
from crisis.limits.models import (
    CONCURRENCY_MOST,
    PER_SECOND_LEAST,
    PER_SECOND_MOST,
    AccountLimit,
    BreakerState,
    Flow,
)
from crisis.limits.sentences import sentence
from crisis.mode import Mode
from crisis.roles import Act, Actor, require


@dataclass(frozen=True, slots=True)
class Limited:
    """What was set for one account."""

    account: Account
    concurrency: int | None
    per_second: float | None
    standby_for: int | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """An account that is not as usual now."""

    account_id: int
    channel: str
    account: str
    state: BreakerState
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
    row = await session.get(AccountLimit, account_id)
    if row is None:
        return Limited(account, None, None, None)
    return Limited(account, row.concurrency, row.per_second, row.standby_for)


async def set_limit(
    db: Database, actor: Actor, account_id: int, *, concurrency: float | None, per_second: float | None
) -> Limited:
    """Set both limits of an account; ``None`` takes one away. They hold within a second, in all processes.

    Raises :class:`NotFound`, and :class:`Invalid` naming the allowed range for what is outside it.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    problems = []
    if concurrency is not None and not (concurrency == concurrency // 1 and 1 <= concurrency <= CONCURRENCY_MOST):
        problems.append(f"concurrency must be a whole number from 1 to {CONCURRENCY_MOST:,}, not {concurrency:g}")
    if per_second is not None and not PER_SECOND_LEAST <= per_second <= PER_SECOND_MOST:
        problems.append(f"per_second must be from {PER_SECOND_LEAST:g} to {PER_SECOND_MOST:,.0f}, not {per_second:g}")
    if problems:
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
    standby, or for an account that has one.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    async with db.transaction() as session:
        account = await get_account(session, account_id)
        if standby_for is not None:
            await _check_pair(session, account, await get_account(session, standby_for))
        await _write(session, account_id, standby_for=standby_for)
        await chain.append(session, actor, "set_standby", f"account:{account_id}", standby_for=standby_for)
        return await get_limit(session, account_id)


async def try_now(session: AsyncSession, account_id: int) -> None:
    """Something was mended: let an open breaker find out at once, in both modes. Say so after connecting an account."""
    rows = await session.execute(
        select(Flow, func.clock_timestamp()).where(Flow.account_id == account_id).with_for_update(of=Flow)
    )
    for flow, now in rows:
        if flow.state is not BreakerState.CLOSED:
            breaker.mended(flow, now)


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
                    since=flow.failing_since if flow.state is not BreakerState.CLOSED else None,
                    next_try_at=flow.next_try_at,
                    held_until=flow.held_until if flow.held_until and flow.held_until > now else None,
                    reason=flow.reason,
                    standby_id=other.id if flow.diverted and other else None,
                    sentences=texts,
                )
            )
    return found


async def _check_pair(session: AsyncSession, account: Account, first: Account) -> None:
    if account.id == first.id:
        raise Conflict("An account cannot stand by for itself. Nothing was changed.")
    if account.channel != first.channel or account.unit != first.unit:
        raise Conflict(
            f"{account.name} ({account.channel}, {account.unit}) cannot stand by for {first.name} ({first.channel}, "
            f"{first.unit}): both must be the same unit's, on the same channel. Nothing was changed."
        )
    if AccountState.CLOSED in {account.state, first.state}:
        raise Conflict("One of the two accounts is closed. Nothing was changed.")
    for row in (await session.scalars(select(AccountLimit).where(AccountLimit.standby_for.is_not(None)))).all():
        if row.account_id == first.id:
            raise Conflict(f"{first.name} is itself a standby, and has no standby of its own. Nothing was changed.")
        if row.standby_for == account.id:
            raise Conflict(f"{account.name} has a standby itself, so it cannot be one. Nothing was changed.")
        if row.standby_for == first.id and row.account_id != account.id:
            raise Conflict(f"{first.name} has a standby already. Take that away first: --clear. Nothing was changed.")


async def _write(session: AsyncSession, account_id: int, **values: object) -> None:
    statement = insert(AccountLimit).values(account_id=account_id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=values))


def read_number(said: str, what: str) -> float:
    """A number as people write it, for the doors. Raises :class:`Invalid` for words, NaN and infinity."""
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid(f"{what} must be a number, not {said[:40]!r}. Nothing was changed.")
    return number
