"""The lock: the hold an activation has on an account.

The gate is one row and holds every account at once; this module says, account by account, what that hold is worth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crisis.accounts.models import Account
from crisis.channels import Capabilities


class LockState(StrEnum):
    """How well an account is held. One word for each, and honest.

    The gate alone gives the first three: see :func:`lock_of`. What each of the others takes as evidence is in
    :mod:`crisis.locks.proof`.
    """

    OPEN = "open"
    """No activation; its unit publishes as usual."""
    HELD = "held"
    """Its publishing through this service is stopped at the gate."""
    NOT_ENFORCEABLE = "not_enforceable"
    """Cannot be enforced: this service does not publish there, or is not connected, and nothing of ours stops a post."""
    ACCESS_REVOKED = "access_revoked"
    """The lever was pulled at the platform, and reading back shows nobody but this service who can publish."""
    INSTRUCTED = "instructed"
    """Its people were told not to publish. Nobody has answered yet."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody who answers for it has said, by name, that nothing will be published."""
    BREACHED = "breached"
    """A post that is not ours came out there during the lock, and nobody has dealt with it yet."""
    RESTORED = "restored"
    """The activation is over, and what was taken has been given back."""


WORDS = {
    LockState.OPEN: "open",
    LockState.HELD: "held here",
    LockState.NOT_ENFORCEABLE: "cannot be enforced here",
    LockState.ACCESS_REVOKED: "access revoked",
    LockState.INSTRUCTED: "instructed",
    LockState.ACKNOWLEDGED: "acknowledged",
    LockState.BREACHED: "breached",
    LockState.RESTORED: "restored",
}


@dataclass(frozen=True, slots=True)
class Lock:
    """One account's lock, with the words to show."""

    account_id: int
    state: LockState
    is_enforceable: bool
    """Whether what the unit publishes there goes through this service, so that a lock would stop it. Nothing of ours stops
    what is posted in the platform's own app."""

    @property
    def words(self) -> str:
        """Such as ``held here``."""
        return WORDS[self.state]


def is_enforceable(channel: str, address: str | None, channels: Mapping[str, Capabilities]) -> bool:
    """Whether what a unit publishes there goes through this service: :attr:`Lock.is_enforceable`."""
    return channel in channels and bool(address)


def lock_of(account: Account, channels: Mapping[str, Capabilities], *, locked: bool) -> Lock:
    """The lock on one account while the gate is locked or open."""
    enforceable = is_enforceable(account.channel, account.address, channels)
    if not locked:
        return Lock(account.id, LockState.OPEN, enforceable)
    return Lock(account.id, LockState.HELD if enforceable else LockState.NOT_ENFORCEABLE, enforceable)
