"""Engines: what sends, on a database."""

from adapters import CHANNELS
from crisis.bootstrap.openers import openers_for
from crisis.bootstrap.outlets import channels_for
from crisis.db import Bell, Database, no_bell
from crisis.deliveries.engine import Engine
from crisis.deliveries.pace import Pace
from crisis.errors import Invalid, Unready
from crisis.lanes import Lane
from crisis.limits.pace import Ceiling
from crisis.limits.ranges import out_of_range
from crisis.mode import Mode
from crisis.settings import Settings

SENDER_IDLE_SECONDS = 5.0
"""How long a sender may leave a transaction alone. Its transactions are a few statements each and wait for nobody."""


def database_of(
    settings: Settings, *, bell: Bell = no_bell, pool_size: int = 10, idle_seconds: float = 60.0
) -> Database:
    """The database. Raises :class:`Unready` without one."""
    if settings.database_url is None:
        raise Unready("There is no database. Start one with `crisis up`, or set CRISIS_DATABASE_URL.")
    url = settings.database_url.get_secret_value()
    return Database(url, bell=bell, pool_size=pool_size, idle_seconds=idle_seconds)


def engine_for(mode: Mode, settings: Settings, db: Database, *, slices: bool = True) -> Engine:
    """The engine of a mode, on this database. ``slices`` off: a lane is sent to its end in one go."""
    held = settings.without_secrets() if mode is Mode.EXERCISE else settings
    shared = {"lease_seconds": held.lease_seconds, "call_seconds": held.call_seconds}
    slice_seconds = held.slice_seconds if slices else None
    paces = {
        Lane.PUBLIC: Pace(concurrency=16, batch=50, **shared),
        Lane.UNIT: Pace(concurrency=8, batch=50, **shared, slice_seconds=slice_seconds),
        Lane.SMS: Pace(held.sms_concurrency, held.sms_batch, **shared, slice_seconds=slice_seconds),
    }
    return Engine(
        db,
        mode,
        channels_for(mode, held),
        openers_for(mode, held),
        paces,
        drain_seconds=held.drain_seconds,
        senders_per_host=held.senders_per_host,
        promise_warning_seconds=held.promise_warning_seconds,
        ceilings=ceilings_of(held),
    )


def ceilings_of(settings: Settings) -> dict[str, Ceiling]:
    """How fast each channel's accounts may go, for those that have no limit of their own. The same in both modes.

    Raises :class:`Invalid` for a channel that there is none of, and for a rate that none may have.
    """
    known = ", ".join(sorted(CHANNELS))
    problems = [
        f"{channel}: there is no such channel. These there are: {known}."
        for channel in settings.ceilings
        if channel not in CHANNELS
    ]
    for channel, rate in settings.ceilings.items():
        problems += [f"{channel}: {problem}" for problem in out_of_range(None, rate)]
    if problems:
        raise Invalid("CRISIS_CEILINGS cannot be used:", problems)
    return {channel: Ceiling(per_second=rate) for channel, rate in settings.ceilings.items()}
