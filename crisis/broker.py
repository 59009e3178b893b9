"""The broker: Celery, set up once, as a bell. A task says which lane to look at and carries nothing else.

Nothing here schedules, locks or remembers: no ``eta``, no ``countdown``, no results. What Redis forgets, the sweep finds.
"""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from celery import Celery
from celery.schedules import schedule
from kombu.transport import redis

from crisis import clock
from crisis.errors import Unready
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings

if TYPE_CHECKING:
    from crisis.db import Bell

DELIVER = "crisis.deliver"
SWEEP = "crisis.sweep"
TIDY = "crisis.tidy"
TIDY_SECONDS = 3600.0
_PATIENCE = 1.0  # seconds a commit's bell may take; after that the sweep will do


class _Channel(redis.Channel):
    """One that puts nothing back in its queue when it ends: what a kick was for, the sweep finds within seconds.

    Left to itself it puts back what nobody has answered for, by connecting anew. When the broker is what was lost that fails, and
    Celery 5.7 ends the worker: "Unrecoverable error: 'NoneType' object has no attribute 'hostname'" (seen with a broker that was
    killed in the middle of a fan-out).
    """

    do_restore = False


class Transport(redis.Transport):
    """Celery's connection to the broker."""

    Channel = _Channel


def queue_of(mode: Mode, lane: Lane) -> str:
    """The queue that workers of a mode take this lane's kicks from."""
    return f"{mode}.{lane}"


def celery_app(settings: Settings) -> Celery:
    """The Celery application of this process. Raises :class:`Unready` without a broker."""
    if settings.redis_url is None:
        raise Unready("There is no broker. Start one with `crisis up`, or set CRISIS_REDIS_URL.")
    app = Celery("crisis", broker=settings.redis_url.get_secret_value(), set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_publish_retry=False,
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_transport=f"{__name__}:{Transport.__name__}",
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=_PATIENCE,
        broker_transport_options={
            "socket_connect_timeout": _PATIENCE,
            "socket_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 5,
        },
        beat_schedule={
            f"sweep {mode}": {
                "task": SWEEP,
                "schedule": schedule(settings.sweep_seconds, nowfun=clock.steady),
                "args": [mode.value],
                "options": {"queue": queue_of(mode, Lane.PUBLIC)},
            }
            for mode in Mode
        }
        | {
            "tidy": {
                "task": TIDY,
                "schedule": schedule(TIDY_SECONDS, nowfun=clock.steady),
                "last_run_at": clock.steady()
                - timedelta(seconds=TIDY_SECONDS),  # at once, however often beat is started
                "args": [Mode.ACTUAL.value],
                "options": {"queue": queue_of(Mode.ACTUAL, Lane.PUBLIC)},
            }
        },
        beat_max_loop_interval=settings.sweep_seconds,
    )
    return app


def bell_of(settings: Settings) -> "Bell":
    """A bell that rings through Celery, in a thread and with a short patience: a dead broker must not hold up a commit."""
    app = celery_app(settings)

    def send(mode: Mode, lane: Lane) -> Any:
        return app.send_task(DELIVER, args=[mode.value, lane.value], queue=queue_of(mode, lane), retry=False)

    async def ring(mode: Mode, lane: Lane) -> None:
        async with asyncio.timeout(_PATIENCE):
            await asyncio.to_thread(send, mode, lane)

    return ring
