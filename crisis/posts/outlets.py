"""Outlets: a unit's accounts as its own editor sees them, and why nothing can be published through some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account, AccountState
from crisis.channels import Capabilities
from crisis.errors import Invalid, NotFound
from crisis.limits.models import AccountLimit
from crisis.roles import Actor, require_unit
from crisis.said import Said


@dataclass(frozen=True, slots=True)
class Outlet:
    """One account. ``problem`` says why nothing can be published there, if nothing can."""

    account: Account
    problem: Said | None
    recipients: bool
    """A post there goes to an audience."""


async def list_outlets(
    session: AsyncSession, unit: str | None, channels: Mapping[str, Capabilities]
) -> Sequence[Outlet]:
    """A unit's accounts that are in use, those that can be published through first."""
    rows = await session.execute(
        select(Account, AccountLimit)
        .outerjoin(AccountLimit, AccountLimit.account_id == Account.id)
        .where(Account.unit == unit, Account.state == AccountState.ACTIVE)
        .order_by(Account.channel, Account.name)
    )
    found = [
        Outlet(account, unusable(account, limit, channels.get(account.channel)), _has_recipients(account, channels))
        for account, limit in rows
    ]
    return sorted(found, key=lambda each: each.problem is not None)


def unusable(account: Account, limit: AccountLimit | None, channel: Capabilities | None) -> Said | None:
    """Why no unit's post can be published through an account; ``None`` where one can."""
    if channel is None or not channel.unit_posts:
        return Said(
            "This service does not publish units' posts on {channel}. Use the platform itself.", channel=account.channel
        )
    if account.state is AccountState.CLOSED:
        return Said("The account {account} is closed.", account=account.name)
    if not account.address:
        return Said(
            "The account {account} is not connected. Give its address: crisis accounts connect.", account=account.name
        )
    if limit is not None and limit.standby_for is not None:
        return Said(
            "{account} stands by for account {first} and publishes nothing of its own. Publish through that one; "
            "should it fail, this one carries the post.",
            account=account.name,
            first=limit.standby_for,
        )
    return None


def _has_recipients(account: Account, channels: Mapping[str, Capabilities]) -> bool:
    held = channels.get(account.channel)
    return held is not None and held.recipients


async def own_account(
    session: AsyncSession, actor: Actor, account_id: int, channels: Mapping[str, Capabilities], *, usable: bool = True
) -> Account:
    """An account of the actor's unit; ``usable`` unless it is only about dropping what was meant for it.

    Raises :class:`NotFound`, :class:`crisis.errors.NotAllowed` for another unit's, and :class:`Invalid` where nothing can be
    published through it.
    """
    account = (await session.scalars(select(Account).where(Account.id == account_id))).one_or_none()
    if account is None:
        raise NotFound("account", account_id)
    require_unit(actor, account.unit)
    if usable and (problem := await find_problem(session, account, channels)):
        raise Invalid(problem)
    return account


async def find_problem(session: AsyncSession, account: Account, channels: Mapping[str, Capabilities]) -> Said | None:
    """Why no unit's post can be published through an account; ``None`` where one can."""
    return unusable(account, await session.get(AccountLimit, account.id), channels.get(account.channel))
