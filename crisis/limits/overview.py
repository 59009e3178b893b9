"""The overview: every account beside its lock, its limits and its trouble, and what a person must do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts import service as accounts
from crisis.accounts.locks import Lock, LockState, lock_of
from crisis.accounts.models import Account, AccountState
from crisis.channels import Capabilities
from crisis.limits import service
from crisis.limits.models import Why
from crisis.limits.service import Limited, Trouble
from crisis.mode import Mode


class Need(IntEnum):
    """What an account needs of a person, the most urgent first."""

    MEND = 1
    """Its provider refuses our credentials: give it new ones."""
    CALL = 2
    """The lock does not reach it: call whoever has it, and ask for silence."""
    WATCH = 3
    """Its provider does not answer, or has asked us to wait. It heals by itself, or does not."""
    CONNECT = 4
    """It is on a channel that this service publishes to, and is not connected."""
    NOTHING = 5
    """It is as it should be."""
    NOT_IN_USE = 6
    """It is closed, and kept for the record."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One account and how it stands in one mode."""

    account: Account
    lock: Lock
    limited: Limited
    trouble: Trouble | None
    publishable: bool
    """This service publishes to its channel, once it is connected."""

    @property
    def need(self) -> Need:
        """The most urgent thing that it needs."""
        if self.account.state is AccountState.CLOSED:
            return Need.NOT_IN_USE
        if self.trouble is not None and self.trouble.why is Why.MISCONFIGURED:
            return Need.MEND
        if self.lock.state is LockState.NOT_ENFORCEABLE:
            return Need.CALL
        if self.trouble is not None:
            return Need.WATCH
        return Need.CONNECT if self.publishable and not self.account.address else Need.NOTHING


async def read(
    session: AsyncSession,
    mode: Mode,
    channels: Mapping[str, Capabilities],
    names: Mapping[str, str],
    *,
    locked: bool,
    unit: str | None = None,
    channel: str | None = None,
) -> Sequence[Standing]:
    """Every account, or one unit's, or one channel's: what needs a person first, then by unit, channel and name.

    ``names``: what to call a channel in the sentences about trouble. ``locked``: the gate of this mode is.
    """
    rows = [row for row in await accounts.list_accounts(session, unit) if channel in {None, row.channel}]
    limited = await service.list_limits(session)
    troubles = {trouble.account_id: trouble for trouble in await service.troubles(session, mode, names)}
    found = [
        Standing(
            row,
            lock_of(row, channels, locked=locked),
            limited.get(row.id, Limited(row)),
            troubles.get(row.id),
            row.channel in channels,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: each.need)
