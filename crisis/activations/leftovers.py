"""Leftovers: what of an activation is not done when it ends. Nothing of it goes out by itself."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.mode import Mode

# What came due while the gate was locked but was never taken by a sender (none was running, say) is blocked like the
# rest: standing down releases nothing by itself. So is what waits to be tried again, whenever that is: its time has come
# before. Revoking the lease of what is leased makes its sender drop it.
_BLOCK_OVERDUE = text(
    """
    UPDATE deliveries SET state = 'blocked', lease = NULL, lease_until = NULL, changed_at = now(),
           error = 'came due during the lock'
    WHERE mode = :mode AND lane = 'unit'
      AND (state = 'retry_wait' OR (state IN ('ready', 'leased') AND due_at <= now()))
    """
)
_WITHDRAW = text(
    """
    UPDATE pointers SET withdrawn_at = clock_timestamp()
    WHERE activation_id = :activation AND withdrawn_at IS NULL RETURNING id
    """
)
# What is in flight, or may be out, goes on: should it come back to be tried again, whoever writes that finds it withdrawn
# (``outbox.drop_superseded``).
_CANCEL = text(
    """
    UPDATE deliveries d SET state = 'cancelled', lease = NULL, lease_until = NULL, changed_at = now(),
           error = 'its pointer was withdrawn before it was sent'
    FROM renditions r JOIN posts p ON p.id = r.post_id
    WHERE p.pointer_id = :pointer AND d.rendition_id = r.id AND d.lane = 'public'
      AND d.state IN ('ready', 'leased', 'retry_wait')
    """
)


async def block_overdue(session: AsyncSession, mode: Mode) -> None:
    """Block what of the units' came due during the lock."""
    await session.execute(_BLOCK_OVERDUE, {"mode": mode.value})


async def withdraw_pointer(session: AsyncSession, activation_id: int) -> tuple[int, int] | None:
    """End the pointer of an activation: from here on no account can publish it, and what has not gone out never will.

    Returns its number and how many posts were cancelled; ``None`` where there is none. What is out stays.
    """
    found = (await session.execute(_WITHDRAW, {"activation": activation_id})).one_or_none()
    if found is None:
        return None
    cancelled = await session.execute(_CANCEL, {"pointer": found.id})
    return found.id, int(cancelled.rowcount)  # type: ignore[attr-defined]
