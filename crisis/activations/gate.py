"""The gate and its permits: the only place that decides whether a unit's post may start.

The protocol, in READ COMMITTED, one advisory lock per mode::

    sender     lock shared, as a statement of its own;
               insert the permit only if the gate is open, move the delivery to in_flight;
               COMMIT; only then call the provider; close the permit with the outcome.
    activate   lock exclusive; gate locked, epoch + 1; COMMIT.
    drain      wait until no permit is open (``drain.py``).

Why two statements: a statement's snapshot is taken when it begins. A statement that takes the lock *and* reads the gate reads
the gate as it was before it waited for the lock, and lets a post through after the activation has committed. The tests keep
that variant, and three others, as mutants.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.holders import Holder
from crisis.mode import Mode

_LOCK_CLASS = 0x43524953  # "CRIS", so that other users of the database's advisory locks do not meet ours
_LOCK = {Mode.ACTUAL: 1, Mode.EXERCISE: 2}

_SHARED = text("SELECT pg_advisory_xact_lock_shared(:class, :mode)")
_EXCLUSIVE = text("SELECT pg_advisory_xact_lock(:class, :mode)")
_OPEN = text(
    """
    INSERT INTO permits (mode, delivery_id, epoch, host, pid, pid_started)
    SELECT gate.mode, wanted.id, gate.epoch, :host, :pid, :pid_started
    FROM gate, unnest(CAST(:deliveries AS bigint[])) AS wanted (id)
    WHERE gate.mode = :mode AND gate.state = 'open'
    RETURNING delivery_id
    """
)
_CLOSE = text(
    """
    UPDATE permits SET closed_at = clock_timestamp(), outcome = ended.outcome
    FROM unnest(CAST(:deliveries AS bigint[]), CAST(:outcomes AS text[])) AS ended (delivery_id, outcome)
    WHERE permits.delivery_id = ended.delivery_id AND permits.closed_at IS NULL
      AND permits.host = :host AND permits.pid = :pid AND permits.pid_started = :pid_started
    """
)
_HOLDER = text("SELECT host, pid, pid_started FROM permits WHERE delivery_id = :delivery AND closed_at IS NULL LIMIT 1")
_STATE = text("SELECT state FROM gate WHERE mode = :mode")


async def share(session: AsyncSession, mode: Mode) -> None:
    """First half of a permit: wait until no activation of this mode is being committed, and hold the next one off."""
    await session.execute(_SHARED, {"class": _LOCK_CLASS, "mode": _LOCK[mode]})


async def exclude(session: AsyncSession, mode: Mode) -> None:
    """First half of changing the gate: wait for the permits being committed now; they are short."""
    await session.execute(_EXCLUSIVE, {"class": _LOCK_CLASS, "mode": _LOCK[mode]})


async def open_permits(session: AsyncSession, mode: Mode, deliveries: Sequence[int], holder: Holder) -> set[int]:
    """Second half of a permit, after :func:`share` in the same transaction: a permit for each delivery, or none for any.

    Returns the deliveries that may start once this transaction has committed. The others met a locked gate.
    """
    rows = await session.execute(
        _OPEN.bindparams(bindparam("deliveries", list(deliveries))), {"mode": mode.value, **_who(holder)}
    )
    return set(rows.scalars())


async def close_permits(session: AsyncSession, outcomes: dict[int, str], holder: Holder) -> None:
    """The holder's own end of its permits: each delivery with the state it came to."""
    if outcomes:
        ended = {"deliveries": list(outcomes), "outcomes": list(outcomes.values())}
        await session.execute(_CLOSE, ended | _who(holder))


async def holder_of(session: AsyncSession, delivery_id: int) -> Holder | None:
    """Who has an open permit for a delivery, and so may be calling, or begin: whatever its state says by now."""
    row = (await session.execute(_HOLDER, {"delivery": delivery_id})).one_or_none()
    return None if row is None else Holder(row.host, row.pid, row.pid_started)


async def is_locked(session: AsyncSession, mode: Mode) -> bool:
    """What the gate says at this moment. For showing and for early answers; only a permit decides."""
    return bool((await session.execute(_STATE, {"mode": mode.value})).scalar_one() == "locked")


def _who(holder: Holder) -> dict[str, str | int]:
    return {"host": holder.host, "pid": holder.pid, "pid_started": holder.pid_started}
