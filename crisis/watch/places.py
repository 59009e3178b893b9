"""Places: where each account is looked at, through what, and why some cannot be."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account, AccountState
from crisis.channel_watch import Watch
from crisis.channels import AccountRef, Channel, ChannelError, Misconfigured
from crisis.deliveries.book import AccountOpener
from crisis.errors import Unready

T = TypeVar("T")

FRESH_SECONDS = 10.0
"""For so long the register is not read again: an account that is connected now is watched from then."""


@dataclass(frozen=True, slots=True)
class Place(Generic[T]):
    """One account, and the far end that it stands for."""

    account: Account
    through: T | None
    """What shows what is there; ``None`` where nothing does."""
    ref: AccountRef | None = None
    problem: ChannelError | None = None
    """Why it cannot be opened now."""
    shared: tuple[int, ...] = ()
    """All accounts that stand for the same far end, this one too, the lowest number first. Two may post to one page; and all of
    an exercise's sites are one."""

    @property
    def first(self) -> int:
        """The account that what is found there is written down for, whichever of them was looked at."""
        return min(self.shared, default=self.account.id)


def watch_of(account: Account, channels: Mapping[str, Channel], feed: Watch | None) -> Watch | None:
    """What an account can be looked at with: its channel where that shows it, or else its feed. ``None``: nothing."""
    channel = channels.get(account.channel)
    if account.address and isinstance(channel, Watch):
        return channel
    return feed if account.feed_url else None


class Places(Generic[T]):
    """The places of one mode. Credentials are opened once for all of them, and again when that is old."""

    def __init__(self, through: Callable[[Account], T | None], opener: AccountOpener) -> None:
        self._through, self._opener = through, opener
        self._held: dict[int, Place[T]] = {}
        self._read_at = float("-inf")

    async def read(self, session: AsyncSession) -> Mapping[int, Place[T]]:
        """Every account in use, by number."""
        if time.monotonic() - self._read_at >= FRESH_SECONDS:
            rows = await session.scalars(select(Account).where(Account.state == AccountState.ACTIVE))
            self._held = _paired([self._place(account) for account in rows])
            self._read_at = time.monotonic()
        return self._held

    def forget(self) -> None:
        """Read the register at the next :meth:`read`, however fresh it is."""
        self._read_at = float("-inf")

    def _place(self, account: Account) -> Place[T]:
        through = self._through(account)
        if through is None:
            return Place(account, None)
        try:
            return Place(account, through, self._opener(account))
        except Unready as error:
            return Place(account, through, problem=Misconfigured(str(error)))
        except ChannelError as error:
            return Place(account, through, problem=error)


def _paired(places: Sequence[Place[T]]) -> dict[int, Place[T]]:
    """Each with all that stand for the same far end."""
    ends: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    for place in places:
        if place.ref is not None:
            ends[place.ref.channel, place.ref.address].append(place.account.id)
    return {
        place.account.id: place
        if place.ref is None
        else replace(place, shared=tuple(sorted(ends[place.ref.channel, place.ref.address])))
        for place in places
    }
