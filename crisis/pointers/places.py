"""Places: the accounts that could carry a pointer, and how it stands on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account, AccountState
from crisis.channels import Capabilities
from crisis.deliveries.states import DeliveryState
from crisis.limits.models import AccountLimit
from crisis.posts.outlets import unusable
from crisis.said import Said

_PUBLISHED = text(
    """
    SELECT p.account_id, p.id, p.created_by, p.created_at, d.id AS delivery_id, d.state, d.error, d.url, d.changed_at
    FROM posts p JOIN renditions r ON r.post_id = p.id JOIN deliveries d ON d.rendition_id = r.id AND d.lane = 'public'
    WHERE p.pointer_id = :pointer
    """
)


@dataclass(frozen=True, slots=True)
class PointerPost:
    """The pointer as one account carries it."""

    id: int
    created_by: str
    created_at: datetime
    delivery_id: int
    state: DeliveryState
    error: str | None
    url: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """One account. ``post`` where it has published the pointer; ``problem`` where it cannot."""

    account_id: int
    channel: str
    account: str
    unit: str
    post: PointerPost | None
    problem: Said | None


async def read(
    session: AsyncSession,
    pointer_id: int,
    unit: str | None,
    capabilities: Mapping[str, Capabilities],
    *,
    channels: Sequence[str],
    editors_unit: str,
) -> list[Place]:
    """The accounts in use on these channels, of one unit or of all but the web editors' own."""
    published = {
        row.account_id: PointerPost(
            *(row.id, row.created_by, row.created_at, row.delivery_id, DeliveryState(row.state), row.error, row.url),
            since=row.changed_at,
        )
        for row in await session.execute(_PUBLISHED, {"pointer": pointer_id})
    }
    rows = await session.execute(
        select(Account, AccountLimit)
        .outerjoin(AccountLimit, AccountLimit.account_id == Account.id)
        .where(Account.channel.in_(channels), Account.state == AccountState.ACTIVE, Account.unit != editors_unit)
        .where(Account.unit == unit if unit is not None else Account.id > 0)
        .order_by(Account.unit, Account.channel, Account.name)
    )
    return [
        Place(
            *(account.id, account.channel, account.name, account.unit, published.get(account.id)),
            problem=unusable(account, limit, capabilities.get(account.channel)),
        )
        for account, limit in rows
    ]
