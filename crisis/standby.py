"""The standby: one process beside each worker that watches the sweep's clock, and does the work itself when it stops.

It also drains on its own host, always: a sender that does not answer can be killed, and proved dead, only from there. And it
sees to all that an activation asks for behind the gate (:mod:`crisis.locks.securer`), always.

Redis gone, beat dead, or a worker that fell silent after a reconnect: all look the same from the database, as a mode that has
not been swept for a while. Then the standby sweeps and delivers by itself, slower and in one process, until the others are
back. It needs PostgreSQL and nothing else.
"""

import asyncio
import logging
import os

from sqlalchemy.exc import DBAPIError

from crisis.bootstrap import SENDER_IDLE_SECONDS, database_of, engine_for, securer_for
from crisis.broker import bell_of
from crisis.db import no_bell
from crisis.deliveries import sweep
from crisis.deliveries.engine import Engine
from crisis.errors import CrisisError
from crisis.settings import Settings

log = logging.getLogger(__name__)

LATE = 3.0
"""Sweeps that may be missed before the standby takes over."""


async def stand_by(settings: Settings) -> None:
    """Watch: for ever, or while the worker lives that started this, since the next one brings its own.

    An error is logged and the watch goes on: this is the last one left.
    """
    bell = bell_of(settings) if settings.redis_url else no_bell
    db = database_of(settings, bell=bell, idle_seconds=SENDER_IDLE_SECONDS)
    engine = engine_for(settings.worker_mode, settings, db)
    securing = asyncio.create_task(securer_for(settings.worker_mode, settings, db, channels=engine.channels).run())
    try:
        await _watch(settings, engine)
    finally:
        securing.cancel()


async def _watch(settings: Settings, engine: Engine) -> None:
    while settings.standby_of in {None, os.getppid()}:
        await asyncio.sleep(settings.sweep_seconds)
        try:
            await sweep.go_on_draining(engine.db, settings.worker_mode, settings.drain_seconds)
            await step(engine, settings.sweep_seconds * LATE)
        except (DBAPIError, OSError, CrisisError) as error:
            log.warning("The standby could not look: %s", error)


async def step(engine: Engine, late_seconds: float) -> bool:
    """Take over if the mode was not swept for ``late_seconds``; return whether it did."""
    async with engine.db.transaction() as session:
        behind = await sweep.age(session, engine.mode)
    if behind < late_seconds:
        return False
    log.warning(
        "%s was not swept for %.0f s: broker, beat or worker is away. The standby does the work.", engine.mode, behind
    )
    await engine.sweep_and_deliver()
    return True
