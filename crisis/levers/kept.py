"""Kept: what was so at each platform before a lever was pulled, as it has to be given back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.levers.states import LeverState
from crisis.mode import Mode

_READ = text(
    """
    SELECT l.id, l.activation_id, l.account_id, a.channel, a.name AS account, a.unit, a.leader, coalesce(l.address, a.address) AS address, l.state, l.held_back,
           l.saved, l.found, l.error, l.attempts, l.read_at, l.pulled_at, l.restored_at
    FROM levers l JOIN accounts a ON a.id = l.account_id
    WHERE l.mode = :mode AND (CAST(:activation AS int) IS NULL OR l.activation_id = :activation)
      AND (CAST(:account AS int) IS NULL OR l.account_id = :account)
    ORDER BY l.activation_id, a.unit, a.channel, a.name
    """
)


@dataclass(frozen=True, slots=True)
class Kept:
    """One account's lever in one activation."""

    id: int
    activation_id: int
    account_id: int
    channel: str
    account: str
    unit: str
    leader: str | None
    address: str | None
    """Where that was so."""
    state: LeverState
    held_back: bool
    """Stays taken after the stand-down, until somebody gives it back to this unit."""
    saved: dict[str, Any] | None
    """As :meth:`crisis.channel_access.Access.to_json` has it; ``None`` where nothing was changed."""
    found: dict[str, Any] | None
    error: str | None
    attempts: int
    read_at: datetime | None
    """When the platform last said what is in ``found``."""
    pulled_at: datetime | None
    restored_at: datetime | None

    @property
    def is_given_back(self) -> bool:
        """Nothing is left that this service took: it was given back, or the account is not there any more."""
        return self.state is LeverState.RESTORED or (self.state is LeverState.ABSENT and self.restored_at is not None)

    def to_json(self) -> dict[str, object]:
        """All of it, with times in ISO 8601."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


async def read(
    session: AsyncSession, mode: Mode, activation_id: int | None = None, account_id: int | None = None
) -> list[Kept]:
    """The levers of a mode: of all activations or one, of all accounts or one; the oldest activation first, then by unit."""
    values = {"mode": mode.value, "activation": activation_id, "account": account_id}
    rows = (await session.execute(_READ, values)).mappings()
    return [Kept(**{**row, "state": LeverState(row["state"])}) for row in rows]
