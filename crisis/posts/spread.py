"""Spread: when each of the posts goes out that were blocked and are published after all.

When a lock is opened, a whole municipality has something to say at once. Whoever follows the library gets its ten old posts
with air between them, and the platforms see no flood from one sender. Everybody who publishes takes the next free moment, so
that two who press at once share it out, and what is taken back gives its moment free again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.mode import Mode

OF_ONE_ACCOUNT: Final = timedelta(minutes=2)
"""At least so long between two of one account's."""
OF_ALL: Final = timedelta(seconds=10)
"""And between any two of the municipality's."""

_LOCK_CLASS = 0x53505244  # "SPRD": apart from the gate's
_LOCK = {Mode.ACTUAL: 1, Mode.EXERCISE: 2}
_ALONE = text("SELECT pg_advisory_xact_lock(:class, :mode)")
# By the database's clock, and no other: it is what says that a post is due.
_TAKEN = text(
    """
    SELECT p.account_id, p.release_at FROM posts p
    WHERE p.mode = :mode AND p.release_at > now() - CAST(:longest AS interval)
      AND EXISTS (SELECT 1 FROM renditions r JOIN deliveries d ON d.rendition_id = r.id
                  WHERE r.post_id = p.id AND d.state NOT IN ('blocked', 'cancelled'))
    """
)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a post of an account goes out, or went."""

    account_id: int
    at: datetime


def free(now: datetime, accounts: Sequence[int], taken: Sequence[Moment]) -> list[datetime]:
    """The first free moment from ``now`` on for a post of each of ``accounts``, in this order. The first may be ``now`` itself."""
    held, found = list(taken), list[datetime]()
    for account in accounts:
        at = now
        while (later := _after(at, account, held)) is not None:
            at = later
        held.append(Moment(account, at))
        found.append(at)
    return found


async def take(session: AsyncSession, mode: Mode, now: datetime, accounts: Sequence[int]) -> list[datetime]:
    """The same beside what others have taken. Nobody else takes any before this transaction has ended.

    The caller writes them into ``posts.release_at``.
    """
    await session.execute(_ALONE, {"class": _LOCK_CLASS, "mode": _LOCK[mode]})
    rows = await session.execute(_TAKEN, {"mode": mode.value, "longest": OF_ONE_ACCOUNT})
    return free(now, accounts, [Moment(row.account_id, row.release_at) for row in rows])


def _after(at: datetime, account: int, held: Sequence[Moment]) -> datetime | None:
    """The end of what stands in the way of a post of this account then; ``None`` where nothing does."""
    ends = [each.at + _gap(each, account) for each in held if abs(at - each.at) < _gap(each, account)]
    return max(ends, default=None)


def _gap(other: Moment, account: int) -> timedelta:
    return OF_ONE_ACCOUNT if other.account_id == account else OF_ALL
