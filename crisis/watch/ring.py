"""Ring: something happened on an account, somebody says. It is looked at now instead of at its time; what rang proves nothing."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.mode import Mode

LEAST_SECONDS = 5.0
"""However often it rings, one account is not looked at more often than this."""

# An account that fails is left to its own pace: whoever asked us to wait is not asked again because of a callback.
_RING = text(
    """
    UPDATE watches w
    SET next_at = least(w.next_at, greatest(now(), w.looked_at + :least * interval '1 second'))
    FROM accounts x, activations a
    WHERE x.id = w.account_id AND x.channel = :channel AND x.address = ANY(:addresses) AND x.state = 'active'
      AND a.id = w.activation_id AND a.mode = :mode AND a.state <> 'stood_down' AND w.failures = 0
    """
)


async def ring(session: AsyncSession, mode: Mode, channel: str, addresses: Sequence[str]) -> int:
    """Look at these accounts now, if they are watched; return how many are."""
    values = {"mode": mode.value, "channel": channel, "addresses": list(addresses), "least": LEAST_SECONDS}
    return int((await session.execute(_RING, values)).rowcount)  # type: ignore[attr-defined]
