"""The sweep: finds what the bell missed and what dead senders left, every few seconds, from the database alone.

It needs no Redis and no memory. Running it twice at once, or never for an hour, loses nothing.

Runbook: if deliveries stay at *ready* past their time, no worker serves their mode, or beat is not running: ``crisis doctor``
says which. Everything else mends itself here.
"""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import drain, service
from crisis.activations.states import ActivationState
from crisis.channels import Channel
from crisis.db import Database, kick
from crisis.deliveries import looks, promises, receipts, withdrawer
from crisis.deliveries.frailty import SET_ASIDE
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import PROMISE_WARNING_SECONDS

NO_CHANNELS: Mapping[str, Channel] = MappingProxyType({})
# Its sender has gone. A row that was in the hands of several that went is set aside before it ends more of them.
_RETURN = text(
    f"""
    UPDATE deliveries SET state = CASE WHEN crashes + 1 < {SET_ASIDE} THEN 'ready' ELSE 'unknown_final' END,
           error = CASE WHEN crashes + 1 < {SET_ASIDE} THEN error ELSE
               'Its sender was lost {SET_ASIDE} times while it held this. It was not sent the last time. Check, then decide.' END,
           crashes = least(crashes + 1, 1000), lease = NULL, lease_until = NULL, changed_at = now()
    WHERE mode = :mode AND state = 'leased' AND lease_until < now()
    """  # noqa: S608 - our own words
)
# The sender is dead or silent. Its permit stays open: only proof of its death closes a permit.
_DOUBT = text(
    """
    WITH silent AS (
        UPDATE deliveries SET state = 'unknown', lease = NULL, lease_until = NULL, due_at = now(), changed_at = now(),
               crashes = least(crashes + 1, 1000), error = 'the sender was lost during the call'
        WHERE mode = :mode AND state = 'in_flight' AND lease_until < now()
        RETURNING id, attempts, started_at
    ), tried AS (
        INSERT INTO attempts (delivery_id, number, started_at, outcome, detail)
        SELECT id, attempts, started_at, 'unknown', 'the sender was lost during the call' FROM silent
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM silent
    """
)
_BURY = text(
    """
    UPDATE deliveries SET state = 'dead', lease = NULL, lease_until = NULL, changed_at = now(),
           error = 'too late to send: its validity has passed'
    WHERE mode = :mode AND state IN ('ready', 'retry_wait') AND deadline_at <= now()
    """
)
_SWEPT = text("UPDATE sweeps SET swept_at = clock_timestamp() WHERE mode = :mode")
_AGE = text("SELECT extract(epoch FROM clock_timestamp() - swept_at) FROM sweeps WHERE mode = :mode")
_DUE = text(
    """
    SELECT served.lane FROM unnest(CAST(:lanes AS text[])) AS served (lane)
    WHERE EXISTS (SELECT 1 FROM deliveries d WHERE d.mode = :mode AND d.lane = served.lane
                  AND d.state IN ('ready', 'retry_wait') AND d.due_at <= now())
       OR EXISTS (SELECT 1 FROM deliveries d WHERE d.mode = :mode AND d.lane = served.lane
                  AND d.state = 'unknown' AND d.due_at <= now() AND (d.lease_until IS NULL OR d.lease_until < now()))
    """
)


async def sweep(
    db: Database,
    mode: Mode,
    *,
    drain_seconds: float,
    channels: Mapping[str, Channel] = NO_CHANNELS,
    promise_warning_seconds: float = PROMISE_WARNING_SECONDS,
) -> Counter[str]:
    """One pass over a mode. Returns what was done: ``returned``, ``doubted``, ``buried``, ``receipts``, ``looks`` (planned,
    at posts of these ``channels``), ``warned`` and ``missed`` (promised updates) and ``kicked``.
    """
    done: Counter[str] = Counter()
    one = {"mode": mode.value}
    async with db.transaction() as session:
        done["returned"] = (await session.execute(_RETURN, one)).rowcount  # type: ignore[attr-defined]
        done["buried"] = (await session.execute(_BURY, one)).rowcount  # type: ignore[attr-defined]
        done["doubted"] = (await session.execute(_DOUBT, one)).scalar_one()
        done["receipts"] = await receipts.apply_waiting(session, mode)
        if channels:
            done["looks"] = await looks.plan(session, mode, channels)
    await go_on_draining(db, mode, drain_seconds)
    done["warned"], done["missed"] = await promises.watch(db, mode, promise_warning_seconds)
    async with db.transaction() as session:
        for lane in await due_lanes(session, mode):
            kick(session, mode, lane)
            done["kicked"] += 1
        await session.execute(_SWEPT, one)
    return done


async def due_lanes(session: AsyncSession, mode: Mode) -> list[Lane]:
    """The lanes of a mode that have something to send, to look into, to look at or to take down now."""
    values = {"mode": mode.value, "lanes": [lane.value for lane in Lane]}
    due = {Lane(lane) for lane in (await session.execute(_DUE, values)).scalars()}
    if await looks.is_due(session, mode) or await withdrawer.is_due(session, mode):
        due.add(Lane.PUBLIC)
    return [lane for lane in Lane if lane in due]


async def age(session: AsyncSession, mode: Mode) -> float:
    """Seconds since this mode was last swept."""
    return float((await session.execute(_AGE, {"mode": mode.value})).scalar_one())


async def go_on_draining(db: Database, mode: Mode, drain_seconds: float) -> None:
    """Go on with a drain whose process has gone, and clear the permits of the dead in peace too.

    Only a process on the holder's own host can prove it dead or kill it, so every host has one that does this.
    """
    async with db.transaction() as session:
        activation = await service.find_current(session, mode)
        permits = await drain.open_permits(session, mode)
    await drain.take_from_dead(db, permits)
    if activation is not None and activation.state is ActivationState.LOCKING:
        await drain.step(db, activation.id, drain_seconds)
