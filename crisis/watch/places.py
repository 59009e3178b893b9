"""Places: where each account can be looked at, with what, and why some cannot be."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account, AccountState
from crisis.channel_watch import Watch
from crisis.channels import AccountRef, Channel, ChannelError, Misconfigured
from crisis.deliveries.book import AccountOpener
from crisis.errors import Unready

FRESH_SECONDS = 10.0
"""For so long the register is not read again: an account that is connected now is watched from then."""


@dataclass(frozen=True, slots=True)
class Place:
    """One account, and the far end that it stands for."""

    account: Account
    watch: Watch | None
    """What shows what is published there; ``None`` where nothing does."""
    ref: AccountRef | None
    problem: ChannelError | None = None
    """Why it cannot be opened now."""
    has_recipients: bool = False
    """What is published there goes to somebody each: text messages."""
    shared: tuple[int, ...] = ()
    """All accounts that stand for the same far end, this one too, the lowest number first. Two may post to one page; and all of
    an exercise's sites are one."""


def watch_of(account: Account, channels: Mapping[str, Channel], feed: Watch | None) -> Watch | None:
    """What an account can be looked at with: its channel where that shows it, or else its feed. ``None``: nothing."""
    channel = channels.get(account.channel)
    if account.address and isinstance(channel, Watch):
        return channel
    return feed if account.feed_url else None


class Places:
    """The places of one mode. Credentials are opened once for all of them, and again when that is old."""

    def __init__(self, channels: Mapping[str, Channel], opener: AccountOpener, feed: Watch | None = None) -> None:
        self._channels, self._opener, self._feed = channels, opener, feed
        self._held: dict[int, Place] = {}
        self._read_at = float("-inf")

    async def read(self, session: AsyncSession) -> Mapping[int, Place]:
        """Every account in use, by number."""
        if time.monotonic() - self._read_at >= FRESH_SECONDS:
            rows = await session.scalars(select(Account).where(Account.state == AccountState.ACTIVE))
            self._held = _paired([self._place(account) for account in rows])
            self._read_at = time.monotonic()
        return self._held

    def forget(self) -> None:
        """Read the register at the next :meth:`read`, however fresh it is."""
        self._read_at = float("-inf")

    def _place(self, account: Account) -> Place:
        watch = watch_of(account, self._channels, self._feed)
        channel = self._channels.get(account.channel)
        recipients = channel is not None and channel.capabilities.recipients
        if watch is None:
            return Place(account, None, None)
        if watch is self._feed:
            return Place(account, watch, AccountRef(account.id, account.channel, account.name, account.feed_url))
        try:
            return Place(account, watch, self._opener(account), has_recipients=recipients)
        except Unready as error:
            return Place(account, watch, None, Misconfigured(str(error)))
        except ChannelError as error:
            return Place(account, watch, None, error)


def _paired(places: Sequence[Place]) -> dict[int, Place]:
    """Each with all that stand for the same far end."""
    ends: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    for place in places:
        if place.ref is not None:
            ends[place.ref.channel, place.ref.address].append(place.account.id)
    return {
        place.account.id: replace(place, shared=tuple(sorted(ends[place.ref.channel, place.ref.address])))
        if place.ref is not None
        else place
        for place in places
    }
