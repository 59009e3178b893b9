"""The lock: the hold an activation has on an account.

The gate is one row and holds every account at once; this module says, account by account, what that hold is worth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crisis.accounts.models import Account
from crisis.channels import Capabilities


class LockState(StrEnum):
    """What the lock does to one account, honestly."""

    OPEN = "open"  # no activation; the unit publishes as usual
    HELD = "held"  # its publishing through this service is stopped at the gate
    NOT_ENFORCEABLE = (
        "not_enforceable"  # in the register, but this service does not publish there, or is not connected to it
    )


WORDS = {
    LockState.OPEN: "open",
    LockState.HELD: "held here",
    LockState.NOT_ENFORCEABLE: "cannot be enforced here",
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


def lock_of(account: Account, channels: Mapping[str, Capabilities], *, locked: bool) -> Lock:
    """The lock on one account while the gate is locked or open."""
    enforceable = account.channel in channels and bool(account.address)
    if not locked:
        return Lock(account.id, LockState.OPEN, enforceable)
    return Lock(account.id, LockState.HELD if enforceable else LockState.NOT_ENFORCEABLE, enforceable)
